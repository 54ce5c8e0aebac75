"""/recurring: an organization's subscriptions, in one message that changes in place.

How one starts is in `start`, how one changes in `changes`.
"""

from typing import Final

from backend import schemas
from bot.locales import keys
from bot.locales.key import Key
from bot.locales.translator import Translator, short
from bot.organizations.membership import can_top_up
from bot.organizations.organization import in_organization
from bot.subscriptions.screens import subscription_label, subscription_line
from bot.telegram.context import BotContext
from bot.telegram.pages import MAX_BUTTONS, arrow_row
from bot.telegram.screens import Row, Screen, button, button_ids

# The buttons to a new one, by the letter that their data has for the interval.
NEW_BUTTONS: Final[dict[str, Key]] = {"w": keys.Button.WEEKLY, "m": keys.Button.MONTHLY}


@in_organization
async def subscriptions(membership: schemas.Membership, context: BotContext) -> None:
    """Answer /recurring, the buttons to it and its arrows: a line for each subscription.

    Who can change them gets a button for each, and buttons to start another.
    """
    listed = await context.backend.list_subscriptions(
        context.speaker.id, membership.organization_id
    )
    page = int(context.part("page") or 0)
    screen = list_screen(membership, listed.subscriptions, page, context.translator)
    await context.reply_or_edit(screen)


def list_screen(
    membership: schemas.Membership,
    listed: list[schemas.Subscription],
    page: int,
    translator: Translator,
) -> Screen:
    """Return a page of an organization's subscriptions, with buttons for who can change them.

    For a page after the last, the last is shown.
    """
    last_page = max(0, len(listed) - 1) // MAX_BUTTONS
    page = min(page, last_page)
    shown = listed[page * MAX_BUTTONS :][:MAX_BUTTONS]
    title = keys.Subscription.TITLE if listed else keys.Subscription.NONE
    lines = [translator.html(title, organization=short(membership.organization_name))]
    lines += [subscription_line(subscription, translator) for subscription in shown]
    rows: list[Row] = []
    if can_top_up(membership):
        for subscription in shown:
            label = subscription_label(subscription, translator)
            rows.append((button(label, f"sub_look:{button_ids(subscription)}"),))
    if arrows := arrow_row(f"subs:{membership.organization_id.hex}", page, last_page):
        rows.append(arrows)
    if can_top_up(membership):
        new_data = f"sub_new:{membership.organization_id.hex}"
        rows.append(
            tuple(
                button(translator.text(key), f"{new_data}:{letter}")
                for letter, key in NEW_BUTTONS.items()
            )
        )
    return Screen("\n".join(lines), tuple(rows))

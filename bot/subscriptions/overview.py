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
from bot.telegram.screens import Row, Screen, button, button_ids

# The buttons to a new one, by the letter that their data has for the interval.
MAX_SUBSCRIPTIONS: Final = 80  # on buttons; Telegram takes 100 in a message
NEW_BUTTONS: Final[dict[str, Key]] = {"w": keys.Button.WEEKLY, "m": keys.Button.MONTHLY}


@in_organization
async def subscriptions(membership: schemas.Membership, context: BotContext) -> None:
    """Answer /recurring and the buttons to it: a line for each subscription.

    Who can change them gets a button for each, and buttons to start another.
    """
    listed = await context.backend.list_subscriptions(
        context.speaker.id, membership.organization_id
    )
    screen = list_screen(membership, listed.subscriptions, context.translator)
    await context.reply_or_edit(screen)


def list_screen(
    membership: schemas.Membership,
    listed: list[schemas.Subscription],
    translator: Translator,
) -> Screen:
    """Return an organization's subscriptions, with buttons for who can change them."""
    title = keys.Subscription.TITLE if listed else keys.Subscription.NONE
    lines = [translator.html(title, organization=short(membership.organization_name))]
    lines += [subscription_line(subscription, translator) for subscription in listed]
    rows: list[Row] = []
    if can_top_up(membership):
        for subscription in listed[:MAX_SUBSCRIPTIONS]:
            label = subscription_label(subscription, translator)
            rows.append((button(label, f"sub_look:{button_ids(subscription)}"),))
        new_data = f"sub_new:{membership.organization_id.hex}"
        rows.append(
            tuple(
                button(translator.text(key), f"{new_data}:{letter}")
                for letter, key in NEW_BUTTONS.items()
            )
        )
    return Screen("\n".join(lines), tuple(rows))

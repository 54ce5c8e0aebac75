"""/cards: an organization's payment methods, in one message that changes in place.

The chat calls payment methods cards. Changes of one are in `changes`, the setup link to add one is
in `links`; the delivery worker writes the link's result into its message.
"""

from typing import Final

from backend import schemas
from bot.locales import keys
from bot.locales.translator import Translator, short
from bot.organizations.membership import can_top_up, membership_in, require_manager
from bot.organizations.organization import in_organization
from bot.payment_methods.screens import (
    payment_method_labels,
    payment_method_line,
    payment_method_screen,
)
from bot.telegram.context import BotContext
from bot.telegram.refusals import BotRefusal
from bot.telegram.screens import Row, Screen, button, button_ids

MAX_METHODS: Final = 30  # as they fit into a message


@in_organization
async def cards(membership: schemas.Membership, context: BotContext) -> None:
    """Answer /cards and the buttons to it: a line for each payment method, the default one first.

    Who can charge them gets a button for each; members see only what the backend shows them.
    """
    listed = await context.backend.list_payment_methods(
        context.speaker.id, membership.organization_id
    )
    screen = list_screen(membership, listed.methods, context.translator)
    await context.reply_or_edit(screen)


async def card_tapped(context: BotContext) -> None:
    """Show one payment method, with a button for each change."""
    method, _ = await tapped_payment_method(context)
    await context.reply_or_edit(payment_method_screen(method, context.translator))


async def tapped_payment_method(context: BotContext) -> tuple[schemas.PaymentMethod, str]:
    """Return the payment method that a button names, and its name among the others.

    Raises BotRefusal where it is removed, or where the person may not manage its organization.
    """
    membership = membership_in(await context.introduce(), context.id("organization"))
    require_manager(membership)
    listed = await context.backend.list_payment_methods(
        context.speaker.id, membership.organization_id
    )
    for method in listed.methods:
        if method.id == context.id("card"):
            return method, payment_method_labels(listed.methods)[method.id]
    raise BotRefusal(keys.Refusal.PAYMENT_METHOD_UNKNOWN)


def list_screen(
    membership: schemas.Membership, methods: list[schemas.PaymentMethod], translator: Translator
) -> Screen:
    """Return an organization's payment methods, with buttons for who can charge them."""
    shown = methods[:MAX_METHODS]
    title = keys.PaymentMethods.TITLE if methods else keys.PaymentMethods.NONE
    lines = [translator.html(title, organization=short(membership.organization_name))]
    lines += [payment_method_line(method, translator) for method in shown]
    if len(methods) > len(shown):
        hidden_count = len(methods) - len(shown)
        lines.append(translator.html(keys.PaymentMethods.MORE, count=hidden_count))
    rows: list[Row] = []
    if can_top_up(membership):
        id = membership.organization_id.hex
        labels = payment_method_labels(methods)
        rows += [(button(labels[each.id], f"card:{button_ids(each)}"),) for each in shown]
        add = button(translator.text(keys.Button.ADD_CARD), f"add_card:{id}")
        rows.append((add, button(translator.text(keys.Button.PORTAL), f"portal:{id}")))
    return Screen("\n".join(lines), tuple(rows))

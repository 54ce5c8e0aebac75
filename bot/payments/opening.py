"""A payment that was opened from a list: its receipt with Stripe's link, refund, timeline.

It is a message of its own, beside the payment's message, which changes in place.
"""

from dataclasses import replace
from typing import NamedTuple
from uuid import UUID

from backend.schemas import Me, Payment
from bot.backend_api.errors import BackendRefusal
from bot.locales import keys
from bot.locales.key import Key
from bot.locales.translator import Translator, short
from bot.organizations.membership import can_top_up, membership_in
from bot.payments.message import (
    is_being_checked,
    pay_rows,
    payment_button,
    payment_screen,
    receipt_screen,
    refund_rows,
)
from bot.telegram.context import BotContext
from bot.telegram.errors import unless_unclear
from bot.telegram.screens import Row, Screen, with_link_button

WITHOUT_STRIPE = ("stripe_unavailable", "stripe_refused")


class OpenedPayment(NamedTuple):
    """A payment, and what only its payer, owners and admins get beside it.

    `receipt_url` and `card` are Stripe's; `unanswered`: Stripe did not give them now.
    """

    payment: Payment
    is_theirs: bool
    receipt_url: str | None = None
    card: str | None = None
    unanswered: bool = False


async def open_tapped(context: BotContext) -> None:
    """Open a payment of a list, or show the receipt of one."""
    me = await context.introduce()
    await context.reply(await opened_screen(me, context.id("payment"), context))


async def cancel_opened_tapped(context: BotContext) -> None:
    """Cancel an opened payment, and show in the same message what it is now."""
    me, payment_id = await context.introduce(), context.id("payment")
    await unless_unclear(context.backend.cancel_payment(context.speaker.id, payment_id))
    await context.reply_or_edit(await opened_screen(me, payment_id, context))


async def opened_screen(me: Me, payment_id: UUID, context: BotContext) -> Screen:
    """Return a payment with all that the person may see and do. Raises BackendError."""
    opened = await fetch_opened(payment_id, context)
    can_act = can_top_up(membership_in(me, opened.payment.organization_id))
    translator = context.translator
    if opened.payment.status != "succeeded":
        rows = open_rows(opened, can_act, translator)
        screen = replace(payment_screen(opened.payment, translator), rows=rows)
        return with_timeline(screen, opened, translator)
    screen = receipt_screen(opened.payment, translator)
    lines = [screen.text]
    if opened.card:
        lines.append(translator.html(keys.Opened.CARD, card=opened.card))
    if opened.payment.order_reference:
        order = short(opened.payment.order_reference)
        lines.append(translator.html(keys.Opened.ORDER, order=order))
    if opened.unanswered:
        lines.append(translator.html(keys.Opened.NO_RECEIPT))
    rows = refund_rows(opened.payment, translator) if can_act else ()
    screen = with_link_button(
        "\n".join(lines), opened.receipt_url, keys.Button.STRIPE_RECEIPT, translator, *rows
    )
    return with_timeline(screen, opened, translator)


async def fetch_opened(payment_id: UUID, context: BotContext) -> OpenedPayment:
    """Fetch a payment with its receipt; without it for a colleague, or where Stripe is away."""
    user = context.speaker.id
    try:
        receipt = await context.backend.get_receipt(user, payment_id)
    except BackendRefusal as refusal:
        if refusal.code not in ("role_too_low", *WITHOUT_STRIPE):
            raise
        payment = await context.backend.get_payment(user, payment_id)
        is_theirs = refusal.code in WITHOUT_STRIPE
        payment = context.named(payment)
        return OpenedPayment(payment, is_theirs, None, payment.paid_with, unanswered=is_theirs)
    return OpenedPayment(context.named(receipt.payment), True, receipt.url, receipt.card)


def open_rows(opened: OpenedPayment, can_act: bool, translator: Translator) -> tuple[Row, ...]:
    """Return what an owner or admin can do with a payment that is not paid."""
    payment = opened.payment
    if not can_act or is_being_checked(payment):
        return ()
    match payment.status:
        case "created" | "pending":
            cancel = payment_button(keys.Button.CANCEL, "stop", payment, translator)
            return (*pay_rows(payment, translator), (cancel,))
        case "failed" | "expired" | "canceled":
            return ((payment_button(again_key(payment), "again", payment, translator),),)
        case _:
            return ()


def again_key(payment: Payment) -> Key:
    """Return the label of the button that starts another payment."""
    return keys.Button.AGAIN_CHARGE if payment.flow == "charge" else keys.Button.AGAIN


def with_timeline(screen: Screen, opened: OpenedPayment, translator: Translator) -> Screen:
    """Return the screen with a button to the timeline, for whom it is."""
    if not opened.is_theirs:
        return screen
    row = (payment_button(keys.Button.TIMELINE, "steps", opened.payment, translator),)
    return replace(screen, rows=(*screen.rows, row))

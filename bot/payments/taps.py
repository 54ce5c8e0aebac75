"""The buttons under a payment: Check again, Cancel, New link, Receipt.

They ask the backend; the message itself changes when the backend's notification arrives.
"""

from typing import Final

from backend.schemas import PaymentStatus
from bot.organizations.membership import may_top_up, place_in
from bot.payments.message import receipt_screen
from bot.payments.topup import start_payment
from bot.telegram.context import BotContext, BotRefusal
from bot.telegram.errors import unless_unclear

NOTICES: Final[dict[PaymentStatus, str]] = {
    "created": "notice.still_waiting",
    "pending": "notice.still_waiting",
    "processing": "notice.still_processing",
    "succeeded": "notice.already_paid",
}


async def ask_tapped(context: BotContext) -> str | None:
    """Check again: ask Stripe now. Cancel: close the page, unless it was paid meanwhile."""
    await context.introduce()
    user, payment_id = context.speaker.id, context.id("payment")
    if context.part("act") == "check":
        payment = await unless_unclear(context.backend.check_payment(user, payment_id))
    else:
        payment = await unless_unclear(context.backend.cancel_payment(user, payment_id))
    key = NOTICES.get(payment.status)
    return context.words.plain(key) if key else None


async def receipt_tapped(context: BotContext) -> None:
    """Receipt: what was paid, when, by whom and for whom, in a message of its own."""
    me = await context.introduce()
    payment = await context.backend.get_payment(context.speaker.id, context.id("payment"))
    if payment.status != "succeeded":
        raise BotRefusal("notice.too_old")
    may_refund = may_top_up(place_in(me, payment.organization_id))
    await context.reply(receipt_screen(payment, context.words, may_refund))


async def again_tapped(context: BotContext) -> None:
    """New link: another payment of the same amount, in a message of its own."""
    me = await context.introduce()
    payment = await context.backend.get_payment(context.speaker.id, context.id("payment"))
    await start_payment(me, payment.organization_id, payment.money, "again", context)

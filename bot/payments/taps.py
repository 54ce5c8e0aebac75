"""The buttons under a payment: Check again, Cancel, New link.

They call the backend; the message itself changes when the backend's notification arrives.
"""

from collections.abc import Mapping
from typing import Final

from backend.schemas import Payment
from bot.locales import keys
from bot.locales.key import Key
from bot.payments.topup import start_payment
from bot.telegram.context import BotContext
from bot.telegram.errors import unless_unclear

# In other states the message, which changes, says it all.
NOTICES: Final[Mapping[str, Key]] = {
    "created": keys.Notice.STILL_WAITING,
    "pending": keys.Notice.STILL_WAITING,
    "processing": keys.Notice.STILL_PROCESSING,
    "succeeded": keys.Notice.ALREADY_PAID,
}


async def check_tapped(context: BotContext) -> str | None:
    """Check again: ask Stripe now."""
    await context.introduce()
    call = context.backend.check_payment(context.speaker.id, context.id("payment"))
    return notice_of(await unless_unclear(call), context)


async def cancel_tapped(context: BotContext) -> str | None:
    """Cancel: close the page, unless it was paid meanwhile."""
    await context.introduce()
    call = context.backend.cancel_payment(context.speaker.id, context.id("payment"))
    return notice_of(await unless_unclear(call), context)


def notice_of(payment: Payment, context: BotContext) -> str | None:
    """Return what passes by for a payment that is as it was."""
    key = NOTICES.get(payment.status)
    return context.translator.text(key) if key else None


async def again_tapped(context: BotContext) -> None:
    """Start another payment of the same amount, in a message of its own: New link."""
    me = await context.introduce()
    payment = await context.backend.get_payment(context.speaker.id, context.id("payment"))
    await start_payment(me, payment.organization_id, payment.money, "again", context)

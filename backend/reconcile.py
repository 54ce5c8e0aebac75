"""Webhooks get lost: ask Stripe about everything that may have happened without our hearing it."""

import asyncio
import time

import structlog
from pydantic import ValidationError

from backend import refunds, topups, webhooks
from backend.database import SERVICE
from backend.errors import PursebotError
from backend.topups import Shop
from backend.webhooks import MEANINGS, StripeEvent

log = structlog.get_logger(__name__)

EVERY_SECONDS = 60
PAYMENTS_AT_ONCE = 50
EVENTS_AT_ONCE = 50
CARDS_AT_ONCE = 50
OVERLAP_SECONDS = 3600  # Stripe's events may become visible later than their `created`


async def once(shop: Shop) -> dict[str, int]:
    """Open payments and refunds by id, expiring cards, Stripe's events; what was looked at."""
    payments: list[str] = await shop.database.call(
        "unsettled_payments", SERVICE, most=PAYMENTS_AT_ONCE
    )
    for payment_id in payments:
        try:
            await topups.check(shop, payment_id)
        except (PursebotError, ValidationError) as error:
            log.error("reconcile_payment", payment=payment_id, error=type(error).__name__)
    unsettled: list[str] = await shop.database.call(
        "unsettled_refunds", SERVICE, most=PAYMENTS_AT_ONCE
    )
    for refund_id in unsettled:
        try:
            await refunds.heal(shop, refund_id)
        except (PursebotError, ValidationError) as error:
            log.error("reconcile_refund", refund=refund_id, error=type(error).__name__)
    expiring: int = await shop.database.call("tell_expiring_methods", SERVICE, most=CARDS_AT_ONCE)
    shop.bell.ring()
    return {
        "expiring": expiring,
        "payments": len(payments),
        "refunds": len(unsettled),
        "events": await missed_events(shop),
    }


async def missed_events(shop: Shop) -> int:
    """Receive again, oldest first, what Stripe lists since the last complete look, and an hour.

    The cursor is the time of a look, not of an event: a fresh webhook after an outage must not hide
    what was missed. It moves only when the whole list has been applied.
    """
    began = int(time.time())
    since: int = await shop.database.call("events_cursor", SERVICE)
    sources = await shop.stripe.events_since(since - OVERLAP_SECONDS, sorted(MEANINGS))
    events = [StripeEvent.model_validate(source).as_received() for source in sources]
    for first in range(0, len(events), EVENTS_AT_ONCE):
        await webhooks.apply(shop, events[first : first + EVENTS_AT_ONCE])
    await shop.database.call("move_events_cursor", SERVICE, until=began)
    return len(events)


async def forever(shop: Shop) -> None:
    """`once` every minute, whatever happens, until cancelled."""
    while True:
        await asyncio.sleep(EVERY_SECONDS)
        try:
            await once(shop)
        except PursebotError as error:
            log.warning("reconcile", code=error.code)
        except Exception:
            log.exception("reconcile_crashed")

"""Webhooks get lost: ask Stripe about everything that may have happened without our hearing it."""

import asyncio
from typing import Any

import structlog

from backend import topups, webhooks
from backend.database import SERVICE
from backend.errors import PursebotError
from backend.topups import Shop
from backend.webhooks import MEANINGS, StripeEvent

log = structlog.get_logger(__name__)

EVERY_SECONDS = 60
PAYMENTS_AT_ONCE = 50
EVENTS_AT_ONCE = 50
OVERLAP_SECONDS = 3600  # Stripe's events may become visible later than their `created`


async def once(shop: Shop) -> dict[str, int]:
    """Every open payment by its id, then Stripe's list of events; what was looked at."""
    payments: list[str] = await shop.database.call(
        "unsettled_payments", SERVICE, most=PAYMENTS_AT_ONCE
    )
    for payment_id in payments:
        try:
            await topups.check(shop, payment_id)
        except PursebotError as error:
            log.warning("reconcile_payment", payment=payment_id, code=error.code)
    return {"payments": len(payments), "events": await missed_events(shop)}


async def missed_events(shop: Shop) -> int:
    """Receive again what Stripe lists since the newest event we know, minus an hour."""
    newest: int = await shop.database.call("newest_event", SERVICE)
    batch: list[dict[str, Any]] = []
    count = 0
    async for source in shop.stripe.events_since(newest - OVERLAP_SECONDS, sorted(MEANINGS)):
        batch.append(StripeEvent.model_validate(source).as_received())
        count += 1
        if len(batch) == EVENTS_AT_ONCE:
            await webhooks.apply(shop, batch)
            batch = []
    if batch:
        await webhooks.apply(shop, batch)
    return count


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

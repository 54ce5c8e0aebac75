"""Webhooks get lost: ask Stripe about everything that may have happened without our hearing it."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import structlog
from pydantic import ValidationError

from backend.database.protocol import SERVICE
from backend.errors import PursebotError
from backend.payments import charges, refunds
from backend.shop import Shop
from backend.stripe import webhooks
from backend.stripe.events import EVENT_TYPES, UNLIKE_STRIPES, StripeEvent
from backend.subscriptions import service as subscriptions

log = structlog.get_logger(__name__)

EVERY_SECONDS = 60
AT_ONCE = 50
EVENTS_AT_ONCE = 50
OVERLAP_SECONDS = 3600  # Stripe's events may become visible later than their `created`


@dataclass(frozen=True)
class Noun:
    """How those of a noun that are not settled are listed, by id, and how one is reconciled."""

    list_unsettled: Callable[[Shop], Awaitable[list[str]]]
    reconcile: Callable[[Shop, str], Awaitable[object]]


async def list_unsettled_events(shop: Shop) -> list[str]:
    """Events that failed, or about which Stripe was not asked to the end."""
    ids: list[str] = await shop.database.call("unsettled_events", SERVICE, most=AT_ONCE)
    return ids


async def list_unsettled_payments(shop: Shop) -> list[str]:
    """Payments of which the outcome is not known yet."""
    ids: list[str] = await shop.database.call("unsettled_payments", SERVICE, most=AT_ONCE)
    return ids


async def list_unsettled_refunds(shop: Shop) -> list[str]:
    """Refunds that Stripe may not have been asked for, or has not carried out yet."""
    ids: list[str] = await shop.database.call("unsettled_refunds", SERVICE, most=AT_ONCE)
    return ids


async def list_unsettled_subscriptions(shop: Shop) -> list[str]:
    """Subscriptions that may have changed at Stripe without our hearing of it."""
    ids: list[str] = await shop.database.call("unsettled_subscriptions", SERVICE, most=AT_ONCE)
    return ids


NOUNS: dict[str, Noun] = {
    "events": Noun(list_unsettled_events, webhooks.repeat),
    "payments": Noun(list_unsettled_payments, charges.reconcile),
    "refunds": Noun(list_unsettled_refunds, refunds.reconcile),
    "subscriptions": Noun(list_unsettled_subscriptions, subscriptions.reconcile),
}


async def once(shop: Shop) -> dict[str, int]:
    """Stripe's events; all that is open, by id; expiring cards. Answers what was looked at.

    The events first: what they tell of has not come to nothing, however long we were away. Without
    them nothing is given up.
    """
    looked: dict[str, int] = {}
    try:
        looked["events"] = await missed_events(shop)
        await shop.database.call("end_abandoned", SERVICE, most=AT_ONCE)
    except (PursebotError, *UNLIKE_STRIPES) as error:
        log.error("reconcile_events", error=repr(error))
    for about, noun in NOUNS.items():
        ids = await noun.list_unsettled(shop)
        for id in ids:
            try:
                await noun.reconcile(shop, id)
            except (PursebotError, *UNLIKE_STRIPES) as error:
                log.error("reconcile_one", about=about, id=id, error=type(error).__name__)
        looked[about] = looked.get(about, 0) + len(ids)
    looked["expiring"] = await shop.database.call("tell_expiring_methods", SERVICE, most=AT_ONCE)
    shop.bell.ring()
    return looked


async def missed_events(shop: Shop) -> int:
    """Receive again, oldest first, what Stripe lists since the last complete look, and an hour.

    The cursor is the time of a look, not of an event: a fresh webhook after an outage must not hide
    what was missed. It moves only when the whole list has been applied.
    """
    began = int(time.time())
    since: int = await shop.database.call("events_cursor", SERVICE)
    sources = await shop.stripe.events_since(since - OVERLAP_SECONDS, sorted(EVENT_TYPES))
    events = []
    for source in sources:
        try:
            events.append(StripeEvent.model_validate(source).as_received())
        except ValidationError as error:  # one that is not as documented hides no other
            log.error("stripe_event_malformed", problems=error.error_count())
    for first in range(0, len(events), EVENTS_AT_ONCE):
        await webhooks.apply(shop, events[first : first + EVENTS_AT_ONCE], waiting=False)
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

"""Webhooks get lost: ask Stripe about everything that may have happened without our hearing it."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar
from uuid import UUID

import structlog
from pydantic import ValidationError

from backend.database.functions import (
    payment_methods as sql_payment_methods,
    payments as sql_payments,
    refunds as sql_refunds,
    stripe_events as sql_stripe_events,
    subscriptions as sql_subscriptions,
)
from backend.database.functions.stripe_events import ReceivedEvent
from backend.database.protocol import Database
from backend.errors import PursebotError
from backend.payments import charges, refunds
from backend.schemas import Json
from backend.shop import Shop
from backend.stripe import webhooks
from backend.stripe.events import EVENT_TYPES, as_received, parse_event, refetch_fact
from backend.stripe.parsers.events import StripeEvent
from backend.subscriptions import refetch as subscriptions

log = structlog.get_logger(__name__)

EVERY_SECONDS = 60
AT_ONCE = 50
EVENTS_AT_ONCE = 50
OVERLAP_SECONDS = 3600  # Stripe's events may become visible later than their `created`


Id = TypeVar("Id", str, UUID)


class ListUnsettled(Protocol[Id]):
    """A function of the database that lists ids of what is not settled, at most so many."""

    def __call__(self, database: Database, *, most: int) -> Awaitable[list[Id]]:
        """Call it."""


@dataclass(frozen=True)
class Noun(Generic[Id]):
    """How those of a noun that are not settled are listed, by id, and how one is reconciled."""

    list_unsettled: ListUnsettled[Id]
    reconcile: Callable[[Shop, Id], Awaitable[object]]

    async def reconcile_all(self, shop: Shop, about: str) -> int:
        """Reconcile each of them, so that one holds up no other; how many there were."""
        ids = await self.list_unsettled(shop.database, most=AT_ONCE)
        for id in ids:
            try:
                await self.reconcile(shop, id)
            except PursebotError as error:
                log.error("reconcile_one", about=about, id=str(id), error=type(error).__name__)
            except Exception:
                log.exception("reconcile_one_crashed", about=about, id=str(id))
                shop.metrics.bugs.labels("reconciler").inc()
        return len(ids)


NOUNS: dict[str, Noun[str] | Noun[UUID]] = {
    "events": Noun(sql_stripe_events.unsettled_events, webhooks.repeat),
    "payments": Noun(sql_payments.unsettled_payments, charges.reconcile),
    "refunds": Noun(sql_refunds.unsettled_refunds, refunds.reconcile),
    "subscriptions": Noun(sql_subscriptions.unsettled_subscriptions, subscriptions.reconcile),
}


async def once(shop: Shop) -> dict[str, int]:
    """Stripe's events; all that is open, by id; expiring cards. Answers what was looked at.

    The events first: what they tell of has not come to nothing, however long we were away. Without
    them nothing is given up. A failure, or a mistake of ours, ends nothing else.
    """
    looked: dict[str, int] = {}
    try:
        looked["events"] = await missed_events(shop)
        await sql_payments.end_abandoned(shop.database, most=AT_ONCE)
    except PursebotError as error:
        log.error("reconcile_events", error=repr(error))
    except Exception:
        log.exception("reconcile_events_crashed")
        shop.metrics.bugs.labels("reconciler").inc()
    for about, noun in NOUNS.items():
        looked[about] = looked.get(about, 0) + await noun.reconcile_all(shop, about)
    looked["expiring"] = await sql_payment_methods.tell_expiring_methods(
        shop.database, most=AT_ONCE
    )
    shop.bell.ring()
    return looked


async def missed_events(shop: Shop) -> int:
    """Receive again, oldest first, what Stripe lists since the last complete look, and an hour.

    The cursor is the time of a look, not of an event: a fresh webhook after an outage must not hide
    what was missed. It moves only when the whole list has been applied.
    """
    began = int(time.time())
    since = await sql_stripe_events.events_cursor(shop.database)
    sources = await shop.stripe.events_since(since - OVERLAP_SECONDS, sorted(EVENT_TYPES))
    events = [event for source in sources if (event := read_listed(shop, source))]
    events.sort(key=lambda event: event.created)
    for first in range(0, len(events), EVENTS_AT_ONCE):
        await webhooks.apply(shop, events[first : first + EVENTS_AT_ONCE], waiting=False)
    await sql_stripe_events.move_events_cursor(shop.database, until=began)
    return len(events)


def read_listed(shop: Shop, source: Json) -> ReceivedEvent | None:
    """Read an event of Stripe's list; None of one that is not as documented: it hides no other.

    Where a mistake of ours ends that, its object is to be fetched: it hides no other and is not
    forgotten.
    """
    try:
        event = StripeEvent.model_validate(source)
    except ValidationError as error:
        log.error("stripe_event_malformed", problems=error.error_count())
        return None
    try:
        return as_received(event, parse_event(event))
    except Exception:
        log.exception("event_crashed", event_id=event.id)
        shop.metrics.bugs.labels("reconciler").inc()
        return as_received(event, refetch_fact(EVENT_TYPES[event.type], event.data.object))


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
            shop.metrics.bugs.labels("reconciler").inc()

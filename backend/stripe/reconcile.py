"""The reconciler: webhooks get lost, so everything open is refetched from time to time."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final, Generic, Protocol, TypeVar
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
from backend.payments import reconcile as payments, refunds
from backend.schemas import Json
from backend.services import Services
from backend.stripe import event_processing, webhooks
from backend.stripe.events import EVENT_TYPES, parse_event, refetch_request, to_received_event
from backend.stripe.parsers.events import StripeEvent
from backend.subscriptions import stripe_state

log = structlog.get_logger(__name__)

EVERY_SECONDS: Final = 60
AT_ONCE: Final = 50  # of each noun, in one round
EVENTS_AT_ONCE: Final = 50  # in one transaction
OVERLAP_SECONDS: Final = 3600  # Stripe's events may become visible later than their `created`


Id = TypeVar("Id", str, UUID)


class ListUnsettled(Protocol[Id]):
    """A function of `backend.database.functions` that lists ids of what is not settled."""

    def __call__(self, database: Database, *, max_rows: int) -> Awaitable[list[Id]]:
        """List ids, at most `max_rows`."""


@dataclass(frozen=True)
class Noun(Generic[Id]):
    """How objects of one noun that are not settled are listed, and how one is reconciled."""

    list_unsettled: ListUnsettled[Id]
    reconcile: Callable[[Services, Id], Awaitable[object]]

    async def reconcile_all(self, services: Services, about: str) -> int:
        """Reconcile each of them; return how many there were.

        One that fails stops no other: it is logged, and a bug is counted in `pursebot_bugs`.
        """
        ids = await self.list_unsettled(services.database, max_rows=AT_ONCE)
        for id in ids:
            try:
                await self.reconcile(services, id)
            except PursebotError as error:
                log.error(
                    "reconcile_object_failed", about=about, id=str(id), error=type(error).__name__
                )
            except Exception:
                log.exception("reconcile_object_crashed", about=about, id=str(id))
                services.metrics.bugs.labels("reconciler").inc()
        return len(ids)


NOUNS: Final[dict[str, Noun[str] | Noun[UUID]]] = {
    "events": Noun(sql_stripe_events.list_events_to_reconcile, event_processing.reapply_event),
    "payments": Noun(sql_payments.list_payments_to_reconcile, payments.reconcile_payment),
    "refunds": Noun(sql_refunds.claim_refunds_to_reconcile, refunds.reconcile_refund),
    "subscriptions": Noun(
        sql_subscriptions.list_subscriptions_to_reconcile, stripe_state.refetch_and_end
    ),
}


async def reconcile_all(services: Services) -> dict[str, int]:
    """Apply missed events, then reconcile everything open by id; return how many of each.

    Events first: they may report a payment that would otherwise be given up as abandoned, so
    nothing is given up if they could not be read. An object that fails stops no other; a list that
    cannot be read ends the round. At last owners and admins are notified of expiring cards.
    """
    counts: dict[str, int] = {}
    try:
        counts["events"] = await receive_missed_events(services)
        await sql_payments.expire_abandoned(services.database, max_rows=AT_ONCE)
    except PursebotError as error:
        log.error("reconcile_events_failed", error=repr(error))
    except Exception:
        log.exception("reconcile_events_crashed")
        services.metrics.bugs.labels("reconciler").inc()
    for about, noun in NOUNS.items():
        counts[about] = counts.get(about, 0) + await noun.reconcile_all(services, about)
    counts["expiring"] = await sql_payment_methods.notify_expiring_payment_methods(
        services.database, max_rows=AT_ONCE
    )
    services.wakeup.wake()
    return counts


async def receive_missed_events(services: Services) -> int:
    """Apply, oldest first, what Stripe lists since the last complete reading, less one hour.

    The cursor is the time of a reading, not of an event: a new webhook after an outage must not
    hide what was missed. It advances only when the whole list has been applied.
    """
    began = int(time.time())
    since = await sql_stripe_events.get_events_cursor(services.database)
    events = []
    for source in await services.stripe.list_events_since(
        since - OVERLAP_SECONDS, sorted(EVENT_TYPES)
    ):
        if event := read_listed(services, source):
            events.append(event)
    events.sort(key=lambda event: event.created)
    for first in range(0, len(events), EVENTS_AT_ONCE):
        batch = events[first : first + EVENTS_AT_ONCE]
        await webhooks.receive_events(services, batch, waiting=False)
    await sql_stripe_events.advance_events_cursor(services.database, read_until=began)
    return len(events)


def read_listed(services: Services, source: Json) -> ReceivedEvent | None:
    """Parse an event of Stripe's list; None, and a log line, if it is not as documented.

    Where a bug of ours ends the parsing, its object is to be refetched, so that it stops no other
    event and is not lost.
    """
    try:
        event = StripeEvent.model_validate(source)
    except ValidationError as error:
        log.error("stripe_event_malformed", problems=error.error_count())
        return None
    try:
        return to_received_event(event, parse_event(event))
    except Exception:
        log.exception("stripe_event_crashed", event_id=event.id)
        services.metrics.bugs.labels("reconciler").inc()
        return to_received_event(event, refetch_request(EVENT_TYPES[event.type], event.data.object))


async def reconcile_forever(services: Services) -> None:
    """Reconcile every minute, whatever is raised, until it is canceled."""
    while True:
        await asyncio.sleep(EVERY_SECONDS)
        try:
            await reconcile_all(services)
        except PursebotError as error:
            log.warning("reconcile_failed", code=error.code)
        except Exception:
            log.exception("reconcile_crashed")
            services.metrics.bugs.labels("reconciler").inc()

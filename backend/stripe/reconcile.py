"""The reconciler: webhooks get lost, so everything open is refetched from time to time.

A round has steps: Stripe's list of events, then the open objects of each noun, by their ids.
Nothing that one of them raises, and no time that one of them takes, keeps another from its turn.
"""

import asyncio
import itertools
import math
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final, Generic, Protocol, TypeVar
from uuid import UUID

from backend.database.functions import (
    disputes as sql_disputes,
    payment_methods as sql_payment_methods,
    payments as sql_payments,
    refunds as sql_refunds,
    stripe_events as sql_stripe_events,
    subscriptions as sql_subscriptions,
)
from backend.database.protocol import Database
from backend.payments import disputes, reconcile as payments, refunds
from backend.services import Services
from backend.stripe import event_processing, missed_events
from backend.stripe.missed_events import OVERLAP_SECONDS, RECENT_SECONDS
from backend.stripe.reconciler_failures import caught_failure
from backend.subscriptions import stripe_state

EVERY_SECONDS: Final = 60
OVERLAP_EVERY_ROUNDS: Final = 10  # how often the last hour of events is read again
AT_ONCE: Final = 50  # of each noun, in one round
STEP_SECONDS: Final = 60.0  # after which a step begins with nothing more; the next round goes on
OBJECT_SECONDS: Final = 90.0  # after which one object is given up until the next round


Id = TypeVar("Id", str, UUID)


class ClaimUnsettled(Protocol[Id]):
    """A function of `backend.database.functions` that claims ids of what is not settled."""

    def __call__(self, database: Database, *, max_rows: int) -> Awaitable[list[Id]]:
        """Return ids, at most `max_rows`, and in the next call those whose turn is next."""


@dataclass(frozen=True)
class Noun(Generic[Id]):
    """How objects of one noun that are not settled are claimed, and how one is reconciled."""

    claim_unsettled: ClaimUnsettled[Id]
    reconcile: Callable[[Services, Id], Awaitable[object]]

    async def reconcile_all(self, services: Services, about: str) -> int:
        """Reconcile each of them, for STEP_SECONDS at most; return how many there were.

        One that fails stops no other. What raises is the claim.
        """
        ids = await self.claim_unsettled(services.database, max_rows=AT_ONCE)
        stop_at = time.monotonic() + STEP_SECONDS
        for id in ids:
            if time.monotonic() > stop_at:
                break
            with caught_failure(services, about, str(id)):
                async with asyncio.timeout(OBJECT_SECONDS):
                    await self.reconcile(services, id)
        return len(ids)


NOUNS: Final[dict[str, Noun[str] | Noun[UUID]]] = {
    "events": Noun(sql_stripe_events.claim_events_to_reconcile, event_processing.reapply_event),
    "payments": Noun(sql_payments.claim_payments_to_reconcile, payments.reconcile_payment),
    "refunds": Noun(sql_refunds.claim_refunds_to_reconcile, refunds.reconcile_refund),
    "disputes": Noun(sql_disputes.claim_disputes_to_reconcile, disputes.reconcile_dispute),
    "subscriptions": Noun(
        sql_subscriptions.claim_subscriptions_to_reconcile, stripe_state.refetch_and_end
    ),
}


@dataclass(frozen=True)
class Round:
    """What a round did: how many of each kind; and whether events are left to read at once."""

    counts: dict[str, int]
    is_behind: bool


async def reconcile_all(services: Services) -> dict[str, int]:
    """Apply all missed events, then reconcile what is open by id; return how many of each kind."""
    return (await reconcile_round(services, events_seconds=math.inf)).counts


async def reconcile_round(
    services: Services, *, overlap_seconds: int = OVERLAP_SECONDS, events_seconds: float
) -> Round:
    """Apply missed events, for `events_seconds` at most, then reconcile what is open by id.

    What was never opened at Stripe in its time ends only when all events were read: one may report
    that it was paid. At last owners and admins are notified of expiring
    cards. Whatever one step raises is logged, and the next one begins.
    """
    counts = dict.fromkeys([*NOUNS, "expiring"], 0)
    reading = None
    with caught_failure(services, "events"):
        reading = await missed_events.receive_missed_events(
            services, overlap_seconds=overlap_seconds, stop_at=time.monotonic() + events_seconds
        )
        counts["events"] = reading.events
    if reading is not None and reading.is_complete:
        with caught_failure(services, "abandoned"):
            await sql_payments.expire_abandoned(services.database, max_rows=AT_ONCE)
    for about, noun in NOUNS.items():
        with caught_failure(services, about):
            counts[about] += await noun.reconcile_all(services, about)
    with caught_failure(services, "expiring"):
        counts["expiring"] = await sql_payment_methods.notify_expiring_payment_methods(
            services.database, max_rows=AT_ONCE
        )
    services.wakeup.wake()
    services.metrics.reconciler_rounds.inc()
    return Round(counts, is_behind=reading is not None and not reading.is_complete)


async def reconcile_forever(services: Services) -> None:
    """Reconcile every minute, whatever is raised, until it is canceled.

    Where events are left to read, the next round begins at once.
    """
    is_behind = False
    for number in itertools.count():
        if not is_behind:
            await asyncio.sleep(EVERY_SECONDS)
        is_behind = False
        with caught_failure(services, "round"):
            is_overlapping = number % OVERLAP_EVERY_ROUNDS == 0
            round = await reconcile_round(
                services,
                overlap_seconds=OVERLAP_SECONDS if is_overlapping else RECENT_SECONDS,
                events_seconds=STEP_SECONDS,
            )
            is_behind = round.is_behind

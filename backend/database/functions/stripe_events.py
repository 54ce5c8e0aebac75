"""SQL functions of Stripe's events: record and apply them, and what Stripe answers about them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal
from uuid import UUID

from backend.database.protocol import SERVICE, Database
from backend.database.rows import Row, StoredFact
from backend.schemas import Json
from backend.stripe.parsers.facts import Fact

EventState = Literal["done", "ignored", "failed", "dead_letter"]


@dataclass(frozen=True)
class ReceivedEvent:
    """An event of Stripe's, or the answer to a refetch: `created` in seconds since 1970."""

    id: str
    type: str
    livemode: bool
    created: int
    fact: Fact
    account: str | None = None
    api_version: str | None = None

    def as_json(self) -> Json:
        """Return the object that `api.receive_events` takes."""
        return {**vars(self), "fact": self.fact.as_json()}


class EventResult(Row):
    """What became of an event; `fact` is there where Stripe is to be asked about it.

    `repeat`: nothing changed now: it was done with before (applied, ignored or a dead letter), or
    fails as it did before. `api_version` is that of its object, if Stripe sent it. `unanswered`:
    Stripe has given no answer about its object yet, and was asked.
    """

    id: str
    type: str
    state: EventState
    reason: str | None
    repeat: bool
    payment_id: UUID | None
    api_version: str | None
    unanswered: bool
    fact: StoredFact | None


async def receive_events(
    database: Database, *, events: Sequence[ReceivedEvent]
) -> list[EventResult]:
    """Record events and apply each once, in one transaction; return the results in the same order.

    Raises WrongStripeMode, and applies none, where one is of the other mode.
    """
    rows = await database.call(
        "receive_events", SERVICE, events=[each.as_json() for each in events]
    )
    return [EventResult.model_validate(row) for row in rows]


async def reapply_event(database: Database, *, event_id: str) -> EventResult:
    """Apply an event as if Stripe had sent it again."""
    row = await database.call("reapply_event", SERVICE, event_id=event_id)
    return EventResult.model_validate(row)


async def apply_refetched_event(database: Database, *, event_id: str, fact: Fact) -> EventResult:
    """Apply the fact that a refetch of an event's object gave.

    `repeat` where another process refetched at the same time and was first.
    """
    row = await database.call(
        "apply_refetched_event", SERVICE, event_id=event_id, fact=fact.as_json()
    )
    return EventResult.model_validate(row)


async def mark_event_refetched(database: Database, *, event_id: str) -> EventResult:
    """Record that everything an event needs was refetched, so that a repeat of it does nothing."""
    row = await database.call("mark_event_refetched", SERVICE, event_id=event_id)
    return EventResult.model_validate(row)


async def mark_event_refetch_failed(
    database: Database, *, event_id: str, reason: str
) -> EventResult:
    """Record that a refetch failed, and why; a repeat of the event tries again.

    After five tries and an hour, or where Stripe does not know the object, it is a dead letter;
    never for the reason `stripe_unavailable`: with that it waits until Stripe answers.
    """
    row = await database.call(
        "mark_event_refetch_failed", SERVICE, event_id=event_id, reason=reason
    )
    return EventResult.model_validate(row)


async def record_failed_event(database: Database, *, event: ReceivedEvent, reason: str) -> None:
    """Record an event whose application raised as failed; the reconciler comes back to it.

    `reason` is a code. One that is recorded already stays as it is. Raises WrongStripeMode.
    """
    await database.call("record_failed_event", SERVICE, event=event.as_json(), reason=reason)


async def list_handled_events(database: Database, *, event_ids: Sequence[str]) -> list[str]:
    """List those of these events that need nothing more: applied, ignored or a dead letter."""
    ids: list[str] = await database.call("list_handled_events", SERVICE, event_ids=event_ids)
    return ids


async def claim_events_to_reconcile(database: Database, *, max_rows: int) -> list[str]:
    """Claim events that failed or need a refetch, the longest waiting; the oldest event first."""
    ids: list[str] = await database.call("claim_events_to_reconcile", SERVICE, max_rows=max_rows)
    return ids


async def get_events_cursor(database: Database) -> int:
    """Read until when (seconds since 1970) every event in Stripe's list is recorded."""
    until: int = await database.call("get_events_cursor", SERVICE)
    return until


async def advance_events_cursor(database: Database, *, read_until: int) -> None:
    """Record until when (seconds since 1970) every event in Stripe's list is recorded."""
    await database.call("advance_events_cursor", SERVICE, read_until=read_until)

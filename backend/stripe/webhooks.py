"""Stripe's webhook: verify the raw bytes, parse the event, record and apply it, refetch if needed.

200 is answered only after the commit. A 500 makes Stripe send the event again, which is our queue.
Where an event does not suffice, Stripe is asked before the answer.
"""

import json
import time

import structlog
from pydantic import ValidationError

from backend.database.functions import stripe_events as sql_stripe_events
from backend.database.functions.stripe_events import EventResult, ReceivedEvent
from backend.errors import BadRequest, PursebotError
from backend.failures import (
    EventNotApplied,
    StripeObjectUnreadable,
    StripeRefused,
    StripeUnavailable,
)
from backend.payment_methods import service as cards
from backend.payments import refunds
from backend.services import Services
from backend.stripe.events import EVENT_TYPES, is_of_other_release, parse_event, to_received_event
from backend.stripe.parsers.events import StripeEvent
from backend.stripe.parsers.facts import (
    ChargeFact,
    Fact,
    InvoiceFact,
    MethodFact,
    RefetchFact,
    SubscriptionFact,
    stored_fact,
)
from backend.stripe.refetch import refetch
from backend.subscriptions import refetch as subscriptions

log = structlog.get_logger(__name__)

# Facts that only name objects whose state is to be refetched, beyond the event's own object.
Hint = ChargeFact | MethodFact | SubscriptionFact | InvoiceFact
# The reason of a failed event or dead letter whose handling a bug of ours ended.
OUR_BUG = PursebotError.code
# https://docs.stripe.com/event-destinations#thin-payload
THIN = "v2.core.event"


async def receive_event(services: Services, raw: bytes, signature: str | None) -> str:
    """Verify, record and apply one delivery; return the event's state.

    Raises InvalidSignature, BadRequest, WrongStripeMode (400), StripeUnavailable and
    EventNotApplied (5xx). A bug of ours is raised as it is, and becomes a 500: Stripe sends the
    event again, and the reconciler reads it, too.
    """
    with services.metrics.webhook_answer() as labels:
        services.stripe.verify(raw, signature)
        event = read_event(raw)
        labels["type"] = event.type if event.type in EVENT_TYPES else "other"
        result = (await apply_events(services, [to_received_event(event, parse_event(event))]))[0]
        # Stripe disables an endpoint that keeps failing. An event of another release, whose object
        # is always refetched, is left to the reconciler instead of failing the delivery.
        if result.state == "failed" and not is_of_other_release(event):
            raise EventNotApplied
    if not result.repeat:
        services.metrics.webhook_lag.observe(max(time.time() - event.created, 0))
    return result.state


def read_event(raw: bytes) -> StripeEvent:
    """Parse the event in these bytes. Raises BadRequest."""
    try:
        return StripeEvent.model_validate_json(raw)
    except ValidationError as error:
        if is_thin(raw):
            log.error(
                "stripe_event_thin_rejected", next_step="make a destination with snapshot payloads"
            )
            raise BadRequest(
                "This event destination sends thin events. Make one with snapshot payloads."
            ) from error
        log.error("stripe_event_malformed", problems=error.error_count())
        raise BadRequest("The event is not of the form that Stripe documents.") from error


def is_thin(raw: bytes) -> bool:
    """Return whether these bytes are a thin event, which has no object."""
    try:
        body = json.loads(raw)
    except ValueError:
        return False
    return isinstance(body, dict) and body.get("object") == THIN


async def apply_events(
    services: Services, events: list[ReceivedEvent], *, waiting: bool = True
) -> list[EventResult]:
    """Record and apply events in one transaction, then refetch where that is needed.

    `waiting` as in `resolve_event`.
    """
    results = await sql_stripe_events.receive_events(services.database, events=events)
    services.wakeup.wake()
    for result in results:
        record_result(services, result)
    # After all are recorded: an event whose refetch fails stops no other, and its repeat or the
    # reconciler refetches again.
    return [await resolve_event(services, result, waiting=waiting) for result in results]


def record_result(services: Services, result: EventResult) -> None:
    """Log what became of an event, and count one that is ignored."""
    fields = result.model_dump(mode="json")
    if result.state in ("failed", "parked") and not result.repeat:
        log.error("stripe_event_processed", **fields)
    else:
        log.info("stripe_event_processed", **fields)
    if result.state == "ignored" and not result.repeat:
        services.metrics.events_ignored.labels(result.reason).inc()


async def resolve_event(
    services: Services, result: EventResult, *, waiting: bool = True
) -> EventResult:
    """Refetch what an event needs, and return what became of it in the end.

    With `waiting` the sender waits, who sends the event again: StripeUnavailable is raised, unless
    the object itself was to be refetched, and so is a bug of ours, which else is logged here. In
    all cases an event without its answer stays failed, and the reconciler goes on with it.
    """
    if result.fact is None:
        return result
    try:
        return await refetch_event(services, result, stored_fact(result.fact))
    except StripeObjectUnreadable as unreadable:  # a repeat of the delivery would not help
        return await mark_unanswered(services, result.id, unreadable)
    except StripeUnavailable as failure:
        if waiting and not isinstance(stored_fact(result.fact), RefetchFact):
            raise
        return await mark_unanswered(services, result.id, failure)
    except (StripeRefused, EventNotApplied) as failure:
        return await mark_unanswered(services, result.id, failure)
    except PursebotError:
        raise
    except Exception:
        failed = await sql_stripe_events.mark_event_unanswered(
            services.database, event_id=result.id, reason=OUR_BUG
        )
        if waiting:
            raise
        log.exception("stripe_event_crashed", event_id=result.id)
        services.metrics.bugs.labels("reconciler").inc()
        return failed


async def reapply_event(services: Services, event_id: str) -> None:
    """Go on with an event that failed, or whose refetch has not succeeded."""
    result = await sql_stripe_events.reapply_event(services.database, event_id=event_id)
    services.wakeup.wake()
    record_result(services, result)
    await resolve_event(services, result, waiting=False)


async def refetch_event(services: Services, result: EventResult, fact: Fact) -> EventResult:
    """Refetch what an event's fact is about, and apply it. Raises what `refetch` raises."""
    if not isinstance(fact, Hint):
        fetched = await refetch(services, fact, result.payment_id)
        result = await sql_stripe_events.apply_refetched_event(
            services.database, event_id=result.id, fact=fetched
        )
        services.wakeup.wake()
        record_result(services, result)
        if result.fact is None:
            return result
        fact = stored_fact(result.fact)
    await refetch_related(services, fact, result.id)
    await sql_stripe_events.mark_event_refetched(services.database, event_id=result.id)
    return result


async def refetch_related(services: Services, fact: Fact, event_id: str) -> None:
    """Refetch the objects that a hint names, and apply their state.

    Raises EventNotApplied where an answer could not be applied yet.
    """
    match fact:
        case ChargeFact(intent_id=str(intent_id)):
            await refunds.refetch_refunds(services, intent_id, fact.livemode)
        case MethodFact():
            await cards.sync_after_event(services, fact, event_id)
        case SubscriptionFact():
            await subscriptions.refetch_after_event(services, fact)
        case InvoiceFact():
            await subscriptions.refetch_invoice(services, fact)


async def mark_unanswered(services: Services, event_id: str, failure: PursebotError) -> EventResult:
    """Record that a refetch failed, and why; return the event as it is then."""
    log.error("refetch_failed", event_id=event_id, code=failure.code, **failure.facts)
    reason = failure.facts.get("stripe_code", failure.code)
    if isinstance(failure, StripeObjectUnreadable):
        reason = f"unreadable_{failure.details['stripe_object']}"
    return await sql_stripe_events.mark_event_unanswered(
        services.database, event_id=event_id, reason=reason
    )

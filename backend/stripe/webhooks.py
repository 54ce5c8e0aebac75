"""Stripe's webhook: raw bytes, signature, what the event says, one SQL call.

200 only after the commit. A 500 makes Stripe send the event again, which is our queue. Where an
event alone does not say enough, Stripe is asked before it is answered.
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

# What says only whose it is: beyond the object of the event itself Stripe is asked how it stands.
Hint = ChargeFact | MethodFact | SubscriptionFact | InvoiceFact
# Why an event is failed, or a dead letter, of which a mistake of ours ended the handling.
OUR_BUG = PursebotError.code
# https://docs.stripe.com/event-destinations#thin-events
THIN = "v2.core.event"


async def receive_event(services: Services, raw: bytes, signature: str | None) -> str:
    """One delivery: verified, recorded, applied once. Answers the event's state.

    Raises InvalidSignature, BadRequest, WrongStripeMode (400) and EventNotApplied (500). A mistake
    of ours is what it is, and a 500: Stripe sends the event again, and the reconciler reads it too.
    """
    with services.metrics.webhook_answer() as labels:
        services.stripe.verify(raw, signature)
        event = read_event(raw)
        labels["type"] = event.type if event.type in EVENT_TYPES else "other"
        result = (await apply_events(services, [to_received_event(event, parse_event(event))]))[0]
        # Stripe disables an endpoint that keeps failing. What only a fetch can tell, the reconciler
        # fetches again.
        if result.state == "failed" and not is_of_other_release(event):
            raise EventNotApplied
    if not result.repeat:
        services.metrics.webhook_lag.observe(max(time.time() - event.created, 0))
    return result.state


def read_event(raw: bytes) -> StripeEvent:
    """Read the event in these bytes. Raises BadRequest."""
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
    """Whether it is an event of the kind that carries no object."""
    try:
        body = json.loads(raw)
    except ValueError:
        return False
    return isinstance(body, dict) and body.get("object") == THIN


async def apply_events(
    services: Services, events: list[ReceivedEvent], *, waiting: bool = True
) -> list[EventResult]:
    """Record and apply events in one transaction, then ask Stripe where it decides.

    `waiting` is as of `resolve_event`.
    """
    results = await sql_stripe_events.receive_events(services.database, events=events)
    services.wakeup.wake()
    for result in results:
        record_result(services, result)
    # In a loop of its own: where Stripe does not answer, the repeat of that event asks again. What
    # it refuses to say, or we to apply, holds up no other event, and the repeat asks again too.
    return [await resolve_event(services, result, waiting=waiting) for result in results]


def record_result(services: Services, result: EventResult) -> None:
    """One line about what became of an event, and a count of those that are not ours."""
    said = result.model_dump(mode="json")
    if result.state in ("failed", "parked") and not result.repeat:
        log.error("stripe_event_processed", **said)
    else:
        log.info("stripe_event_processed", **said)
    if result.state == "ignored" and not result.repeat:
        services.metrics.events_ignored.labels(result.reason).inc()


async def resolve_event(
    services: Services, result: EventResult, *, waiting: bool = True
) -> EventResult:
    """What became of an event in the end; where Stripe has to say more, it is asked.

    With `waiting` somebody waits who sends the event again: where Stripe does not answer, it
    raises StripeUnavailable, unless the object could only be fetched; and it raises a mistake of
    ours, which else is written down here. Whatever was not answered stays failed, and the
    reconciler goes on with it.
    """
    if result.fact is None:
        return result
    try:
        return await refetch_event(services, result, stored_fact(result.fact))
    except StripeObjectUnreadable as unreadable:  # nobody else waits for it
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
    """Go on with an event that failed, or about which Stripe was not asked to the end."""
    result = await sql_stripe_events.reapply_event(services.database, event_id=event_id)
    services.wakeup.wake()
    record_result(services, result)
    await resolve_event(services, result, waiting=False)


async def refetch_event(services: Services, result: EventResult, fact: Fact) -> EventResult:
    """Ask Stripe about an event of this `fact`; what it answers is applied.

    Raises what asking raises.
    """
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
    """Ask Stripe how it stands with what a hint names, and settle that.

    Raises EventNotApplied where what Stripe said could not be applied yet.
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
    """Write down that what an event asks for was not answered, and why; the event as it is then."""
    log.error("refetch_failed", event_id=event_id, code=failure.code, **failure.facts)
    reason = failure.facts.get("stripe_code", failure.code)
    if isinstance(failure, StripeObjectUnreadable):
        reason = f"unreadable_{failure.details['stripe_object']}"
    return await sql_stripe_events.mark_event_unanswered(
        services.database, event_id=event_id, reason=reason
    )

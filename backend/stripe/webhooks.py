"""Stripe's webhook: raw bytes, signature, what the event says, one SQL call.

200 only after the commit. A 500 makes Stripe send the event again, which is our queue. Where an
event alone does not say enough, Stripe is asked before it is answered.
"""

import json
import time
from collections.abc import Awaitable, Callable

import structlog
from pydantic import ValidationError

from backend.database.functions.stripe_events import (
    EventResult,
    ReceivedEvent,
    answered_event,
    apply_refetched,
    receive_events,
    repeat_event,
    unanswered_event,
)
from backend.errors import BadRequest, PursebotError
from backend.failures import EventNotApplied, StripeRefused, StripeUnavailable
from backend.payment_methods import service as cards
from backend.payments import refunds
from backend.payments.checkout import STRIPE_DECIDES
from backend.schemas import Json
from backend.shop import Shop
from backend.stripe.events import EVENT_TYPES, UNLIKE_STRIPES, StripeEvent
from backend.stripe.refetch import refetched_fact
from backend.subscriptions import service as subscriptions

log = structlog.get_logger(__name__)

# What is asked beyond the object of the event itself, by what it is about.
ASKING: dict[str, Callable[[Shop, str, Json], Awaitable[object]]] = {
    "refunds": lambda shop, event_id, fact: refunds.ask(shop, fact["intent_id"], fact["livemode"]),
    "method": cards.ask,
    "subscription": subscriptions.ask_again,
    "invoice": subscriptions.ask_who_paid,
}
# https://docs.stripe.com/event-destinations#thin-events
THIN = "v2.core.event"


async def receive(shop: Shop, raw: bytes, signature: str | None) -> str:
    """One delivery: verified, recorded, applied once. Answers the event's state.

    Raises InvalidSignature, BadRequest, WrongStripeMode (400) and EventNotApplied (500).
    """
    with shop.metrics.webhook_answer() as about:
        shop.stripe.verify(raw, signature)
        event = parsed(raw)
        about["type"] = event.type if event.type in EVENT_TYPES else "other"
        result = (await apply(shop, [event.as_received()]))[0]
        # Stripe disables an endpoint that keeps failing. What only a fetch can tell, the reconciler
        # fetches again.
        if result.state == "failed" and not event.other_release:
            raise EventNotApplied
    if not result.repeat:
        shop.metrics.webhook_lag.observe(max(time.time() - event.created, 0))
    return result.state


def parsed(raw: bytes) -> StripeEvent:
    """The event in these bytes. Raises BadRequest."""
    try:
        return StripeEvent.model_validate_json(raw)
    except ValidationError as error:
        if is_thin(raw):
            log.error("stripe_event_thin", next_step="make a destination with snapshot payloads")
            raise BadRequest(
                "This event destination sends thin events. Make one with snapshot payloads."
            ) from error
        log.error("stripe_event_malformed", problems=error.error_count())
        raise BadRequest("The event is not of the form that Stripe documents.") from error


def is_thin(raw: bytes) -> bool:
    """Whether it is an event of the kind that carries no object."""
    try:
        said = json.loads(raw)
    except ValueError:
        return False
    return isinstance(said, dict) and said.get("object") == THIN


async def apply(
    shop: Shop, events: list[ReceivedEvent], *, waiting: bool = True
) -> list[EventResult]:
    """Record and apply events in one transaction, then ask Stripe where it decides.

    `waiting` is as of `decided`.
    """
    results = await receive_events(shop.database, events=events)
    shop.bell.ring()
    for result in results:
        record_result(shop, result)
    # In a loop of its own: where Stripe does not answer, the repeat of that event asks again. What
    # it refuses to say, or we to apply, holds up no other event, and the repeat asks again too.
    return [await decided(shop, result, waiting=waiting) for result in results]


def record_result(shop: Shop, result: EventResult) -> None:
    """One line about what became of an event, and a count of those that are not ours."""
    said = result.model_dump(mode="json")
    if result.state in ("failed", "parked") and not result.repeat:
        log.error("stripe_event", **said)
    else:
        log.info("stripe_event", **said)
    if result.state == "ignored" and not result.repeat:
        shop.metrics.events_ignored.labels(result.reason).inc()


async def decided(shop: Shop, result: EventResult, *, waiting: bool = True) -> EventResult:
    """What became of an event in the end; where Stripe has to say more, it is asked.

    With `waiting` somebody waits who sends the event again: where Stripe does not answer, it
    raises StripeUnavailable, unless the object could only be fetched. Whatever was not answered
    stays failed, and the reconciler goes on with it.
    """
    if result.reason != STRIPE_DECIDES or result.fact is None:
        return result
    try:
        return await decide(shop, result, result.fact)
    except (StripeRefused, EventNotApplied) as failure:
        return await unanswered(shop, result.id, failure)
    except StripeUnavailable as failure:
        if waiting and result.fact["outcome"] != "refetch":
            raise
        return await unanswered(shop, result.id, failure)
    except UNLIKE_STRIPES as error:  # an object that we do not read: nobody else waits for it
        log.exception("object_unreadable", event_id=result.id)
        unreadable = EventNotApplied(stripe_code=f"unreadable_{type(error).__name__}")
        return await unanswered(shop, result.id, unreadable)


async def repeat(shop: Shop, event_id: str) -> None:
    """Go on with an event that failed, or about which Stripe was not asked to the end."""
    result = await repeat_event(shop.database, event_id=event_id)
    shop.bell.ring()
    record_result(shop, result)
    await decided(shop, result, waiting=False)


async def decide(shop: Shop, result: EventResult, fact: Json) -> EventResult:
    """Ask Stripe about an event of this `fact`; what it answers is applied.

    Raises what asking raises.
    """
    if not needs_more(fact):
        fetched = await refetched_fact(shop, fact, result.payment_id)
        result = await apply_refetched(shop.database, event_id=result.id, fact=fetched)
        shop.bell.ring()
        record_result(shop, result)
        if result.reason != STRIPE_DECIDES or result.fact is None:
            return result
        fact = result.fact
    await ASKING[fact["about"]](shop, result.id, fact)
    await answered_event(shop.database, event_id=result.id)
    return result


def needs_more(fact: Json) -> bool:
    """Whether more than the object itself has to be asked for, and we know whose it is."""
    return fact["outcome"] != "refetch" and fact["about"] in ASKING


async def unanswered(shop: Shop, event_id: str, failure: PursebotError) -> EventResult:
    """Write down that what an event asks for was not answered, and why; the event as it is then."""
    log.error("not_answered", event_id=event_id, code=failure.code, **failure.facts)
    reason = failure.facts.get("stripe_code", failure.code)
    return await unanswered_event(shop.database, event_id=event_id, reason=reason)

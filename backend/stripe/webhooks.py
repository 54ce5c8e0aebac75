"""Stripe's webhook: verify the raw bytes, parse the event, record and apply it.

200 is answered only after the commit. A 500 makes Stripe send the event again, which is our queue.
What an event needs beyond its object is in `event_processing`.
"""

import json
import time
from typing import Final

import stripe
import structlog
from pydantic import ValidationError

from backend.database.functions import stripe_events as sql_stripe_events
from backend.database.functions.stripe_events import EventResult, ReceivedEvent
from backend.errors import BadRequest, InvalidSignature
from backend.failures import EventNotApplied, RowsLocked
from backend.payments.settlement import record_result
from backend.services import Services
from backend.stripe.event_processing import resolve_event
from backend.stripe.events import EVENT_TYPES, is_of_other_release, parse_event, to_received_event
from backend.stripe.parsers.events import StripeEvent

log = structlog.get_logger(__name__)

TOLERANCE_SECONDS: Final = 300  # https://docs.stripe.com/webhooks#replay-attacks
THIN_EVENT: Final = "v2.core.event"  # https://docs.stripe.com/event-destinations#thin-payload


async def receive_event(services: Services, raw: bytes, signature: str | None) -> str:
    """Verify, record and apply one delivery; return the event's state.

    Raises InvalidSignature, BadRequest, WrongStripeMode (400), StripeUnavailable, RowsLocked and
    EventNotApplied (5xx). A bug of ours is raised as it is, and becomes a 500: Stripe sends the
    event again, and the reconciler reads it, too.
    """
    with services.metrics.webhook_answer() as labels:
        verify_signature(raw, signature, services.stripe.webhook_secrets)
        event = read_event(raw)
        labels["type"] = event.type if event.type in EVENT_TYPES else "other"
        received = to_received_event(event, parse_event(event))
        result = await receive_or_record(services, received)
        # Stripe disables an endpoint that keeps failing. An event of another release, whose object
        # is always refetched, is left to the reconciler instead of failing the delivery.
        if result.state == "failed" and not is_of_other_release(event):
            raise EventNotApplied.logged()
    if not result.repeat:
        services.metrics.webhook_lag.observe(max(time.time() - event.created, 0))
    return result.state


async def receive_or_record(services: Services, received: ReceivedEvent) -> EventResult:
    """Record and apply an event; where its organization's rows are locked, only record it.

    So the reconciler applies it when they are free: Stripe's next try may be hours away. Raises
    RowsLocked then.
    """
    try:
        [result] = await receive_events(services, [received])
    except RowsLocked:
        await sql_stripe_events.record_failed_event(
            services.database, event=received, reason="locked"
        )
        raise
    return result


def verify_signature(raw: bytes, signature: str | None, secrets: tuple[str, ...]) -> None:
    """Raise InvalidSignature unless one of the secrets signed these bytes just now.

    Several secrets are valid while one is replaced. "Just now" is within TOLERANCE_SECONDS.
    """
    if signature is None or not signature.isascii():  # the SDK's comparison takes ASCII only
        raise InvalidSignature
    for secret in secrets:
        try:
            stripe.WebhookSignature.verify_header(
                raw, signature, secret, tolerance=TOLERANCE_SECONDS
            )
        except (stripe.SignatureVerificationError, UnicodeDecodeError):
            continue
        return
    raise InvalidSignature


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
    return isinstance(body, dict) and body.get("object") == THIN_EVENT


async def receive_events(
    services: Services, events: list[ReceivedEvent], *, waiting: bool = True
) -> list[EventResult]:
    """Record and apply events in one transaction, then refetch where that is needed.

    Returns what became of each, in the same order. `waiting`, and what is raised, as in
    `resolve_event`.
    """
    results = await sql_stripe_events.receive_events(services.database, events=events)
    services.wakeup.wake()
    for result in results:
        record_result(services, result)
    # After all are recorded: an event whose refetch fails stops no other, and its repeat or the
    # reconciler refetches again.
    return [await resolve_event(services, result, waiting=waiting) for result in results]

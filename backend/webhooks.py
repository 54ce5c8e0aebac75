"""Stripe's door: raw bytes, signature, what each type means, one SQL call.

200 only after the commit. A 500 makes Stripe send the event again, which is our queue.
"""

import time
from collections.abc import Awaitable, Callable
from dataclasses import replace
from functools import partial

import structlog
from pydantic import BaseModel, Field, ValidationError

from backend import cards, refunds, subscriptions, topups
from backend.database import SERVICE
from backend.disputes import dispute_fact, warning_fact
from backend.errors import BadRequest, PursebotError
from backend.failures import EventNotApplied, StripeRefused
from backend.refunds import charge_fact, refund_fact
from backend.schemas import Json
from backend.shop import Shop
from backend.stripe_billing_facts import invoice_fact, subscription_fact
from backend.stripe_card_facts import customer_fact, method_fact, setup_fact
from backend.stripe_facts import intent_fact, session_fact

log = structlog.get_logger(__name__)

# https://docs.stripe.com/api/events/types. Any other type is written down and ignored.
MEANINGS: dict[str, Callable[[Json], Json]] = {
    "checkout.session.completed": session_fact,
    "checkout.session.async_payment_succeeded": session_fact,
    "checkout.session.async_payment_failed": lambda session: session_fact(session, "failed"),
    "checkout.session.expired": session_fact,
    "payment_intent.succeeded": lambda intent: intent_fact(intent, "paid"),
    "payment_intent.payment_failed": lambda intent: intent_fact(intent, "declined"),
    "payment_intent.processing": lambda intent: intent_fact(intent, "processing"),
    "payment_intent.canceled": lambda intent: intent_fact(intent, "canceled"),
    "refund.created": refund_fact,
    "refund.updated": refund_fact,
    "refund.failed": refund_fact,
    "charge.refund.updated": refund_fact,
    "charge.refunded": charge_fact,
    "charge.dispute.created": dispute_fact,
    "charge.dispute.updated": dispute_fact,
    "charge.dispute.closed": dispute_fact,
    "charge.dispute.funds_withdrawn": partial(dispute_fact, withdrawn=True),
    "charge.dispute.funds_reinstated": partial(dispute_fact, reinstated=True),
    "radar.early_fraud_warning.created": warning_fact,
    "payment_method.attached": method_fact,
    "payment_method.updated": method_fact,
    "payment_method.automatically_updated": method_fact,
    "payment_method.detached": method_fact,
    "setup_intent.succeeded": setup_fact,
    "setup_intent.setup_failed": setup_fact,
    "customer.updated": customer_fact,
    "customer.deleted": customer_fact,
    "customer.subscription.created": subscription_fact,
    "customer.subscription.updated": subscription_fact,
    "customer.subscription.deleted": subscription_fact,
    "invoice.paid": lambda invoice: invoice_fact(invoice, "paid"),
    "invoice.payment_succeeded": lambda invoice: invoice_fact(invoice, "paid"),
    "invoice.payment_failed": lambda invoice: invoice_fact(invoice, "failed"),
    "invoice.payment_action_required": lambda invoice: invoice_fact(invoice, "action_required"),
}
# How Stripe is asked where an event alone does not say enough, by what it is about.
ASKING: dict[str, Callable[[Shop, Json], Awaitable[object]]] = {
    "payment": lambda shop, result: topups.ask(shop, result["payment_id"]),
    "refunds": lambda shop, result: refunds.ask(
        shop, result["fact"]["intent_id"], result["fact"]["livemode"]
    ),
    "method": cards.ask,
    "subscription": subscriptions.ask_again,
    "invoice": subscriptions.ask_who_paid,
}
NOTHING: Json = {"outcome": None}
UNREADABLE: Json = {"outcome": "unreadable"}  # recorded, and parked if it stays so
# How it shows that an object is not of the form that Stripe documents.
UNLIKE_STRIPES = (ValueError, LookupError, AttributeError, TypeError)
LAST_SECOND = 253_402_300_799  # of the year 9999


class EventData(BaseModel):
    """What the event is about."""

    object: Json


class StripeEvent(BaseModel):
    """The envelope: https://docs.stripe.com/api/events/object. `created` in seconds since 1970."""

    id: str = Field(pattern=r"^[\x21-\x7e]{1,255}$")
    type: str = Field(pattern=r"^[\x21-\x7e]{1,255}$")
    livemode: bool
    created: int = Field(ge=0, le=LAST_SECOND)
    data: EventData

    def as_received(self) -> Json:
        """As `api.receive_events` takes it."""
        meaning = MEANINGS.get(self.type)
        try:
            fact = meaning(self.data.object) if meaning else NOTHING
        except UNLIKE_STRIPES as error:
            log.error("stripe_event_unreadable", event_id=self.id, error=type(error).__name__)
            fact = UNREADABLE
        return {**self.model_dump(include={"id", "type", "livemode", "created"}), "fact": fact}


async def receive(shop: Shop, raw: bytes, signature: str | None) -> str:
    """One delivery: verified, recorded, applied once. Answers the event's state.

    Raises InvalidSignature, BadRequest, WrongStripeMode (400) and EventNotApplied (500).
    """
    with shop.metrics.webhook_answer() as about:
        shop.stripe.verify(raw, signature)
        try:
            event = StripeEvent.model_validate_json(raw)
        except ValidationError as error:
            log.error("stripe_event_malformed", problems=error.error_count())
            raise BadRequest("The event is not of the form that Stripe documents.") from error
        about["type"] = event.type if event.type in MEANINGS else "other"
        result = (await apply(shop, [event.as_received()]))[0]
        if result["state"] == "failed":
            raise EventNotApplied
    if not result["repeat"]:
        shop.metrics.webhook_lag.observe(max(time.time() - event.created, 0))
    return str(result["state"])


async def apply(shop: Shop, events: list[Json]) -> list[Json]:
    """Record and apply events in one transaction.

    Answers `[{id, state, reason, repeat, payment_id, fact}]`, the fact only where Stripe decides.
    """
    results: list[Json] = await shop.database.call("receive_events", SERVICE, events=events)
    shop.bell.ring()
    for result in results:
        loud = result["state"] in ("failed", "parked") and not result["repeat"]
        (log.error if loud else log.info)("stripe_event", **result)
    # In a loop of its own: where Stripe does not answer, the repeat of that event asks again. What
    # it refuses to say, or we to apply, holds up no other event, and the repeat asks again too.
    asking = replace(shop, repeated=True)
    for result in results:
        if result["reason"] == topups.STRIPE_DECIDES:
            try:
                await ASKING[result["fact"]["about"]](asking, result)
            except (StripeRefused, EventNotApplied) as failure:
                log.error("not_answered", event_id=result["id"], code=failure.code, **failure.facts)
                result |= await unanswered(shop, result["id"], failure)
                continue
            await shop.database.call("answered_event", SERVICE, event_id=result["id"])
    return results


async def unanswered(shop: Shop, event_id: str, failure: PursebotError) -> Json:
    """Write down that what an event asks for was not answered, and why; the event as it is then."""
    reason = failure.facts.get("stripe_code", failure.code)
    event: Json = await shop.database.call(
        "unanswered_event", SERVICE, event_id=event_id, reason=reason
    )
    return event

"""Stripe's events: their envelope, what each type says as a fact, and when one is not believed.

An event is a hint, and Stripe's API is the truth. An object in another API version than ours, or in
a shape that we do not know, says only which object is to be fetched (outcome `refetch`).
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import structlog
from pydantic import BaseModel, Field

from backend.database.functions.stripe_events import ReceivedEvent
from backend.payments.refunds import charge_fact, refund_fact
from backend.schemas import Json
from backend.stripe.answers import marks_of
from backend.stripe.billing import SUBSCRIPTION_METADATA
from backend.stripe.client import API_VERSION, PAYMENT_METADATA
from backend.stripe.parsers.disputes import dispute_fact, warning_fact
from backend.stripe.parsers.payment_methods import customer_fact, method_fact, setup_fact
from backend.stripe.parsers.payments import Outcome, intent_fact, session_fact
from backend.stripe.parsers.subscriptions import invoice_fact, subscription_fact

log = structlog.get_logger(__name__)

LAST_SECOND = 253_402_300_799  # of the year 9999
# How it shows that an object is not of the form that Stripe documents.
UNLIKE_STRIPES = (ValueError, LookupError, AttributeError, TypeError)
NOTHING: Json = {"outcome": None}


@dataclass(frozen=True)
class EventType:
    """What an event of a type is about: the subject of its fact, and the kind of Stripe's object.

    `step` is what it tells of a dispute beside how that stands.
    """

    about: str
    kind: str
    parse: Callable[[Json], Json]
    step: str | None = None


def _payment(kind: str, parse: Callable[[Json], Json]) -> EventType:
    return EventType("payment", kind, parse)


def _intent(outcome: Outcome) -> EventType:
    return _payment("payment_intent", partial(intent_fact, outcome=outcome))


def _dispute(step: str | None = None) -> EventType:
    return EventType("dispute", "dispute", partial(dispute_fact, step=step), step)


def _invoice(outcome: str) -> EventType:
    return EventType("invoice", "invoice", partial(invoice_fact, outcome=outcome))


_SESSION = _payment("checkout.session", session_fact)
_REFUND = EventType("refund", "refund", refund_fact)
_METHOD = EventType("method", "payment_method", method_fact)
_SETUP = EventType("method", "setup_intent", setup_fact)
_CUSTOMER = EventType("method", "customer", customer_fact)
_SUBSCRIPTION = EventType("subscription", "subscription", subscription_fact)

# https://docs.stripe.com/api/events/types. Any other type is written down and ignored.
EVENT_TYPES: dict[str, EventType] = {
    "checkout.session.completed": _SESSION,
    "checkout.session.async_payment_succeeded": _SESSION,
    "checkout.session.async_payment_failed": _payment(
        "checkout.session", partial(session_fact, outcome="failed")
    ),
    "checkout.session.expired": _SESSION,
    "payment_intent.succeeded": _intent("paid"),
    "payment_intent.payment_failed": _intent("declined"),
    "payment_intent.processing": _intent("processing"),
    "payment_intent.canceled": _intent("canceled"),
    "refund.created": _REFUND,
    "refund.updated": _REFUND,
    "refund.failed": _REFUND,
    "charge.refund.updated": _REFUND,
    "charge.refunded": EventType("refunds", "charge", charge_fact),
    "charge.dispute.created": _dispute(),
    "charge.dispute.updated": _dispute(),
    "charge.dispute.closed": _dispute(),
    "charge.dispute.funds_withdrawn": _dispute("withdrawn"),
    "charge.dispute.funds_reinstated": _dispute("reinstated"),
    "radar.early_fraud_warning.created": EventType(
        "warning", "radar.early_fraud_warning", warning_fact
    ),
    "payment_method.attached": _METHOD,
    "payment_method.updated": _METHOD,
    "payment_method.automatically_updated": _METHOD,
    "payment_method.detached": _METHOD,
    "setup_intent.succeeded": _SETUP,
    "setup_intent.setup_failed": _SETUP,
    "customer.updated": _CUSTOMER,
    "customer.deleted": _CUSTOMER,
    "customer.subscription.created": _SUBSCRIPTION,
    "customer.subscription.updated": _SUBSCRIPTION,
    "customer.subscription.deleted": _SUBSCRIPTION,
    "invoice.paid": _invoice("paid"),
    "invoice.payment_succeeded": _invoice("paid"),
    "invoice.payment_failed": _invoice("failed"),
    "invoice.payment_action_required": _invoice("action_required"),
}


def release_of(api_version: str) -> str:
    """The release that an API version belongs to: `dahlia` of `2026-05-27.dahlia`.

    Versions of one release differ in additions only: https://docs.stripe.com/api/versioning. An
    older version has no release and is its own.
    """
    return api_version.rpartition(".")[2]


class EventData(BaseModel):
    """What the event is about."""

    object: Json


class StripeEvent(BaseModel):
    """The envelope: https://docs.stripe.com/api/events/object. `created` in seconds since 1970.

    `account` is the connected account that it is about, if it is not about our own.
    """

    id: str = Field(pattern=r"^[\x21-\x7e]{1,255}$")
    type: str = Field(pattern=r"^[\x21-\x7e]{1,255}$")
    livemode: bool
    created: int = Field(ge=0, le=LAST_SECOND)
    account: str | None = Field(default=None, max_length=255)
    api_version: str | None = Field(default=None, max_length=255)
    data: EventData

    @property
    def other_release(self) -> bool:
        """Whether its object is rendered in a release of Stripe's API that we do not read."""
        return self.api_version is not None and (
            release_of(self.api_version) != release_of(API_VERSION)
        )

    def as_received(self) -> ReceivedEvent:
        """As `api.receive_events` takes it."""
        return {
            "id": self.id,
            "type": self.type,
            "livemode": self.livemode,
            "created": self.created,
            "account": self.account,
            "api_version": self.api_version,
            "fact": self.fact(),
        }

    def fact(self) -> Json:
        """What it says, or that its object is to be fetched."""
        known = EVENT_TYPES.get(self.type)
        if known is None:
            return NOTHING
        if self.other_release:
            log.info("event_of_other_release", event_id=self.id, api_version=self.api_version)
            return refetch_fact(known, self.data.object)
        try:
            return known.parse(self.data.object)
        except UNLIKE_STRIPES as error:
            log.error("event_unreadable", event_id=self.id, error=type(error).__name__)
            return refetch_fact(known, self.data.object)


def refetch_fact(known: EventType, source: Json) -> Json:
    """That an object is to be fetched, with what of it no version of the API says otherwise."""
    object_id = source.get("id")
    if not isinstance(object_id, str):
        return {"about": known.about, "outcome": "unreadable"}
    return {
        "about": known.about,
        "outcome": "refetch",
        "kind": known.kind,
        "object_id": object_id,
        "step": known.step,
        **marks_of(source, payment_id=PAYMENT_METADATA, subscription_id=SUBSCRIPTION_METADATA),
    }

"""Types of Stripe's events: which object each carries, and which parser reads it.

An event is a hint, Stripe's API is the truth. From an object in another API release than ours, or
not as documented, only its id and our metadata are taken, so that it is refetched.
"""

from collections.abc import Callable
from dataclasses import dataclass

import structlog

from backend.database.functions.stripe_events import ReceivedEvent
from backend.failures import StripeObjectUnreadable
from backend.schemas import Json
from backend.stripe.client import API_VERSION
from backend.stripe.metadata import (
    INSTALLATION_METADATA,
    PAYMENT_METADATA,
    SUBSCRIPTION_METADATA,
    metadata_id,
)
from backend.stripe.parsers.charges import Charge, parse_charge, parse_charged_method
from backend.stripe.parsers.disputes import (
    Dispute,
    EarlyFraudWarning,
    parse_dispute,
    parse_warning,
)
from backend.stripe.parsers.documented import read
from backend.stripe.parsers.events import StripeEvent
from backend.stripe.parsers.facts import (
    About,
    DisputeStep,
    Fact,
    InvoiceOutcome,
    MoneyFact,
    NoFact,
    PaymentOutcome,
    RefetchFact,
    UnreadableFact,
)
from backend.stripe.parsers.intents import PaymentIntent, parse_intent
from backend.stripe.parsers.invoices import Invoice, parse_invoice
from backend.stripe.parsers.payment_methods import (
    Customer,
    SetupIntent,
    StripePaymentMethod,
    parse_customer,
    parse_deleted_customer,
    parse_payment_method,
    parse_setup_intent,
)
from backend.stripe.parsers.refunds import Refund, parse_refund
from backend.stripe.parsers.sessions import CheckoutSession, parse_session
from backend.stripe.parsers.subscriptions import StripeSubscription, parse_subscription

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class EventType:
    """A type of event: the subject of its fact, the kind of its object, and the parser.

    `parse` raises StripeObjectUnreadable where the object is not as documented. `step` is the
    movement of money that an event of a dispute reports.
    """

    about: About
    kind: str
    parse: Callable[[Json], Fact]
    step: DisputeStep | None = None


def _session(outcome: PaymentOutcome | None = None) -> EventType:
    return EventType(
        "payment",
        "checkout.session",
        lambda source: parse_session(read(CheckoutSession, source), outcome),
    )


def _intent(outcome: PaymentOutcome) -> EventType:
    return EventType(
        "payment",
        "payment_intent",
        lambda source: parse_intent(read(PaymentIntent, source), outcome),
    )


def _dispute(step: DisputeStep | None = None) -> EventType:
    return EventType(
        "dispute", "dispute", lambda source: parse_dispute(read(Dispute, source), step), step
    )


def _invoice(outcome: InvoiceOutcome) -> EventType:
    return EventType(
        "invoice", "invoice", lambda source: parse_invoice(read(Invoice, source), outcome)
    )


_REFUND = EventType("refund", "refund", lambda source: parse_refund(read(Refund, source)))
_CHARGED = EventType("card", "charge", lambda source: parse_charged_method(read(Charge, source)))
_CHARGE = EventType("refunds", "charge", lambda source: parse_charge(read(Charge, source)))
_WARNING = EventType(
    "warning",
    "radar.early_fraud_warning",
    lambda source: parse_warning(read(EarlyFraudWarning, source)),
)
_METHOD = EventType(
    "method",
    "payment_method",
    lambda source: parse_payment_method(read(StripePaymentMethod, source)),
)
_SETUP = EventType(
    "method", "setup_intent", lambda source: parse_setup_intent(read(SetupIntent, source))
)
_CUSTOMER = EventType("method", "customer", lambda source: parse_customer(read(Customer, source)))
_CREATED_CUSTOMER = EventType(
    "method", "customer", lambda source: parse_customer(read(Customer, source), "created")
)
_DELETED_CUSTOMER = EventType(
    "method", "customer", lambda source: parse_deleted_customer(read(Customer, source))
)
_SUBSCRIPTION = EventType(
    "subscription",
    "subscription",
    lambda source: parse_subscription(read(StripeSubscription, source)),
)

# https://docs.stripe.com/api/events/types. Any other type is recorded and ignored.
EVENT_TYPES: dict[str, EventType] = {
    "checkout.session.completed": _session(),
    "checkout.session.async_payment_succeeded": _session(),
    "checkout.session.async_payment_failed": _session("failed"),
    "checkout.session.expired": _session(),
    "payment_intent.succeeded": _intent("paid"),
    "payment_intent.payment_failed": _intent("declined"),
    "payment_intent.processing": _intent("processing"),
    "payment_intent.partially_funded": _intent("partly_funded"),
    "payment_intent.canceled": _intent("canceled"),
    "charge.succeeded": _CHARGED,
    "refund.created": _REFUND,
    "refund.updated": _REFUND,
    "refund.failed": _REFUND,
    "charge.refund.updated": _REFUND,
    "charge.refunded": _CHARGE,
    "charge.dispute.created": _dispute(),
    "charge.dispute.updated": _dispute(),
    "charge.dispute.closed": _dispute(),
    "charge.dispute.funds_withdrawn": _dispute("withdrawn"),
    "charge.dispute.funds_reinstated": _dispute("reinstated"),
    "radar.early_fraud_warning.created": _WARNING,
    "radar.early_fraud_warning.updated": _WARNING,
    "payment_method.attached": _METHOD,
    "payment_method.updated": _METHOD,
    "payment_method.automatically_updated": _METHOD,
    "payment_method.detached": _METHOD,
    "setup_intent.succeeded": _SETUP,
    "setup_intent.setup_failed": _SETUP,
    "customer.created": _CREATED_CUSTOMER,
    "customer.updated": _CUSTOMER,
    "customer.deleted": _DELETED_CUSTOMER,
    "customer.subscription.created": _SUBSCRIPTION,
    "customer.subscription.updated": _SUBSCRIPTION,
    "customer.subscription.deleted": _SUBSCRIPTION,
    "invoice.paid": _invoice("paid"),
    "invoice.payment_succeeded": _invoice("paid"),
    "invoice.payment_failed": _invoice("failed"),
    "invoice.payment_action_required": _invoice("action_required"),
}


def release_of(api_version: str) -> str:
    """Return the release of an API version: `dahlia` of `2026-05-27.dahlia`.

    Versions of one release differ in additions only: https://docs.stripe.com/api/versioning. An
    older version has no release and is returned as it is.
    """
    return api_version.rpartition(".")[2]


def is_other_release(api_version: str) -> bool:
    """Return whether an API version belongs to another release than ours."""
    return release_of(api_version) != release_of(API_VERSION)


def is_of_other_release(event: StripeEvent) -> bool:
    """Return whether an event's object is rendered in another release of the API than ours."""
    return event.api_version is not None and is_other_release(event.api_version)


def parse_event(event: StripeEvent) -> Fact:
    """Parse an event's object into a fact; into a RefetchFact where it is not to be relied on."""
    known = EVENT_TYPES.get(event.type)
    if known is None:
        return NoFact(outcome=None)
    if is_of_other_release(event):
        return refetch_request(known, event.data.object)
    try:
        fact = known.parse(event.data.object)
    except StripeObjectUnreadable as unreadable:
        log.error(
            "stripe_event_object_malformed",
            event_id=event.id,
            problems=unreadable.details["problems"],
        )
        return refetch_request(known, event.data.object)
    return fact.reported_at(event.created) if isinstance(fact, MoneyFact) else fact


def to_received_event(event: StripeEvent, fact: Fact) -> ReceivedEvent:
    """Make what `api.receive_events` takes of an event and its fact."""
    return ReceivedEvent(
        id=event.id,
        type=event.type,
        livemode=event.livemode,
        created=event.created,
        account=event.account,
        api_version=event.api_version,
        fact=fact,
    )


def refetch_request(event_type: EventType, source: Json) -> RefetchFact | UnreadableFact:
    """Make the fact that an object is to be refetched, from its id and our metadata alone.

    Both are the same in every version of the API. Without an id there is nothing to refetch.
    """
    object_id, metadata = source.get("id"), source.get("metadata")
    if not isinstance(object_id, str):
        return UnreadableFact(about=event_type.about, outcome="unreadable")
    marks = metadata if isinstance(metadata, dict) else None
    return RefetchFact(
        about=event_type.about,
        outcome="refetch",
        kind=event_type.kind,
        object_id=object_id,
        step=event_type.step,
        installation=metadata_id(marks, INSTALLATION_METADATA),
        payment_id=metadata_id(marks, PAYMENT_METADATA),
        subscription_id=metadata_id(marks, SUBSCRIPTION_METADATA),
    )

"""Checkout Sessions: pages to pay, to begin a subscription, or to save a payment method."""

from typing import Any

from backend.stripe.metadata import INSTALLATION_METADATA, PAYMENT_METADATA, metadata_id
from backend.stripe.parsers.documented import Documented, Marked
from backend.stripe.parsers.facts import MethodFact, PaymentFact, PaymentOutcome, SubscriptionFact
from backend.stripe.parsers.intents import PaymentIntent
from backend.stripe.parsers.payment_methods import SetupIntent, link_fact
from backend.stripe.parsers.subscriptions import subscription_fact

ENDED_WITHOUT_MONEY = ("requires_payment_method", "canceled")
# By status and payment_status: https://docs.stripe.com/api/checkout/sessions/object
OUTCOMES_BY_STATUS: dict[tuple[str | None, str], PaymentOutcome] = {
    ("complete", "paid"): "paid",
    ("complete", "no_payment_required"): "paid",  # with 0: no money arrived
    ("complete", "unpaid"): "processing",
    ("expired", "unpaid"): "expired",
}


class TotalDetails(Documented):
    """What lies between a session's subtotal and its total, in minor units.

    https://docs.stripe.com/api/checkout/sessions/object#checkout_session_object-total_details
    """

    amount_discount: int | None = None
    amount_shipping: int | None = None
    amount_tax: int | None = None


class CheckoutSession(Marked):
    """A Checkout Session, with amounts in minor units of `currency`.

    `payment_intent` and `setup_intent` are ids unless Stripe was asked to expand them.
    https://docs.stripe.com/api/checkout/sessions/object
    """

    livemode: bool
    mode: str
    status: str | None
    payment_status: str
    amount_total: int | None
    amount_subtotal: int | None
    currency: str | None
    customer: str | None = None
    payment_intent: str | PaymentIntent | None = None
    setup_intent: str | SetupIntent | None = None
    subscription: str | None = None
    total_details: TotalDetails | None = None
    presentment_details: dict[str, Any] | None = None
    url: str | None = None

    @property
    def stripe_payment_intent_id(self) -> str | None:
        """The id of the intent that pays it, once there is one."""
        intent = self.payment_intent
        return intent.id if isinstance(intent, PaymentIntent) else intent

    @property
    def tax(self) -> int:
        """The part of the total that is tax, in minor units."""
        return (self.total_details.amount_tax if self.total_details else None) or 0

    @property
    def adjusted(self) -> bool:
        """Whether the payer pays, or is shown, another amount than the line items have."""
        details = self.total_details or TotalDetails()
        amounts = (details.amount_discount, details.amount_shipping, details.amount_tax)
        return any(amounts) or bool(self.presentment_details)


def parse_session(
    session: CheckoutSession, outcome: PaymentOutcome | None = None
) -> PaymentFact | MethodFact | SubscriptionFact:
    """Make the fact of a session's state, or that `outcome` happened on it."""
    if session.mode == "setup":
        return link_fact(session.metadata, session.customer)
    if session.mode == "subscription":
        return subscription_fact(session.metadata, session.subscription)
    return parse_payment_session(session, outcome)


def parse_payment_session(
    session: CheckoutSession, outcome: PaymentOutcome | None = None
) -> PaymentFact:
    """Make the fact of a paying session's state, or that `outcome` happened on it.

    What arrived is what its intent received, if that is expanded, else the session's total. Only
    mode `payment` has an outcome.
    """
    expanded = session.payment_intent
    intent = expanded if isinstance(expanded, PaymentIntent) else None
    if session.mode != "payment":
        outcome = None
    elif outcome is None:
        outcome = session_outcome(session, intent)
    arrived = session.amount_total if intent is None else intent.amount_received
    paid = session.payment_status == "paid" and session.stripe_payment_intent_id is not None
    return PaymentFact(
        about="payment",
        source="session",
        outcome=outcome,
        happened_at=intent.charged_at if intent else None,
        installation=metadata_id(session.metadata, INSTALLATION_METADATA),
        payment_id=metadata_id(session.metadata, PAYMENT_METADATA),
        stripe_checkout_session_id=session.id,
        stripe_payment_intent_id=session.stripe_payment_intent_id,
        stripe_customer_id=session.customer,
        received_minor=arrived if paid else 0,
        funded_minor=intent.funded_minor if intent else None,
        tax_minor=session.tax,
        plain=not session.adjusted and session.amount_total == session.amount_subtotal,
        currency=session.currency,
        decline=intent.decline if intent else None,
        stripe_payment_method_id=intent.payment_method if intent else None,
    )


def session_outcome(
    session: CheckoutSession, intent: PaymentIntent | None
) -> PaymentOutcome | None:
    """Return the outcome of a session's state; an expanded intent shows a delayed failure."""
    if session.status == "complete" and intent and intent.status in ENDED_WITHOUT_MONEY:
        return "failed"  # of a delayed payment method: the page is closed, so nobody can try again
    return OUTCOMES_BY_STATUS.get((session.status, session.payment_status))

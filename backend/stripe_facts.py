"""What a Stripe object says about one of our payments, in one shape: a fact.

A fact is what `api.receive_events` applies: the subject it is `about`, `outcome` (None: nothing for
us), our payment id from the metadata, Stripe's ids, amount and currency as Stripe was asked for
them, and a decline code.
No name, address or card detail passes this file.
"""

from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, Field

from backend.schemas import Json
from backend.stripe_answers import our_id
from backend.stripe_billing_facts import invoice_fact, subscription_fact
from backend.stripe_card_facts import setup_fact
from backend.stripe_gateway import PAYMENT_METADATA

ENDED_WITHOUT_MONEY = ("requires_payment_method", "canceled")
Outcome = Literal["paid", "processing", "declined", "failed", "expired", "canceled"]
# https://docs.stripe.com/payments/paymentintents/lifecycle
INTENT_STANDING: dict[str, Outcome] = {
    "succeeded": "paid",
    "processing": "processing",
    "canceled": "canceled",
}
# An intent that waits for its payer.
UNPAID = ("requires_payment_method", "requires_confirmation", "requires_action")
# What a payer does away from the page, and takes days for: vouchers, bank transfers, codes.
# https://docs.stripe.com/api/payment_intents/object#payment_intent_object-next_action-type
ELSEWHERE = ("display", "microdeposits")


class StripeError(BaseModel):
    """Why a try failed: https://docs.stripe.com/declines/codes."""

    code: str | None = None
    decline_code: str | None = None


class PaymentIntent(BaseModel):
    """The part of a PaymentIntent that we read."""

    id: str
    status: str
    amount: int
    currency: str
    metadata: dict[str, str] = Field(default_factory=dict)
    payment_method: str | None = None
    last_payment_error: StripeError | None = None

    @property
    def decline(self) -> str | None:
        """The most telling code of the last failed try."""
        error = self.last_payment_error
        return (error.decline_code or error.code) if error else None


def expanded(value: object) -> object:
    """An id alone tells nothing but itself; `CheckoutSession.intent_id` reads it."""
    return None if isinstance(value, str) else value


class CheckoutSession(BaseModel):
    """The part of a Checkout Session that we read; `payment_intent` only where it is expanded."""

    id: str
    mode: str
    status: str | None
    payment_status: str
    amount_subtotal: int | None
    currency: str | None
    metadata: dict[str, str] | None = None
    payment_intent: Annotated[PaymentIntent | None, BeforeValidator(expanded)] = None


def our_payment(metadata: dict[str, str] | None) -> str | None:
    """Our payment id, if the metadata carries one in the form that we write."""
    return our_id(metadata, PAYMENT_METADATA)


class AboutPayment(BaseModel):
    """What says of money that went back, or may, whose it is: by metadata of ours, or by intent."""

    id: str
    payment_intent: str | None = None
    metadata: dict[str, str] | None = None
    livemode: bool | None = None
    currency: str | None = None

    def fact(self, about: str, **more: object) -> Json:
        """Something that Stripe told about that payment."""
        whose = {"payment_id": our_payment(self.metadata), "intent_id": self.payment_intent}
        told = self.model_dump(include={"id", "livemode", "currency"})
        return {"about": about, "outcome": "told", **whose, **told, **more}


def intent_fact(source: Json, outcome: Outcome | None) -> Json:
    """A PaymentIntent on which `outcome` happened."""
    intent = PaymentIntent.model_validate(source)
    return {
        "about": "payment",
        "source": "intent",
        "outcome": outcome,
        "payment_id": our_payment(intent.metadata),
        "intent_id": intent.id,
        "amount_minor": intent.amount,
        "currency": intent.currency,
        "decline": intent.decline if outcome in ("declined", "failed") else None,
        "paid_method_id": intent.payment_method,
    }


def found_fact(found: Json, payment: Json) -> Json:
    """A session, an intent or an invoice as it stands, found for a payment as we have it."""
    if found["object"] == "invoice":
        return invoice_fact(found, "paid" if found["status"] == "paid" else None)
    if found["object"] == "checkout.session":
        return session_fact(found)
    intent = PaymentIntent.model_validate(found)
    outcome = INTENT_STANDING.get(intent.status)
    over = payment["status"] == "processing" or payment["flow"] == "charge"
    if over and intent.status == "requires_payment_method":
        outcome = "failed"  # the try that was running is over, and a saved card has but one
    return intent_fact(found, outcome)


def waits(intent: Json) -> bool:
    """Whether an intent waits for a payer on a page, and for nothing else."""
    doing: str = (intent.get("next_action") or {}).get("type", "")
    return intent["status"] in UNPAID and not any(word in doing for word in ELSEWHERE)


def banks_page(intent: Json) -> str | None:
    """Where the payer confirms to their bank that it is them (3-D Secure), if it asks that."""
    url: str | None = ((intent["next_action"] or {}).get("redirect_to_url") or {}).get("url")
    return url


def session_fact(source: Json, outcome: Outcome | None = None) -> Json:
    """A Checkout Session as it stands now, or on which `outcome` happened.

    The subtotal is what we quoted; taxes and what the payer's own currency made of it are not ours
    to credit. Only mode `payment` credits anything.
    """
    session = CheckoutSession.model_validate(source)
    if session.mode == "setup":
        return setup_fact(source)
    if session.mode == "subscription":
        return subscription_fact(source)
    intent = source.get("payment_intent")
    if session.mode != "payment":
        outcome = None
    elif outcome is None:
        outcome = standing(session)
    return {
        "about": "payment",
        "source": "session",
        "outcome": outcome,
        "payment_id": our_payment(session.metadata),
        "session_id": session.id,
        "intent_id": intent["id"] if isinstance(intent, dict) else intent,
        "amount_minor": session.amount_subtotal,
        "currency": session.currency,
        "decline": session.payment_intent.decline if session.payment_intent else None,
        "paid_method_id": session.payment_intent and session.payment_intent.payment_method,
    }


def standing(session: CheckoutSession) -> Outcome | None:
    """How far a session has come: https://docs.stripe.com/api/checkout/sessions/object."""
    by_status: dict[tuple[str | None, str], Outcome] = {
        ("complete", "paid"): "paid",
        ("complete", "unpaid"): "processing",
        ("expired", "unpaid"): "expired",
    }
    intent = session.payment_intent
    if session.status == "complete" and intent and intent.status in ENDED_WITHOUT_MONEY:
        return "failed"  # a delayed method that failed: the page is over, so nobody can try again
    return by_status.get((session.status, session.payment_status))

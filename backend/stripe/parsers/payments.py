"""What a Stripe object says about one of our payments, in one shape: a fact.

A fact is what `api.receive_events` applies: the subject it is `about`, `outcome` (None: nothing for
us), our ids from the metadata, Stripe's ids, what arrived (`received_minor`, of it `tax_minor`),
currency, and a decline code. `plain` says that the object names one sum in every way, so that an
event may be believed; `refetched` that Stripe answered it to a question of ours.
No name, address or card detail passes this file.
"""

from typing import Literal

from backend.database.functions.payments import PaymentRow
from backend.schemas import Json
from backend.stripe.answers import code_of, marks_of
from backend.stripe.client import PAYMENT_METADATA
from backend.stripe.parsers.payment_methods import setup_fact
from backend.stripe.parsers.subscriptions import invoice_fact, subscription_fact

# What may lie between a session's subtotal and its total:
# https://docs.stripe.com/api/checkout/sessions/object#checkout_session_object-total_details
ADJUSTMENTS = ("amount_discount", "amount_shipping", "amount_tax")
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


def told_fact(about: str, source: Json, **more: object) -> Json:
    """What says of money that went back, or may, whose it is: by metadata of ours, or by intent."""
    return {
        "about": about,
        "outcome": "told",
        **marks_of(source, payment_id=PAYMENT_METADATA),
        "intent_id": source.get("payment_intent"),
        "id": source["id"],
        "livemode": source.get("livemode"),
        "currency": source.get("currency"),
        **more,
    }


def intent_fact(source: Json, outcome: Outcome | None) -> Json:
    """A PaymentIntent on which `outcome` happened."""
    failed = outcome in ("declined", "failed")
    return {
        "about": "payment",
        "source": "intent",
        "outcome": outcome,
        **marks_of(source, payment_id=PAYMENT_METADATA),
        "intent_id": source["id"],
        "customer_id": source.get("customer"),
        "received_minor": source["amount_received"],
        "tax_minor": 0,
        "plain": source["amount_received"] == source["amount"]
        and not source.get("presentment_details"),
        "currency": source["currency"],
        "decline": code_of(source.get("last_payment_error")) if failed else None,
        "paid_method_id": source.get("payment_method"),
    }


def found_fact(found: Json, payment: PaymentRow | None) -> Json:
    """A session, an intent or an invoice as Stripe answered it, found for a payment as we have it.

    `payment` is None where we have none.
    """
    return {**standing_fact(found, payment), "refetched": True}


def standing_fact(found: Json, payment: PaymentRow | None) -> Json:
    """How far a session, an intent or an invoice has come."""
    if found["object"] == "invoice":
        return invoice_fact(found, "paid" if found["status"] == "paid" else None)
    if found["object"] == "checkout.session":
        return session_fact(found)
    outcome = INTENT_STANDING.get(found["status"])
    over = payment and (payment.status == "processing" or payment.flow == "charge")
    if over and found["status"] == "requires_payment_method":
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

    What arrived is what its intent received, where that is expanded, and else what it should come
    to. Only mode `payment` credits anything.
    """
    if source["mode"] == "setup":
        return setup_fact(source)
    if source["mode"] == "subscription":
        return subscription_fact(source)
    found = source.get("payment_intent")  # its id, where it is not expanded
    intent: Json = found if isinstance(found, dict) else {"id": found}
    if source["mode"] != "payment":
        outcome = None
    elif outcome is None:
        outcome = standing(source, intent)
    details = source.get("total_details") or {}
    adjusted = any(details.get(name) for name in ADJUSTMENTS) or source.get("presentment_details")
    total = source["amount_total"]
    paid = source["payment_status"] == "paid" and intent["id"] is not None
    return {
        "about": "payment",
        "source": "session",
        "outcome": outcome,
        **marks_of(source, payment_id=PAYMENT_METADATA),
        "session_id": source["id"],
        "intent_id": intent["id"],
        "customer_id": source.get("customer"),
        "received_minor": intent.get("amount_received", total) if paid else 0,
        "tax_minor": details.get("amount_tax") or 0,
        "plain": not adjusted and total == source["amount_subtotal"],
        "currency": source["currency"],
        "decline": code_of(intent.get("last_payment_error")),
        "paid_method_id": intent.get("payment_method"),
    }


def standing(session: Json, intent: Json) -> Outcome | None:
    """How far a session has come: https://docs.stripe.com/api/checkout/sessions/object."""
    by_status: dict[tuple[str | None, str], Outcome] = {
        ("complete", "paid"): "paid",
        ("complete", "no_payment_required"): "paid",  # with nothing: no money arrived
        ("complete", "unpaid"): "processing",
        ("expired", "unpaid"): "expired",
    }
    if session["status"] == "complete" and intent.get("status") in ENDED_WITHOUT_MONEY:
        return "failed"  # a delayed method that failed: the page is over, so nobody can try again
    return by_status.get((session["status"], session["payment_status"]))

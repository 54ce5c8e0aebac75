"""What Stripe says about recurring top-ups, as facts (see `stripe_facts`).

A subscription's event says only that Stripe is to be asked; an invoice's is `paid`, `failed` or
`action_required`.
"""

from backend.schemas import Json
from backend.stripe_answers import our_id
from backend.stripe_billing import SUBSCRIPTION_METADATA


def subscription_fact(source: Json) -> Json:
    """A subscription changed, or the page on which it begins."""
    at_stripe = source["id"] if source["object"] == "subscription" else source.get("subscription")
    return {
        "about": "subscription",
        "outcome": "changed",
        **whose(source.get("metadata"), at_stripe),
    }


def whose(metadata: Json | None, at_stripe: str | None) -> Json:
    """A subscription by our id and by Stripe's."""
    ours = our_id(metadata, SUBSCRIPTION_METADATA)
    return {"subscription_id": ours, "stripe_subscription_id": at_stripe}


def invoice_fact(source: Json, outcome: str | None) -> Json:
    """An invoice on which `outcome` happened; only a subscription's is about us.

    The subtotal is what we quoted: tax is not ours to credit, and what a discount or money from
    elsewhere made of it is for somebody to look at (https://docs.stripe.com/api/invoices/object).
    """
    details = (source.get("parent") or {}).get("subscription_details") or {}
    paid = source["amount_paid"] - source.get("amount_paid_off_stripe", 0)
    return {
        "about": "invoice",
        "outcome": outcome if details and (paid or outcome != "paid") else None,
        **whose(details.get("metadata"), details.get("subscription")),
        "invoice_id": source["id"],
        "intent_id": paid_by(source),
        "amount_minor": min(source["subtotal"], paid),
        "currency": source["currency"],
        "first": source["billing_reason"] == "subscription_create",
        "tries": source["attempt_count"],
        "url": source.get("hosted_invoice_url"),
    }


def paid_by(invoice: Json) -> str | None:
    """The PaymentIntent that paid it, where Stripe was asked for that."""
    payments = (invoice.get("payments") or {}).get("data", [])
    ids = (one["payment"].get("payment_intent") for one in payments if one["status"] == "paid")
    return next((id for id in ids if id), None)

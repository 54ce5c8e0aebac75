"""What Stripe says about recurring top-ups, as facts (see `stripe_facts`).

A subscription's event says only that Stripe is to be asked; an invoice's is `paid`, `failed` or
`action_required`.
"""

from backend.schemas import Json
from backend.stripe.answers import marks_of
from backend.stripe.billing import SUBSCRIPTION_METADATA


def subscription_fact(source: Json) -> Json:
    """A subscription changed, or the page on which it begins."""
    at_stripe = source["id"] if source["object"] == "subscription" else source.get("subscription")
    return {
        "about": "subscription",
        "outcome": "changed",
        **whose(source, at_stripe),
    }


def whose(source: Json, at_stripe: str | None) -> Json:
    """A subscription by our id, of what `source` has in its metadata, and by Stripe's."""
    ours = marks_of(source, subscription_id=SUBSCRIPTION_METADATA)
    return {**ours, "stripe_subscription_id": at_stripe}


def invoice_fact(source: Json, outcome: str | None) -> Json:
    """An invoice on which `outcome` happened; only a subscription's is about us.

    An event does not say who paid it, so Stripe is asked, and what its intents paid counts: not
    what came from elsewhere (a balance, or out of band), nor what a discount left out
    (https://docs.stripe.com/api/invoices/object). One that comes to less than Stripe charges is
    paid with nothing, and the next one carries it.
    """
    details = (source.get("parent") or {}).get("subscription_details") or {}
    if not details and "subscription" in source:
        raise ValueError("an invoice of an API version before 2025-03-31")
    paid = intents_of(source)
    net = source["total_excluding_tax"]
    return {
        "about": "invoice",
        "source": "invoice",
        "outcome": outcome if details and (source["amount_paid"] or outcome != "paid") else None,
        **whose(details, details.get("subscription")),
        "invoice_id": source["id"],
        "refetched": "payments" in source,
        "intents": list(paid),
        "intent_id": next(iter(paid), None),
        "received_minor": sum(paid.values()),
        "tax_minor": 0 if net is None else source["total"] - net,
        "amount_minor": source["amount_due"],
        "currency": source["currency"],
        "first": source["billing_reason"] == "subscription_create",
        "tries": source["attempt_count"],
        "url": source.get("hosted_invoice_url") if outcome != "paid" else None,
    }


def intents_of(invoice: Json) -> dict[str, int]:
    """The PaymentIntents that paid it and how much, where Stripe was asked for that."""
    made = (invoice.get("payments") or {}).get("data", [])
    paid = {one["payment"].get("payment_intent"): one for one in made if one["status"] == "paid"}
    return {id: one["amount_paid"] for id, one in paid.items() if id}

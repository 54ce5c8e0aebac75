"""What Stripe says about saved payment methods: whose changed, and how one is.

An event says no more than whose methods to ask Stripe about (`webhooks.ASKING`): how they stand now
is the same however often, late or in which order the events come.
"""

from backend.schemas import Json
from backend.stripe.answers import marks_of
from backend.stripe.payment_methods import LINK_METADATA


def method_fact(source: Json) -> Json:
    """A payment method changed; one that was detached has no customer any more."""
    return changed(customer_id=source.get("customer"), method_id=source.get("id"))


def customer_fact(source: Json) -> Json:
    """A customer changed: perhaps what they pay with by default."""
    return changed(customer_id=source.get("id"))


def setup_fact(source: Json) -> Json:
    """A page to add a card, or its setup intent: they carry our link's id."""
    return changed(customer_id=source.get("customer"), **marks_of(source, link_id=LINK_METADATA))


def changed(**whose: str | None) -> Json:
    """As `private.apply_method` takes it."""
    return {"about": "method", "outcome": "changed", **whose}


def told(method: Json) -> Json:
    """A payment method as `private.told_method`: no number, no name, no address."""
    kind = method["type"]
    about = method.get(kind) or {}
    return {
        "stripe_payment_method_id": method["id"],
        "type": kind,
        "brand": about.get("brand") or about.get("bank_name"),
        "last_four": about.get("last4"),
        "wallet": (about.get("wallet") or {}).get("type"),
        "created": method["created"],
        **{name: about.get(name) for name in ("exp_month", "exp_year", "country", "fingerprint")},
    }

"""Disputes and early fraud warnings: what Stripe says of them, as facts (see `stripe_facts`)."""

from collections import Counter

from backend.schemas import Json
from backend.stripe.parsers.payments import told_fact


def dispute_fact(source: Json, *, step: str | None = None) -> Json:
    """A dispute as it stands: https://docs.stripe.com/api/disputes/object.

    `movements` counts its balance transactions, `moved` is what they took in sum, by currency, in
    minor units before fees. `step` is what its event tells of: `withdrawn` or `reinstated`.
    """
    movements = source.get("balance_transactions") or []
    moved = Counter[str]()
    for movement in movements:
        moved[movement["currency"]] -= movement["amount"]
    return told_fact(
        "dispute",
        source,
        charge_id=source["charge"],
        amount_minor=source["amount"],
        status=source["status"],
        reason=source["reason"],
        due_by=(source.get("evidence_details") or {}).get("due_by"),
        step=step,
        movements=len(movements),
        moved=dict(moved),
    )


def refetched_dispute_fact(source: Json, charge: Json, step: str | None) -> Json:
    """A dispute as Stripe answered it, with the charge (its balance transaction expanded).

    Where an event told that money moved and no transaction shows it, the event is believed.
    """
    fact = dispute_fact(source, step=step)
    settled = charge.get("balance_transaction") or {}
    if settled.get("currency") in fact["moved"]:
        fact["charge_settled_minor"] = settled["amount"]
    if not fact["movements"] and step is not None:
        gone = source["amount"] if step == "withdrawn" else 0
        fact |= {"movements": 1 if gone else 2, "moved": {source["currency"]: gone}}
    return {**fact, "refetched": True}


def warning_fact(source: Json) -> Json:
    """The payer's bank fears fraud: https://docs.stripe.com/api/radar/early_fraud_warnings/object."""
    return told_fact("warning", source, reason=source["fraud_type"])

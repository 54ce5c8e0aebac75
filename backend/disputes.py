"""Disputes and early fraud warnings: what Stripe says of them, as facts (see `stripe_facts`)."""

from backend.schemas import Json
from backend.stripe_facts import told_fact


def dispute_fact(source: Json, *, withdrawn: bool = False, reinstated: bool = False) -> Json:
    """A dispute as it stands: https://docs.stripe.com/api/disputes/object.

    Its event says that its money went or came back just now; its transactions say so as well, in
    case that event gets lost. Their amounts are in the account's own currency.
    """
    moved = [movement["amount"] for movement in source.get("balance_transactions") or []]
    return told_fact(
        "dispute",
        source,
        amount_minor=source["amount"],
        status=source["status"],
        reason=source["reason"],
        due_by=(source.get("evidence_details") or {}).get("due_by"),
        withdrawn=withdrawn or any(amount < 0 for amount in moved),
        reinstated=reinstated or any(amount > 0 for amount in moved),
    )


def warning_fact(source: Json) -> Json:
    """The payer's bank fears fraud: https://docs.stripe.com/api/radar/early_fraud_warnings/object."""
    return told_fact("warning", source, reason=source["fraud_type"])

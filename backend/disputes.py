"""Disputes and early fraud warnings: what Stripe says of them, as facts (see `stripe_facts`)."""

from pydantic import BaseModel, Field

from backend.schemas import Json
from backend.stripe_facts import AboutPayment


class Evidence(BaseModel):
    """Until when a dispute can be answered, in seconds since 1970."""

    due_by: int | None = None


class Movement(BaseModel):
    """One of a dispute's balance transactions, whose amount is in the account's own currency."""

    amount: int


class StripeDispute(AboutPayment):
    """The part that we read of a Dispute: https://docs.stripe.com/api/disputes/object."""

    amount: int
    status: str
    reason: str
    evidence_details: Evidence = Evidence()
    balance_transactions: list[Movement] = Field(default_factory=list)


class Warned(AboutPayment):
    """The part of a warning: https://docs.stripe.com/api/radar/early_fraud_warnings/object."""

    fraud_type: str


def dispute_fact(source: Json, *, withdrawn: bool = False, reinstated: bool = False) -> Json:
    """A dispute as it stands.

    Its event says that its money went or came back just now; its transactions say so as well, in
    case that event gets lost.
    """
    told = StripeDispute.model_validate(source)
    moved = [movement.amount for movement in told.balance_transactions]
    return told.fact(
        "dispute",
        amount_minor=told.amount,
        status=told.status,
        reason=told.reason,
        due_by=told.evidence_details.due_by,
        withdrawn=withdrawn or any(amount < 0 for amount in moved),
        reinstated=reinstated or any(amount > 0 for amount in moved),
    )


def warning_fact(source: Json) -> Json:
    """The payer's bank thinks that a payment may be fraud."""
    told = Warned.model_validate(source)
    return told.fact("warning", reason=told.fraud_type)

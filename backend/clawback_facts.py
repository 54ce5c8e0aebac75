"""What Stripe says about money that went back, or may: facts about refunds, disputes and warnings.

As in backend/stripe_facts.py: ids, amounts and codes only. `intent_id` names the payment where the
object carries no metadata of ours.
"""

from typing import Any, Literal

from pydantic import BaseModel, Field

from backend.stripe_facts import our_payment
from backend.stripe_gateway import REFUND_METADATA

Json = dict[str, Any]


class Clawback(BaseModel):
    """What the objects below have in common."""

    id: str
    payment_intent: str | None
    metadata: dict[str, str] | None = None

    def fact(self, about: str, **more: object) -> Json:
        """It happened to the payment that the metadata or the intent names."""
        ours = our_payment(self.metadata)
        return {
            "about": about,
            "outcome": "told",
            "payment_id": ours,
            "intent_id": self.payment_intent,
            **more,
        }


class StripeRefund(Clawback):
    """The part of a Refund that we read: https://docs.stripe.com/api/refunds/object."""

    amount: int
    currency: str
    status: Literal["pending", "requires_action", "succeeded", "failed", "canceled"]
    reason: str | None
    failure_reason: str | None = None


class RefundedCharge(Clawback):
    """The part of a Charge that we read: https://docs.stripe.com/api/charges/object."""

    amount_refunded: int
    livemode: bool


class Deadline(BaseModel):
    """Until when a dispute can be answered, in seconds since 1970."""

    due_by: int | None = None


class Movement(BaseModel):
    """One of a dispute's balance transactions, whose amount is in the account's own currency."""

    amount: int


class StripeDispute(Clawback):
    """The part of a Dispute that we read: https://docs.stripe.com/api/disputes/object."""

    amount: int
    currency: str
    status: str
    reason: str
    evidence_details: Deadline
    balance_transactions: list[Movement] = Field(default_factory=list)


class EarlyFraudWarning(Clawback):
    """The part that we read: https://docs.stripe.com/api/radar/early_fraud_warnings/object."""

    fraud_type: str


def refund_fact(source: Json) -> Json:
    """A Refund as it stands."""
    refund = StripeRefund.model_validate(source)
    return refund.fact(
        "refund",
        refund_id=(refund.metadata or {}).get(REFUND_METADATA),
        stripe_refund_id=refund.id,
        amount_minor=refund.amount,
        currency=refund.currency,
        status=refund.status,
        reason=refund.reason,
        failure=refund.failure_reason,
    )


def refunds_fact(source: Json) -> Json:
    """A Charge of which something went back: what, only the list of its refunds says."""
    charge = RefundedCharge.model_validate(source)
    return charge.fact("refunds", amount_minor=charge.amount_refunded, livemode=charge.livemode)


def dispute_fact(source: Json, *, withdrawn: bool = False, reinstated: bool = False) -> Json:
    """A Dispute as it stands, or whose money went or came back just now.

    Its transactions say that as well, in case an event gets lost.
    """
    dispute = StripeDispute.model_validate(source)
    moved = [movement.amount for movement in dispute.balance_transactions]
    return dispute.fact(
        "dispute",
        dispute_id=dispute.id,
        amount_minor=dispute.amount,
        currency=dispute.currency,
        status=dispute.status,
        reason=dispute.reason,
        due_by=dispute.evidence_details.due_by,
        withdrawn=withdrawn or any(amount < 0 for amount in moved),
        reinstated=reinstated or any(amount > 0 for amount in moved),
    )


def warning_fact(source: Json) -> Json:
    """An early fraud warning: nothing has moved yet."""
    warning = EarlyFraudWarning.model_validate(source)
    return warning.fact("warning", warning_id=warning.id, reason=warning.fraud_type)

"""What Stripe says about money that went back, or may: facts about refunds, disputes and warnings.

As in backend/stripe_facts.py: ids, amounts and codes only. `intent_id` names the payment where the
object carries no metadata of ours.
"""

from pydantic import BaseModel, Field

from backend.schemas import Json
from backend.stripe_facts import our_payment
from backend.stripe_gateway import REFUND_METADATA


class Evidence(BaseModel):
    """Until when a dispute can be answered, in seconds since 1970."""

    due_by: int | None = None


class Movement(BaseModel):
    """One of a dispute's balance transactions, whose amount is in the account's own currency."""

    amount: int


class Clawback(BaseModel):
    """The part that we read of a Refund, a Charge with refunds, a Dispute, an early fraud warning.

    Each has some of these (https://docs.stripe.com/api, refunds, charges, disputes, radar); whether
    it has what it takes is for SQL to say.
    """

    id: str
    payment_intent: str | None
    metadata: dict[str, str] = Field(default_factory=dict)
    livemode: bool | None = None
    amount: int | None = None
    amount_refunded: int | None = None
    currency: str | None = None
    status: str | None = None
    reason: str | None = None
    failure_reason: str | None = None
    fraud_type: str | None = None
    evidence_details: Evidence = Evidence()
    balance_transactions: list[Movement] = Field(default_factory=list)


def clawback_fact(
    about: str, source: Json, *, withdrawn: bool = False, reinstated: bool = False
) -> Json:
    """One of these as it stands: `about` is refund, refunds (of a charge), dispute or warning.

    A dispute's event says that its money went or came back just now; its transactions say so as
    well, in case that event gets lost. A charge says how much of it went back, not which refunds.
    """
    told = Clawback.model_validate(source)
    moved = [movement.amount for movement in told.balance_transactions]
    return {
        "about": about,
        "outcome": "told",
        "payment_id": our_payment(told.metadata),
        "intent_id": told.payment_intent,
        "id": told.id,
        "refund_id": told.metadata.get(REFUND_METADATA),
        "livemode": told.livemode,
        "amount_minor": told.amount_refunded if about == "refunds" else told.amount,
        "currency": told.currency,
        "status": told.status,
        "reason": told.reason or told.fraud_type,
        "failure": told.failure_reason,
        "due_by": told.evidence_details.due_by,
        "withdrawn": withdrawn or any(amount < 0 for amount in moved),
        "reinstated": reinstated or any(amount > 0 for amount in moved),
    }

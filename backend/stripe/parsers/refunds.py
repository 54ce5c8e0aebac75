"""Refunds, ours and those of Stripe's dashboard."""

from backend.stripe.metadata import (
    INSTALLATION_METADATA,
    PAYMENT_METADATA,
    REFUND_METADATA,
    metadata_id,
)
from backend.stripe.parsers.documented import Marked
from backend.stripe.parsers.facts import RefundFact


class Refund(Marked):
    """https://docs.stripe.com/api/refunds/object. It does not say which mode it is of."""

    amount: int
    currency: str
    status: str | None
    payment_intent: str | None = None
    reason: str | None = None
    failure_reason: str | None = None

    @property
    def refund_id(self) -> str | None:
        """Our id of it, where we asked for it."""
        return metadata_id(self.metadata, REFUND_METADATA)


def parse_refund(refund: Refund) -> RefundFact:
    """Say how a refund stands."""
    return RefundFact(
        about="refund",
        outcome="told",
        installation=metadata_id(refund.metadata, INSTALLATION_METADATA),
        payment_id=metadata_id(refund.metadata, PAYMENT_METADATA),
        intent_id=refund.payment_intent,
        id=refund.id,
        livemode=None,
        currency=refund.currency,
        refund_id=refund.refund_id,
        amount_minor=refund.amount,
        status=refund.status,
        reason=refund.reason,
        failure=refund.failure_reason,
    )

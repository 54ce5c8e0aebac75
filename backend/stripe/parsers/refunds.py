"""Refunds, ours and those made in Stripe's dashboard."""

from backend.stripe.metadata import (
    INSTALLATION_METADATA,
    PAYMENT_METADATA,
    REFUND_METADATA,
    metadata_id,
)
from backend.stripe.parsers.documented import Marked
from backend.stripe.parsers.facts import RefundFact


class Refund(Marked):
    """A refund; `amount` in minor units of `currency`, `created` in seconds since 1970.

    It does not say which mode it is of.

    https://docs.stripe.com/api/refunds/object
    """

    amount: int
    currency: str
    status: str | None
    created: int | None = None
    payment_intent: str | None = None
    reason: str | None = None
    failure_reason: str | None = None

    @property
    def refund_id(self) -> str | None:
        """Our id of the refund, if we requested it."""
        return metadata_id(self.metadata, REFUND_METADATA)


def parse_refund(refund: Refund) -> RefundFact:
    """Make the fact of a refund's state. When one failed it does not say; its event does."""
    has_failed = refund.status in ("failed", "canceled")
    return RefundFact(
        about="refund",
        outcome="reported",
        happened_at=None if has_failed else refund.created,
        installation=metadata_id(refund.metadata, INSTALLATION_METADATA),
        payment_id=metadata_id(refund.metadata, PAYMENT_METADATA),
        stripe_payment_intent_id=refund.payment_intent,
        id=refund.id,
        livemode=None,
        currency=refund.currency,
        refund_id=refund.refund_id,
        amount_minor=refund.amount,
        status=refund.status,
        reason=refund.reason,
        failure=refund.failure_reason,
    )

"""SQL functions of charges: payments by a saved payment method."""

from datetime import datetime
from uuid import UUID

from backend.database.functions.payments import PaymentRow
from backend.database.protocol import SERVICE, Database


class ClaimedCharge(PaymentRow):
    """A charge, and whether Stripe may be asked for it now (`claimed`).

    Until `sending_until` a request for it may be running, and no second one may be sent.
    """

    claimed: bool
    sending_until: datetime | None


async def claim_charge(database: Database, *, payment_id: UUID) -> ClaimedCharge:
    """Claim the right to ask Stripe for a charge, for 30 seconds; end a charge that lost it.

    A charge ends where it was canceled, where whoever requested it is no longer authorized, or
    after ten minutes. To be called only where Stripe's list of the customer's intents does not have
    it.
    """
    row = await database.call("claim_charge", SERVICE, payment_id=payment_id)
    return ClaimedCharge.model_validate(row)


async def release_charge(
    database: Database, *, payment_id: UUID, sending_until: datetime | None
) -> None:
    """Give back a claim whose request ended without an answer.

    `sending_until` is that of the claim: a later claim stays.
    """
    claim = None if sending_until is None else sending_until.isoformat()
    await database.call("release_charge", SERVICE, payment_id=payment_id, sending_until=claim)


async def mark_charge_failed(database: Database, *, payment_id: UUID, reason: str) -> None:
    """Fail a charge that Stripe refused before it tried the card; `reason` is Stripe's code."""
    await database.call("mark_charge_failed", SERVICE, payment_id=payment_id, reason=reason)

"""SQL functions of charges: payments by a saved card."""

from datetime import datetime
from uuid import UUID

from backend.database.functions.payments import PaymentRow
from backend.database.protocol import SERVICE, Database


class ClaimedCharge(PaymentRow):
    """A charge, and whether Stripe may be asked for it now (`claimed`).

    Until `sending_until` a request for it may run, which no other must overtake.
    """

    claimed: bool
    sending_until: datetime | None


async def claim_charge(database: Database, *, payment_id: UUID) -> ClaimedCharge:
    """Take the turn to ask Stripe to charge; where nobody may ask any more, the charge ends.

    That is while whoever asked for it may do so, nobody canceled it, and for ten minutes. Only
    where Stripe's list of the customer's intents does not have this one.
    """
    row = await database.call("claim_charge", SERVICE, payment_id=payment_id)
    return ClaimedCharge.model_validate(row)


async def release_charge(
    database: Database, *, payment_id: UUID, sending_until: datetime | None
) -> None:
    """Give a claim back whose request is over without an answer.

    `sending_until` is the claim's own: a later one stays.
    """
    claim = None if sending_until is None else sending_until.isoformat()
    await database.call("release_charge", SERVICE, payment_id=payment_id, sending_until=claim)


async def mark_charge_failed(database: Database, *, payment_id: UUID, reason: str) -> None:
    """Fail a charge that Stripe refused before it tried the card; `reason` is Stripe's code."""
    await database.call("mark_charge_failed", SERVICE, payment_id=payment_id, reason=reason)

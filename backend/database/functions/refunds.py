"""SQL functions of refunds: request one, read it for Stripe, record that Stripe refused it."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from backend.database.protocol import SERVICE, Database, Person
from backend.schemas import Refund


class RefundRow(Refund, extra="ignore"):
    """A refund as the service needs it for requests to Stripe.

    `amount_minor` is what the payer gets, tax included. `made_here`: it was requested here and not
    made in Stripe's dashboard. `authorized`: whoever requested it is still an owner or admin.
    `requested_at` is when this `attempt` was requested. `key_hash` tells whose key began it.
    """

    amount_minor: int
    made_here: bool
    attempt: int
    organization_id: UUID
    key_hash: str | None
    requested_at: datetime
    authorized: bool
    stripe_refund_id: str | None
    stripe_payment_intent_id: str
    livemode: bool


async def create_refund(
    database: Database,
    actor: Person,
    *,
    payment_id: UUID,
    idempotency_key: str,
    amount: int | None = None,
    reason: Literal["duplicate", "fraudulent", "requested_by_customer"] | None = None,
) -> Refund:
    """Request a refund of `amount` minor units of a payment, or of all that is left.

    The same key finds the same refund; one that Stripe refused is tried again as another attempt.
    Raises NotFound, RoleTooLow, IdempotencyKeyReused, TooManyRequests, NothingToRefund,
    RefundTooLarge, AmountTooSmall, AmountTooPrecise.
    """
    row = await database.call(
        "create_refund",
        actor,
        payment_id=payment_id,
        idempotency_key=idempotency_key,
        amount=amount,
        reason=reason,
    )
    return Refund.model_validate(row)


async def get_refund(database: Database, actor: Person, *, refund_id: UUID) -> Refund:
    """Read a refund of one of the actor's organizations. Raises NotFound."""
    row = await database.call("get_refund", actor, refund_id=refund_id)
    return Refund.model_validate(row)


async def get_refund_for_service(database: Database, *, refund_id: UUID) -> RefundRow:
    """Read a refund for requests to Stripe."""
    row = await database.call("get_refund_for_service", SERVICE, refund_id=refund_id)
    return RefundRow.model_validate(row)


async def refuse_refund(database: Database, *, refund_id: UUID, attempt: int, failure: str) -> None:
    """Mark a refund as failed that this attempt did not create; it may be requested again."""
    await database.call(
        "refuse_refund", SERVICE, refund_id=refund_id, attempt=attempt, failure=failure
    )


async def claim_refunds_to_reconcile(database: Database, *, max_rows: int) -> list[UUID]:
    """Claim refunds whose answer or webhook may have been lost; each is due every five minutes."""
    ids: list[str] = await database.call("claim_refunds_to_reconcile", SERVICE, max_rows=max_rows)
    return [UUID(id) for id in ids]

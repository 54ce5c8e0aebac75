"""SQL functions of refunds: ask for one, send it to Stripe, learn that Stripe refused it."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from backend.database.protocol import SERVICE, Database, Person
from backend.schemas import Refund


class RefundRow(Refund, extra="ignore"):
    """A refund as the backend needs it to talk to Stripe.

    `amount_minor` is what the payer gets, with tax. `made_here`: it was not made in Stripe's
    dashboard. `authorized`: whoever asked for it is an owner or admin still. `requested_at` is when
    Stripe was asked by this `attempt`.
    """

    amount_minor: int
    made_here: bool
    attempt: int
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
    """Ask for `amount` minor units of a payment to go back, or for all that is left.

    The same key finds the same refund; one that Stripe refused is tried again, as another attempt.
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
    """Read a refund of an organization of the caller's. Raises NotFound."""
    row = await database.call("get_refund", actor, refund_id=refund_id)
    return Refund.model_validate(row)


async def get_refund_for_service(database: Database, *, refund_id: UUID) -> RefundRow:
    """Read all that is needed to talk to Stripe about a refund."""
    row = await database.call("get_refund_for_service", SERVICE, refund_id=refund_id)
    return RefundRow.model_validate(row)


async def refuse_refund(database: Database, *, refund_id: UUID, attempt: int, failure: str) -> None:
    """Fail a refund that this attempt did not make at Stripe; its amount may be asked for again."""
    await database.call(
        "refuse_refund", SERVICE, refund_id=refund_id, attempt=attempt, failure=failure
    )


async def claim_refunds_to_reconcile(database: Database, *, max_rows: int) -> list[UUID]:
    """List refunds whose answer or webhook may have been lost; each comes every five minutes."""
    ids: list[str] = await database.call("claim_refunds_to_reconcile", SERVICE, max_rows=max_rows)
    return [UUID(id) for id in ids]

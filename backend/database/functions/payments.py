"""SQL functions of payments: create, open at Stripe, check, cancel, expire."""

from datetime import datetime
from uuid import UUID

from backend.database.protocol import SERVICE, Database, Person
from backend.schemas import Attempt, Payment, PaymentFlow


class PaymentRow(Payment, extra="ignore"):
    """A payment as the service needs it for requests to Stripe.

    `attempt` is part of the idempotency key, `key_hash` tells whose key began it. `search_start`:
    since when Stripe may have made something for it without this database's knowledge. `sent_at` is
    when Stripe was last asked to charge; None if it never was. `revoked`: whoever started it lost
    the role, or a cancel was requested, so that it is to be closed unpaid.
    `stripe_payment_method_id` is the saved payment method that is to be charged.
    """

    amount_minor: int
    currency: str
    attempt: int
    key_hash: str | None
    search_start: datetime | None = None
    language: str
    sent_at: datetime | None
    revoked: bool
    stripe_customer_id: str | None
    stripe_checkout_session_id: str | None
    stripe_payment_intent_id: str | None
    stripe_invoice_id: str | None
    stripe_payment_method_id: str | None


class PaymentCheck(PaymentRow):
    """A payment, and whether it may be refetched now (`due`)."""

    due: bool


async def create_payment(
    database: Database,
    actor: Person,
    *,
    organization_id: UUID,
    amount: int,
    currency: str,
    idempotency_key: str | None = None,
    telegram_chat_id: int | None = None,
    message_id: int | None = None,
    flow: PaymentFlow = "checkout",
    payment_method_id: UUID | None = None,
    order_reference: str | None = None,
) -> Payment:
    """Create a payment of `amount` minor units; the same key and terms find the same one again.

    Raises NotFound, RoleTooLow, TopupsOff, AmountRefused, TooManyRequests, ReferenceUsed,
    IdempotencyKeyReused.
    """
    row = await database.call(
        "create_payment",
        actor,
        organization_id=organization_id,
        amount=amount,
        currency=currency,
        idempotency_key=idempotency_key,
        telegram_chat_id=telegram_chat_id,
        message_id=message_id,
        flow=flow,
        payment_method_id=payment_method_id,
        order_reference=order_reference,
    )
    return Payment.model_validate(row)


async def get_payment(database: Database, actor: Person, *, payment_id: UUID) -> Payment:
    """Read a payment of one of the actor's organizations. Raises NotFound."""
    row = await database.call("get_payment", actor, payment_id=payment_id)
    return Payment.model_validate(row)


async def request_payment_cancel(database: Database, actor: Person, *, payment_id: UUID) -> Payment:
    """Record that a payment is to be canceled; one that Stripe was not asked for ends at once.

    Raises NotFound, RoleTooLow, PaymentClosed.
    """
    row = await database.call("request_payment_cancel", actor, payment_id=payment_id)
    return Payment.model_validate(row)


async def get_payment_for_service(database: Database, *, payment_id: UUID) -> PaymentRow:
    """Read a payment for requests to Stripe."""
    row = await database.call("get_payment_for_service", SERVICE, payment_id=payment_id)
    return PaymentRow.model_validate(row)


async def mark_payment_opened(
    database: Database,
    *,
    payment_id: UUID,
    stripe_checkout_session_id: str | None = None,
    url: str | None = None,
    stripe_payment_intent_id: str | None = None,
) -> PaymentRow:
    """Record the session or intent that Stripe created: the payment can be paid from now on.

    What is recorded already stays, and so does the status of a payment that went on meanwhile.
    """
    row = await database.call(
        "mark_payment_opened",
        SERVICE,
        payment_id=payment_id,
        stripe_checkout_session_id=stripe_checkout_session_id,
        url=url,
        stripe_payment_intent_id=stripe_payment_intent_id,
    )
    return PaymentRow.model_validate(row)


async def increase_attempt(
    database: Database, *, payment_id: UUID, attempt: int, without_customer: bool = False
) -> None:
    """Increase the attempt, and with it change the idempotency key.

    Under the old key Stripe would repeat its refusal. Of the payment, or else the subscription or
    the setup link, with this id. Nothing changes unless `attempt` is the current one, so that two
    callers with the same error count once. `without_customer`: go on without the customer that
    Stripe refused.
    """
    await database.call(
        "increase_attempt",
        SERVICE,
        payment_id=payment_id,
        attempt=attempt,
        without_customer=without_customer,
    )


async def claim_payment_check(database: Database, *, payment_id: UUID) -> PaymentCheck:
    """Read a payment, and claim the right to refetch it, which is granted every three seconds.

    Raises NotFound.
    """
    row = await database.call("claim_payment_check", SERVICE, payment_id=payment_id)
    return PaymentCheck.model_validate(row)


async def claim_payments_to_reconcile(database: Database, *, max_rows: int) -> list[UUID]:
    """Claim payments whose webhook may have been lost; those never checked first."""
    ids: list[str] = await database.call("claim_payments_to_reconcile", SERVICE, max_rows=max_rows)
    return [UUID(id) for id in ids]


async def expire_abandoned(database: Database, *, max_rows: int) -> None:
    """End payments (at most `max_rows`) and subscriptions that were never opened in their time.

    To be called after Stripe's events were read, which may report that one was paid.
    """
    await database.call("expire_abandoned", SERVICE, max_rows=max_rows)


async def get_key_result(database: Database, actor: Person, *, idempotency_key: str) -> Attempt:
    """Read what the actor began under a key; all fields are None if that is nothing."""
    row = await database.call("get_key_result", actor, idempotency_key=idempotency_key)
    return Attempt.model_validate(row)


async def is_key_used(database: Database, actor: Person, *, idempotency_key: str) -> bool:
    """Return whether the actor began anything under a key. Raises Unauthorized."""
    exists: bool = await database.call("is_key_used", actor, idempotency_key=idempotency_key)
    return exists

"""SQL functions of payments: make one, open it at Stripe, ask how far it is, cancel it."""

from datetime import datetime
from uuid import UUID

from backend.database.protocol import SERVICE, Database, Person
from backend.schemas import Attempt, Payment, PaymentFlow


class PaymentRow(Payment, extra="ignore"):
    """A payment as the backend needs it to talk to Stripe.

    `attempt` is part of the idempotency key. `sent_at` is when Stripe was last asked to charge the
    card, None while it never was. `revoked`: what waits for its payer is to be closed.
    `stripe_payment_method_id` is the saved card that is to be charged.
    """

    amount_minor: int
    currency: str
    attempt: int
    language: str
    sent_at: datetime | None
    revoked: bool
    stripe_customer_id: str | None
    stripe_checkout_session_id: str | None
    stripe_payment_intent_id: str | None
    stripe_invoice_id: str | None
    stripe_payment_method_id: str | None


class PaymentCheck(PaymentRow):
    """A payment, and whether Stripe may be asked about it now (`due`)."""

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
    """Make a payment of `amount` minor units; the same key and input find the same one again.

    Raises NotFound, RoleTooLow, TopupsOff, one of AmountRefused, TooManyRequests, ReferenceUsed,
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
    """Read a payment of an organization of the caller's. Raises NotFound."""
    row = await database.call("get_payment", actor, payment_id=payment_id)
    return Payment.model_validate(row)


async def request_payment_cancel(database: Database, actor: Person, *, payment_id: UUID) -> Payment:
    """Ask for a payment to be canceled; at once where Stripe was not asked for anything yet.

    Raises NotFound, RoleTooLow, PaymentClosed.
    """
    row = await database.call("request_payment_cancel", actor, payment_id=payment_id)
    return Payment.model_validate(row)


async def get_payment_for_service(database: Database, *, payment_id: UUID) -> PaymentRow:
    """Read all that is needed to talk to Stripe about a payment."""
    row = await database.call("get_payment_for_service", SERVICE, payment_id=payment_id)
    return PaymentRow.model_validate(row)


async def mark_payment_opened(
    database: Database,
    *,
    payment_id: UUID,
    session_id: str | None = None,
    url: str | None = None,
    intent_id: str | None = None,
) -> PaymentRow:
    """Write down the session or the intent that Stripe made: it can be paid from now on.

    What is known already stays; a payment that went on meanwhile is not moved.
    """
    row = await database.call(
        "mark_payment_opened",
        SERVICE,
        payment_id=payment_id,
        session_id=session_id,
        url=url,
        intent_id=intent_id,
    )
    return PaymentRow.model_validate(row)


async def increase_attempt(
    database: Database, *, payment_id: UUID, attempt: int, without_customer: bool = False
) -> None:
    """Ask under a new key next time, because Stripe remembers its refusal under the old one.

    Of a payment, or of the subscription with this id; once, however many saw the same error.
    `without_customer`: the payment goes on without the customer that Stripe refused.
    """
    await database.call(
        "increase_attempt",
        SERVICE,
        payment_id=payment_id,
        attempt=attempt,
        without_customer=without_customer,
    )


async def claim_payment_check(database: Database, *, payment_id: UUID) -> PaymentCheck:
    """Read a payment, and take the turn to ask Stripe about it, which comes every three seconds.

    Raises NotFound.
    """
    row = await database.call("claim_payment_check", SERVICE, payment_id=payment_id)
    return PaymentCheck.model_validate(row)


async def list_payments_to_reconcile(database: Database, *, max_rows: int) -> list[UUID]:
    """List payments whose webhook may have been lost, the one first that was never asked about."""
    ids: list[str] = await database.call("list_payments_to_reconcile", SERVICE, max_rows=max_rows)
    return [UUID(id) for id in ids]


async def expire_abandoned(database: Database, *, max_rows: int) -> None:
    """End payments (`max_rows` of them) and subscriptions that nobody ever could pay in their time.

    Only after Stripe's events have been read: they may tell of one that was paid.
    """
    await database.call("expire_abandoned", SERVICE, max_rows=max_rows)


async def get_attempt(database: Database, actor: Person, *, idempotency_key: str) -> Attempt:
    """Read what the caller began under a key; all None where that is nothing."""
    row = await database.call("get_attempt", actor, idempotency_key=idempotency_key)
    return Attempt.model_validate(row)

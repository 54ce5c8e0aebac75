"""SQL functions that find payments again, and tell what happened to one."""

from datetime import datetime
from typing import TypedDict
from uuid import UUID

from backend.database.functions.payments import PaymentRow
from backend.database.functions.stripe_events import EventState
from backend.database.protocol import SERVICE, Database, Person
from backend.database.rows import Row
from backend.schemas import MatchingPayments, Payment, PaymentStep, Timeline, WaitsFor


class AmountReading(TypedDict):
    """What a text means as an amount: minor units of `currency`."""

    currency: str
    amount: int


class EventOfPayment(Row):
    """A recorded event of Stripe's, or an answer to a check, without its fact."""

    id: str
    type: str
    state: EventState
    reason: str | None
    tries: int
    stripe_created_at: datetime
    received_at: datetime
    handled_at: datetime | None


class NotificationOfPayment(Row):
    """A notification about a payment, and how far its delivery is."""

    kind: str
    telegram_chat_id: int
    state: str
    tries: int
    reason: str | None
    created_at: datetime
    delivered_at: datetime | None


class OperatorTimeline(Row):
    """All that the database has of a payment: its row, steps, events and notifications."""

    payment: PaymentRow
    waits_for: WaitsFor | None
    steps: tuple[PaymentStep, ...]
    events: tuple[EventOfPayment, ...]
    notifications: tuple[NotificationOfPayment, ...]


async def find_payments(
    database: Database,
    actor: Person,
    *,
    organization_id: UUID,
    search_text: str,
    amounts: list[AmountReading],
    cursor: str | None = None,
    max_rows: int | None = None,
) -> MatchingPayments:
    """List what a text can mean of an organization's payments, newest first.

    A member gets only those that they began. Raises NotFound, BadCursor.
    """
    page = await database.call(
        "find_payments",
        actor,
        organization_id=organization_id,
        search_text=search_text,
        amounts=amounts,
        cursor=cursor,
        max_rows=max_rows,
    )
    return MatchingPayments.model_validate(page)


async def list_payments_named(database: Database, *, search_text: str, max_rows: int) -> list[UUID]:
    """List the payments of all organizations with a reference, an id of ours or of Stripe's."""
    ids: list[str] = await database.call(
        "list_payments_named", SERVICE, search_text=search_text, max_rows=max_rows
    )
    return [UUID(id) for id in ids]


async def get_payment_timeline(database: Database, actor: Person, *, payment_id: UUID) -> Timeline:
    """Read what happened to a payment. Raises NotFound, RoleTooLow."""
    row = await database.call("get_payment_timeline", actor, payment_id=payment_id)
    return Timeline.model_validate(row)


async def get_payment_of_caller(database: Database, actor: Person, *, payment_id: UUID) -> Payment:
    """Read a payment that the actor began or acts for. Raises NotFound, RoleTooLow."""
    row = await database.call("get_payment_of_caller", actor, payment_id=payment_id)
    return Payment.model_validate(row)


async def get_payment_for_operator(database: Database, *, payment_id: UUID) -> OperatorTimeline:
    """Read all that there is of a payment. Raises NotFound."""
    row = await database.call("get_payment_for_operator", SERVICE, payment_id=payment_id)
    return OperatorTimeline.model_validate(row)

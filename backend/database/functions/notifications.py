"""SQL functions of the outbox: notifications on their way to Telegram."""

from uuid import UUID

from backend.database.protocol import SERVICE, Database
from backend.database.rows import Row
from backend.schemas import Notification, NotificationOutcome


class FinishedNotificationRow(Row):
    """Whether the report of a delivery counted (`accepted`).

    `seconds_since_paid`: from the payment's credit to the first message to its payer that shows it,
    where this was that message.
    """

    accepted: bool
    seconds_since_paid: float | None = None


async def claim_notifications(database: Database, *, max_rows: int) -> list[Notification]:
    """Claim up to `max_rows` notifications that may be sent now, for 30 seconds.

    Telegram's limits are kept in SQL, for all bots together: 30 messages a second, in one chat one
    a second with bursts of three, in a group 20 a minute.
    https://core.telegram.org/bots/faq#my-bot-is-hitting-limits-how-do-i-avoid-this
    """
    rows = await database.call("claim_notifications", SERVICE, max_rows=max_rows)
    return [Notification.model_validate(row) for row in rows]


async def finish_notification(
    database: Database,
    *,
    notification_id: int,
    claim: UUID,
    outcome: NotificationOutcome,
    message_id: int | None = None,
    retry_after: float | None = None,
    new_chat_id: int | None = None,
    reason: str | None = None,
) -> FinishedNotificationRow:
    """Record the outcome of a claimed notification; nothing changes where the claim had run out.

    The arguments are those of `NotificationResult`; `retry_after` in seconds.
    """
    row = await database.call(
        "finish_notification",
        SERVICE,
        notification_id=notification_id,
        claim=claim,
        outcome=outcome,
        message_id=message_id,
        retry_after=retry_after,
        new_chat_id=new_chat_id,
        reason=reason,
    )
    return FinishedNotificationRow.model_validate(row)

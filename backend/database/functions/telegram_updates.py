"""What Telegram posts in webhook mode: stored, handled once, forgotten."""

from uuid import UUID

from backend.database.protocol import SERVICE, Database
from backend.database.rows import Row
from backend.schemas import ClaimedUpdate, Json


class ReceivedUpdateRow(Row):
    """`repeat`: the update was there already, and nothing changed."""

    repeat: bool


class ClaimedUpdatesRow(Row):
    """Updates to handle now, and the ids of those that were given up just now."""

    updates: list[ClaimedUpdate]
    given_up: tuple[int, ...]


class FinishedUpdateRow(Row):
    """`accepted`: the claim had not run out."""

    accepted: bool


async def receive_update(database: Database, *, body: Json) -> ReceivedUpdateRow:
    """Store one update; a repeat changes nothing.

    `body` is Telegram's object whole, which the bot reads: https://core.telegram.org/bots/api#update
    """
    return ReceivedUpdateRow.model_validate(
        await database.call("receive_update", SERVICE, body=body)
    )


async def claim_updates(
    database: Database, *, max_rows: int, takeover: bool = False
) -> ClaimedUpdatesRow:
    """Claim updates for 30 seconds, `max_rows` at most: one at a time per chat, oldest first.

    With `takeover` also those that another bot holds. What ran out five times is given up.
    """
    row = await database.call("claim_updates", SERVICE, max_rows=max_rows, takeover=takeover)
    return ClaimedUpdatesRow.model_validate(row)


async def finish_update(database: Database, *, update_id: int, claim: UUID) -> FinishedUpdateRow:
    """Write down that an update was handled, and forget what it says."""
    row = await database.call("finish_update", SERVICE, update_id=update_id, claim=claim)
    return FinishedUpdateRow.model_validate(row)


async def reject_update(database: Database, *, update_id: int, kind: str) -> None:
    """Give up an update that nobody can read, also one that was not stored.

    `kind` is its first field's name.
    """
    await database.call("reject_update", SERVICE, update_id=update_id, kind=kind)

"""SQL functions of Telegram's updates (stored, claimed, finished, erased) and of open questions."""

from uuid import UUID

from backend.database.protocol import SERVICE, Database
from backend.database.rows import Row
from backend.schemas import ClaimedUpdate, Json, OpenQuestion


class ReceivedUpdateRow(Row):
    """Whether the update was there already (`repeat`), so that nothing changed."""

    repeat: bool


class ClaimedUpdatesRow(Row):
    """Updates to handle now, and the ids of those that this call gave up."""

    updates: list[ClaimedUpdate]
    abandoned: tuple[int, ...]


class FinishedUpdateRow(Row):
    """Whether the claim was the update's latest, and not finished before (`accepted`)."""

    accepted: bool


async def receive_update(database: Database, *, body: Json) -> ReceivedUpdateRow:
    """Store an update; a repeat changes nothing.

    `body` is Telegram's whole object: https://core.telegram.org/bots/api#update
    """
    return ReceivedUpdateRow.model_validate(
        await database.call("receive_update", SERVICE, body=body)
    )


async def claim_updates(database: Database, *, max_rows: int) -> ClaimedUpdatesRow:
    """Claim up to `max_rows` updates for 30 seconds: one per chat at a time, oldest first.

    What another bot has claimed is its own until that time is over. One whose claim ran out five
    times is given up.
    """
    row = await database.call("claim_updates", SERVICE, max_rows=max_rows)
    return ClaimedUpdatesRow.model_validate(row)


async def finish_update(database: Database, *, update_id: int, claim: UUID) -> FinishedUpdateRow:
    """Mark an update as handled, and erase its text."""
    row = await database.call("finish_update", SERVICE, update_id=update_id, claim=claim)
    return FinishedUpdateRow.model_validate(row)


async def reject_update(database: Database, *, update_id: int, kind: str) -> None:
    """Give up an update that cannot be parsed, also one that was not stored.

    `kind` is the name of its first field beside `update_id`.
    """
    await database.call("reject_update", SERVICE, update_id=update_id, kind=kind)


async def store_question(
    database: Database, *, telegram_chat_id: int, question: Json | None = None
) -> None:
    """Store the open question of a private chat; None where none is open any more.

    Nothing is stored for a chat that is not known. `question` is a `schemas.Question`.
    """
    await database.call(
        "store_question", SERVICE, telegram_chat_id=telegram_chat_id, question=question
    )


async def get_question(database: Database, *, telegram_chat_id: int) -> OpenQuestion:
    """Return the question that was opened in a private chat within the last day."""
    row = await database.call("get_question", SERVICE, telegram_chat_id=telegram_chat_id)
    return OpenQuestion.model_validate(row)

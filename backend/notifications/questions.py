"""The open question of a chat, which the bot stores here because it stores nothing itself."""

from backend.database.functions import telegram_updates
from backend.database.protocol import Database
from backend.schemas import OpenQuestion


async def store_question(database: Database, chat_id: int, body: OpenQuestion) -> None:
    """Store the question that the next text in a private chat answers, or that there is none."""
    question = body.question.model_dump() if body.question else None
    await telegram_updates.store_question(database, telegram_chat_id=chat_id, question=question)


async def get_question(database: Database, chat_id: int) -> OpenQuestion:
    """Return the question that is open in a private chat."""
    return await telegram_updates.get_question(database, telegram_chat_id=chat_id)

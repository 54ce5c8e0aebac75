"""Open questions, stored at the backend, so that a restart of the bot forgets none."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import structlog

from bot.backend_api.errors import BackendError
from bot.telegram.context import SOON_SECONDS, BotContext

log = structlog.get_logger("bot")


@asynccontextmanager
async def storing_question(context: BotContext) -> AsyncIterator[None]:
    """Store the open question of a private chat where it is another after the block.

    Where the backend does not answer within SOON_SECONDS it stays in memory alone, and the chat's
    next update tries again.
    """
    try:
        yield
    finally:
        memory = context.memory
        question = memory.question
        if context.chat_id > 0 and question != memory.stored_question:
            try:
                async with asyncio.timeout(SOON_SECONDS):
                    await context.backend.store_question(context.chat_id, question)
                memory.stored_question = question
            except (BackendError, TimeoutError) as error:
                log.info("question_not_stored", reason=str(error) or "no answer in time")


async def restore_question(context: BotContext) -> None:
    """Read the open question of this chat, unless this process knows it. Raises BackendError."""
    memory = context.memory
    if memory.stored_question == "unknown":
        stored = await context.backend.get_question(context.chat_id)
        memory.question = memory.stored_question = stored

"""Replies survive one 429: Telegram says for how long to wait, and takes the repetition."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final, TypeVar

import structlog
from telegram.error import RetryAfter

from bot.telegram.reachability import reason_of, seconds

Answered = TypeVar("Answered")

log = structlog.get_logger("bot")

MAX_WAIT: Final = 30.0  # seconds; Telegram asks for more only of bots that did not wait


async def repeat_after_429(request: Callable[[], Awaitable[Answered]]) -> Answered:
    """Await a call to Telegram; after a 429 wait as long as it asks, and call once more.

    For what answers a person: the chat's other updates wait meanwhile. Notifications are not
    repeated here but by the backend, which keeps the rates. Raises TelegramError; RetryAfter for a
    second 429, and for one that asks to wait for more than MAX_WAIT.
    https://core.telegram.org/bots/api#responseparameters
    """
    try:
        return await request()
    except RetryAfter as error:
        pause = seconds(error.retry_after)
        if pause > MAX_WAIT:
            raise
        log.warning("reply_delayed", reason=reason_of(error), retry_in=pause)
        await asyncio.sleep(pause)
    return await request()

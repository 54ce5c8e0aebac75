"""From updates to handlers; every tap is answered exactly once."""

import time
from collections.abc import Callable, Coroutine, Sequence
from typing import Any, Final

import structlog
from telegram import CallbackQuery, Update
from telegram.constants import CallbackQueryLimit, ChatType
from telegram.error import BadRequest

from bot.locales import keys
from bot.telegram.context import BotContext, Handler, LastTap
from bot.telegram.questions import storing_question
from bot.telegram.retries import repeat_after_429

log = structlog.get_logger("bot")

DOUBLE_TAP_SECONDS: Final = 2.0
PRIVATE: Final = (ChatType.PRIVATE,)
GROUPS: Final = (ChatType.GROUP, ChatType.SUPERGROUP)

UpdateHandler = Callable[[Update, BotContext], Coroutine[Any, Any, None]]


def on_message(handle: Handler) -> UpdateHandler:
    """Return the update handler for messages that neither open nor answer a question."""

    async def handle_update(_update: Update, context: BotContext) -> None:
        await handle(context)

    return handle_update


def on_text(handle: Handler) -> UpdateHandler:
    """Return the update handler for texts that may answer the open question, which they leave."""

    async def handle_update(_update: Update, context: BotContext) -> None:
        async with storing_question(context):
            await handle(context)

    return handle_update


def on_command(handle: Handler) -> UpdateHandler:
    """Return the update handler for commands.

    It forgets an open question, so that no later text answers it.
    """

    async def handle_update(_update: Update, context: BotContext) -> None:
        async with storing_question(context):
            context.close_question()
            await handle(context)

    return handle_update


def on_tap(handle: Handler, chat_types: Sequence[ChatType] = PRIVATE) -> UpdateHandler:
    """Return the update handler for buttons in chats of these types; a double tap counts once.

    It forgets an open question, as a command does. Errors are answered by `errors.on_error`.
    """

    async def handle_update(update: Update, context: BotContext) -> None:
        if query := await first_tap(update, context, chat_types):
            async with storing_question(context):
                notice = await handle(context)
                remember_tap(query, context)
                await answer_tap(query, notice)

    return handle_update


async def first_tap(
    update: Update, context: BotContext, chat_types: Sequence[ChatType] = PRIVATE
) -> CallbackQuery | None:
    """Return the tap; None for one that is not to be handled, which is answered here.

    That is one of another chat type, or the second of two within DOUBLE_TAP_SECONDS.
    """
    if (query := update.callback_query) is None:
        return None
    if query.message is None or query.message.chat.type not in chat_types:
        await answer_tap(query, await explain_old_button(context))
        return None
    last_tap = context.memory.last_tap
    button = (context.speaker.id, context.message_id, query.data or "")
    is_same = last_tap is not None and last_tap[:3] == button
    if last_tap and is_same and time.monotonic() - last_tap.at < DOUBLE_TAP_SECONDS:
        await answer_tap(query, None)
        return None
    context.close_question()
    return query


def remember_tap(query: CallbackQuery, context: BotContext) -> None:
    """Record that a tap was handled, so that the second of two is ignored."""
    button = (context.speaker.id, context.message_id, query.data or "")
    context.memory.last_tap = LastTap(*button, time.monotonic())


async def answer_tap(query: CallbackQuery, notice: str | None, alert: bool = False) -> None:
    """Answer a tap with a notice or, with `alert`, a dialog; ignore that it comes too late."""
    text = notice and notice[: CallbackQueryLimit.ANSWER_CALLBACK_QUERY_TEXT_LENGTH]
    try:
        await repeat_after_429(lambda: query.answer(text, show_alert=alert))
    except BadRequest as error:
        log.info("tap_answer_expired", reason=error.message)


async def explain_old_button(context: BotContext) -> str:
    """Return the notice for a button that nothing handles: of an earlier version, or not ours."""
    return context.translator.text(keys.Notice.TOO_OLD)

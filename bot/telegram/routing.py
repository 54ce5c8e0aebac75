"""From Telegram's updates to our handlers. A tap is answered exactly once, whatever happens."""

import time
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from typing import Any, Final

import structlog
from telegram import CallbackQuery, Update
from telegram.constants import CallbackQueryLimit, ChatType
from telegram.error import BadRequest

from backend.schemas import Membership
from bot.organizations.membership import current, place_in
from bot.organizations.organization import organization_screen
from bot.telegram.context import BotContext, Handler, LastTap

log = structlog.get_logger("bot")

DOUBLE_TAP_SECONDS: Final = 2.0
PRIVATE: Final = (ChatType.PRIVATE,)
GROUPS: Final = (ChatType.GROUP, ChatType.SUPERGROUP)


UpdateHandler = Callable[[Update, BotContext], Coroutine[Any, Any, None]]


def written(handle: Handler) -> UpdateHandler:
    """For messages."""

    async def handle_update(_update: Update, context: BotContext) -> None:
        await handle(context)

    return handle_update


def command(handle: Handler) -> UpdateHandler:
    """For commands: what was asked before is forgotten, so that no later words answer it."""

    async def handle_update(_update: Update, context: BotContext) -> None:
        context.memory.question = None
        await handle(context)

    return handle_update


def at_home(act: Callable[[Membership, BotContext], Awaitable[None]]) -> Handler:
    """What is done in the organization that a button names, or else in the current one.

    Who has none is told how to get into one.
    """

    async def handle(context: BotContext) -> None:
        me = await context.introduce()
        named = context.part("organization")
        if place := place_in(me, context.id("organization")) if named else current(me):
            await act(place, context)
        else:
            await context.reply(organization_screen(me, context.words))

    return handle


def tapped(handle: Handler, where: Sequence[ChatType] = PRIVATE) -> UpdateHandler:
    """For buttons, in private unless said otherwise. Somebody's two taps on one button are one.

    As with a command, what was asked before is forgotten. What goes wrong is answered by `errors`.
    """

    async def handle_update(update: Update, context: BotContext) -> None:
        if query := await first_tap(update, context, where):
            notice = await handle(context)
            acted_on(query, context)
            await answer(query, notice)

    return handle_update


async def first_tap(
    update: Update, context: BotContext, where: Sequence[ChatType] = PRIVATE
) -> CallbackQuery | None:
    """The tap; None where nothing is to be done for it, and then it is answered."""
    if (query := update.callback_query) is None:
        return None
    if query.message is None or query.message.chat.type not in where:
        await answer(query, await too_old(context))
        return None
    last = context.memory.last_tap
    button = (context.speaker.id, context.message_id, query.data or "")
    if last and last[:3] == button and time.monotonic() - last.at < DOUBLE_TAP_SECONDS:
        await answer(query, None)
        return None
    context.memory.question = None
    return query


def acted_on(query: CallbackQuery, context: BotContext) -> None:
    """Remember what was done, so that the second of two taps does nothing."""
    button = (context.speaker.id, context.message_id, query.data or "")
    context.memory.last_tap = LastTap(*button, time.monotonic())


async def answer(query: CallbackQuery, notice: str | None, alert: bool = False) -> None:
    """Answer a tap with a line that passes, or (`alert`) a box to close. Too late is no harm."""
    text = notice and notice[: CallbackQueryLimit.ANSWER_CALLBACK_QUERY_TEXT_LENGTH]
    try:
        await query.answer(text, show_alert=alert)
    except BadRequest as error:
        log.info("tap_answered_too_late", reason=error.message)


async def too_old(context: BotContext) -> str:
    """A button that nothing knows: from an earlier version, or not one of ours."""
    return context.words.plain("notice.too_old")

"""Taps that move money, or bind it: only while whoever tapped is there.

Telegram keeps a tap for a day while the bot is away. It takes the answer to one only for some
seconds, and so says whether anybody still waits: https://core.telegram.org/bots/api#answercallbackquery.
"""

import asyncio
from html import escape
from typing import Final, NamedTuple

import structlog
from telegram import CallbackQuery, Update
from telegram.error import BadRequest, RetryAfter, TelegramError

from bot.telegram.context import BotContext, Handler
from bot.telegram.errors import explain
from bot.telegram.reachability import SHORTEST_PAUSE, reason_of, seconds
from bot.telegram.routing import UpdateHandler, acted_on, first_tap
from bot.telegram.screens import Screen

log = structlog.get_logger("bot")

LONGEST_WAIT: Final = 10.0  # seconds; after more, nobody waits for the answer


class MoneyTap(NamedTuple):
    """What a button does, and what is shown in place of that when the tap came too late."""

    act: Handler
    ask_again: Handler


def while_present(tap: MoneyTap) -> UpdateHandler:
    """For buttons that move money: Telegram is answered first, and only its yes lets it move.

    What goes wrong after that is said in a message: a tap is answered once.
    """

    async def handle_update(update: Update, context: BotContext) -> None:
        if (query := await first_tap(update, context)) is None:
            return
        is_there = await is_present(query)
        try:
            notice = await (tap.act if is_there else tap.ask_again)(context)
        except Exception as error:
            notice = explain(error, context.words)
        else:
            if is_there:  # who is asked again may tap at once
                acted_on(query, context)
        if notice:
            await context.reply(Screen(escape(notice, quote=False)))

    return handle_update


async def is_present(query: CallbackQuery) -> bool:
    """Answer the tap; whether Telegram confirms that somebody waits for that.

    A lost answer of Telegram's is asked for once more: where the first one had arrived, that is
    refused, and nothing moves.
    """
    for tries_left in (1, 0):
        try:
            return bool(await query.answer())
        except BadRequest as error:
            log.warning("tap_came_too_late", reason=reason_of(error))
            return False
        except RetryAfter as error:
            reason, pause = reason_of(error), seconds(error.retry_after)
        except TelegramError as error:
            reason, pause = reason_of(error), SHORTEST_PAUSE
        if not tries_left or pause > LONGEST_WAIT:
            break
        await asyncio.sleep(pause)
    log.warning("tap_not_confirmed", reason=reason)
    return False

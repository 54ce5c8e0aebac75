"""Taps that move money, or bind it: only while whoever tapped is there.

Telegram keeps a tap for a day while the bot is away. It takes the answer to one only for some
seconds, and so says whether anybody still waits: https://core.telegram.org/bots/api#answercallbackquery.

A tap that was acted on may come too late as well: it is handed out twice, its first delivery
answered it, and the process died. So whoever shows the question again asks first what began under
the tap's key, or how things stand.
"""

import asyncio
from dataclasses import replace
from html import escape
from typing import Final, NamedTuple

import structlog
from telegram import CallbackQuery, Update
from telegram.error import BadRequest, RetryAfter, TelegramError

from bot.locales import keys
from bot.locales.translator import Translator
from bot.telegram.context import BotContext, Handler
from bot.telegram.errors import explain
from bot.telegram.reachability import MIN_PAUSE, reason_of, seconds
from bot.telegram.routing import UpdateHandler, first_tap, remember_tap
from bot.telegram.screens import Screen

log = structlog.get_logger("bot")

MAX_WAIT: Final = 10.0  # seconds; after more, nobody waits for the answer


class MoneyTap(NamedTuple):
    """What a button does, and what is shown in place of that when the tap came too late."""

    act: Handler
    act_late: Handler


def on_money_tap(tap: MoneyTap) -> UpdateHandler:
    """Return the update handler for buttons that move money.

    Telegram is answered first, and only its yes lets money move. What goes wrong after that is
    written in a message: a tap is answered once.
    """

    async def handle_update(update: Update, context: BotContext) -> None:
        if (query := await first_tap(update, context)) is None:
            return
        is_waiting = await is_present(query)
        try:
            notice = await (tap.act if is_waiting else tap.act_late)(context)
        except Exception as error:
            notice = explain(error, context.translator)
        else:
            if is_waiting:  # who is asked again may tap at once
                remember_tap(query, context)
        if notice:
            await context.reply(Screen(escape(notice, quote=False)))

    return handle_update


async def is_present(query: CallbackQuery) -> bool:
    """Answer the tap; return whether Telegram confirms that somebody waits for that.

    A lost answer of Telegram's is asked for once more: where the first one had arrived, that is
    refused, and nothing moves.
    """
    for tries_left in (1, 0):
        try:
            return bool(await query.answer())
        except BadRequest as error:
            log.warning("tap_expired", reason=reason_of(error))
            return False
        except RetryAfter as error:
            reason, pause = reason_of(error), seconds(error.retry_after)
        except TelegramError as error:
            reason, pause = reason_of(error), MIN_PAUSE
        if not tries_left or pause > MAX_WAIT:
            break
        await asyncio.sleep(pause)
    log.warning("tap_not_confirmed", reason=reason)
    return False


def late_screen(screen: Screen, translator: Translator) -> Screen:
    """Return the question again, below a sentence that says why it is asked again."""
    return replace(screen, text=f"{translator.html(keys.LateTap.TOO_LATE)}\n\n{screen.text}")

"""Taps that move money or bind it: handled only while the person waits for the answer.

Telegram keeps a tap for a day while the bot is away, but accepts an answer to it for some seconds
only; so its reply says whether the person still waits:
https://core.telegram.org/bots/api#answercallbackquery.

A late tap may have been handled before: it is delivered twice when the process ended after its
first delivery was answered. So the handler of a late tap first reads what was started under the
tap's key, or the current state, and shows the question again only where nothing happened.
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
from bot.telegram.questions import storing_question
from bot.telegram.reachability import MIN_PAUSE, reason_of, seconds
from bot.telegram.routing import UpdateHandler, first_tap, remember_tap
from bot.telegram.screens import Screen

log = structlog.get_logger("bot")

MAX_WAIT: Final = 10.0  # seconds; longer than that nobody waits for the answer


class MoneyTap(NamedTuple):
    """The handler of a button that moves money, and the one for a tap that came too late."""

    act: Handler
    act_late: Handler


def on_money_tap(tap: MoneyTap) -> UpdateHandler:
    """Return the update handler of a button that moves money.

    The tap is answered first, and money moves only where Telegram accepts the answer. A tap can be
    answered once, so later errors are sent as a message.
    """

    async def handle_update(update: Update, context: BotContext) -> None:
        if (query := await first_tap(update, context)) is None:
            return
        is_waiting = await is_present(query)
        try:
            async with storing_question(context):
                notice = await (tap.act if is_waiting else tap.act_late)(context)
        except Exception as error:
            notice = explain(error, context.translator)
        else:
            if is_waiting:  # after a late tap the question may be tapped at once
                remember_tap(query, context)
        if notice:
            await context.reply(Screen(escape(notice, quote=False)))

    return handle_update


async def is_present(query: CallbackQuery) -> bool:
    """Answer the tap; return whether Telegram confirms that somebody waits for it.

    Where Telegram's reply is lost, it is sent once more: if the first had arrived, the second is
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
    """Return the question again, below a sentence that says why."""
    return replace(screen, text=f"{translator.html(keys.LateTap.TOO_LATE)}\n\n{screen.text}")

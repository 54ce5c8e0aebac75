"""Errors of handlers: what is logged, and the sentence that the person reads.

A refusal is one line in the log and a sentence; a crash is one traceback and an apology.
"""

from collections.abc import Awaitable
from typing import TypeVar

import structlog
from telegram import Update
from telegram.constants import ChatType
from telegram.error import (
    BadRequest,
    Forbidden,
    InvalidToken,
    NetworkError,
    RetryAfter,
    TelegramError,
)

from bot.backend_api.errors import BackendRefusal, BackendUnavailable
from bot.locales import keys
from bot.locales.translator import Translator
from bot.telegram.context import BotContext
from bot.telegram.reachability import reason_of
from bot.telegram.refusals import BotRefusal, refusal_sentence
from bot.telegram.routing import answer_tap
from bot.telegram.screens import Screen

Answer = TypeVar("Answer")

log = structlog.get_logger("bot")


async def on_error(update: object, context: BotContext) -> None:
    """Answer the person whose update ended in an error; it is the application's error handler."""
    sentence = explain(context.error, context.translator)
    if not isinstance(update, Update):
        return
    try:
        if update.callback_query:
            await answer_tap(update.callback_query, sentence, alert=sentence is not None)
        elif sentence and update.message and update.message.chat.type == ChatType.PRIVATE:
            await context.reply(Screen(sentence))
    except TelegramError as error:
        log.warning("error_not_delivered", reason=reason_of(error))


def explain(error: Exception | None, translator: Translator) -> str | None:
    """Log an error once; return the sentence for the person, or None where they get none."""
    match error:
        case BackendRefusal():
            log.info("request_refused", code=error.code, request_id=error.request_id)
            return refusal_sentence(error, translator)
        case BotRefusal():
            log.info("bot_refused", sentence=error.key.name)
            admin = translator.text(keys.RoleName.ADMIN)
            return translator.text(error.key, role=admin, **error.facts)
        case BackendUnavailable():
            log.warning("backend_unavailable", reason=str(error))
            return translator.text(keys.Refusal.UNREACHABLE)
        case Forbidden():
            log.info("telegram_refused", reason=reason_of(error))
            return None
        case RetryAfter():  # the second, or one that is too long: more messages would prolong it
            log.warning("reply_given_up", reason=reason_of(error))
            return None
        case InvalidToken() | NetworkError() if not isinstance(error, BadRequest):
            log.warning("telegram_unavailable", reason=reason_of(error))
            return translator.text(keys.Refusal.TELEGRAM_SLOW)
        case _:
            log.error("update_crashed", exc_info=error)
            return translator.text(keys.Refusal.CRASHED)


async def unless_unclear(request: Awaitable[Answer]) -> Answer:
    """Await a call of the backend that may charge, or that refetches a charge from Stripe.

    Raises BotRefusal where Stripe did not answer the backend: whether something was charged is
    unknown then, and the sentence says so.
    """
    try:
        return await request
    except BackendRefusal as refusal:
        if refusal.code != "stripe_unavailable":
            raise
        raise BotRefusal(keys.Refusal.UNCLEAR) from refusal

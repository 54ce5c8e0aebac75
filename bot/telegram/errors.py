"""When something goes wrong, and what the person reads then: nothing of the inside.

A refusal is one log line and a plain sentence; a crash is one traceback and an apology.
"""

from collections.abc import Awaitable
from math import ceil

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

from bot.amounts import amount_facts
from bot.backend_api.errors import BackendRefusal, BackendUnavailable
from bot.backend_api.transport import Answer
from bot.locales.texts import Fact, Words
from bot.telegram.context import BotContext, BotRefusal
from bot.telegram.reachability import reason_of
from bot.telegram.routing import answer
from bot.telegram.screens import Screen

log = structlog.get_logger("bot")


async def on_error(update: object, context: BotContext) -> None:
    """The application's one error handler."""
    sentence = explain(context.error, context.words)
    if not isinstance(update, Update):
        return
    try:
        if update.callback_query:
            await answer(update.callback_query, sentence, alert=sentence is not None)
        elif sentence and update.message and update.message.chat.type == ChatType.PRIVATE:
            await context.reply(Screen(sentence))
    except TelegramError as error:
        log.warning("error_not_told", reason=reason_of(error))


def explain(error: Exception | None, words: Words) -> str | None:
    """Log an error, once; answer what to tell the person, if they can be told."""
    match error:
        case BackendRefusal():
            log.info("refused", code=error.code, request_id=error.request_id)
            return refusal_sentence(error, words)
        case BotRefusal():
            log.info("refused_here", sentence=error.key)
            return words.plain(error.key, role=words.plain("role.admin"), **error.facts)
        case BackendUnavailable():
            log.warning("backend_unavailable", reason=str(error))
            return words.plain("refusal.unreachable")
        case Forbidden() | RetryAfter():
            log.info("telegram_refused", reason=reason_of(error))
            return None
        case InvalidToken() | NetworkError() if not isinstance(error, BadRequest):
            log.warning("telegram_unavailable", reason=reason_of(error))
            return words.plain("refusal.telegram_slow")
        case _:
            log.error("crashed", exc_info=error)
            return words.plain("refusal.crashed")


async def unless_unclear(asked: Awaitable[Answer]) -> Answer:
    """What the backend answers to what may charge, or ask of a charge.

    Raises BotRefusal where Stripe did not answer it: then nobody knows, and nobody says otherwise.
    """
    try:
        return await asked
    except BackendRefusal as refusal:
        if refusal.code != "stripe_unavailable":
            raise
        raise BotRefusal("refusal.unclear") from refusal


def refusal_sentence(refusal: BackendRefusal, words: Words) -> str:
    """The plain sentence for a refusal's code, with what to do next."""
    unknown = "refusal.other" if refusal.status < 500 else "refusal.unreachable"
    try:
        what = refusal.facts.get("what")
        key = words.first(f"refusal.{refusal.code}_{what}", f"refusal.{refusal.code}", unknown)
        return words.plain(key, **_facts(refusal.facts, words))
    except (KeyError, ValueError, ArithmeticError):
        log.warning("refusal_without_its_facts", code=refusal.code, facts=refusal.facts)
        return words.plain(unknown)


def _facts(said: dict[str, str], words: Words) -> dict[str, Fact]:
    facts = amount_facts(said)
    for name, value in said.items():
        match name:
            case "retry_after":
                facts["count"] = ceil(float(value))
            case "role":
                facts[name] = words.plain(f"role.{value}")
            case "status":
                facts[name] = words.plain(f"status.{value}")
    return facts

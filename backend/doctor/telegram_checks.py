"""The check of Telegram: whether it knows the bot, and where it sends updates."""

import time
from typing import Generic, TypeVar

import aiohttp
from pydantic import BaseModel, ValidationError

from backend.doctor.finding import Findings, new_finding
from backend.settings import Settings, TelegramSettings

TIMEOUT = aiohttp.ClientTimeout(total=10)
MANY_UPDATES = 20
AN_HOUR = 3600
POLLS = "whoever polls"


class BotUser(BaseModel):
    """The bot itself: https://core.telegram.org/bots/api#user."""

    username: str


class WebhookInfo(BaseModel):
    """Where updates go: https://core.telegram.org/bots/api#webhookinfo.

    `url` is "" where the bot polls. `last_error_date` in seconds since 1970, 0 where none failed.
    """

    url: str
    pending_update_count: int
    last_error_date: int = 0
    last_error_message: str = ""


Result = TypeVar("Result", bound=BaseModel)


class BotApiAnswer(BaseModel, Generic[Result]):
    """What every method answers; a refusal has no `result`."""

    ok: bool
    result: Result | None = None


async def check_telegram(_chosen: Settings) -> Findings:
    """Check the bot's token and its webhook. Only this check uses the token."""
    chosen = TelegramSettings()
    if chosen.telegram_bot_token is None:
        yield new_finding("telegram.not_looked_at")
        return
    if lacking := missing_in_legal_texts(chosen):
        yield new_finding("telegram.operator_not_named", names=" and ".join(lacking))
    me = await call_bot_api(chosen, "getMe", BotApiAnswer[BotUser])
    if me is None:
        yield new_finding("telegram.silent")
        return
    if me.result is None:
        yield new_finding("telegram.unknown")
        return
    yield new_finding("telegram.answers", username=me.result.username)
    webhook = await call_bot_api(chosen, "getWebhookInfo", BotApiAnswer[WebhookInfo])
    if webhook is None or webhook.result is None:
        yield new_finding("telegram.does_not_say")
        return
    info = webhook.result
    current_url, expected_url = info.url or POLLS, chosen.telegram_webhook_url or POLLS
    verdict = "telegram.right" if current_url == expected_url else "telegram.elsewhere"
    yield new_finding(verdict, now=current_url, wanted=expected_url)
    if info.pending_update_count > MANY_UPDATES:
        yield new_finding("telegram.waiting", number=info.pending_update_count)
    if time.time() - info.last_error_date < AN_HOUR:
        yield new_finding("telegram.delivery_failed", reason=info.last_error_message)


def missing_in_legal_texts(chosen: TelegramSettings) -> list[str]:
    """Return the settings that our texts of /privacy and /terms lack; an operator's need none."""
    if chosen.legal_texts:
        return []
    contact = chosen.operator_contact or chosen.support_contact
    named = {"OPERATOR_NAME": chosen.operator_name, "OPERATOR_CONTACT": contact}
    return [name for name, value in named.items() if not value]


async def call_bot_api(
    chosen: TelegramSettings, method: str, model: type[BotApiAnswer[Result]]
) -> BotApiAnswer[Result] | None:
    """Call a method of the Bot API; None if there was no answer, or none as documented.

    The URL contains the token, so no error with it is raised or logged.
    https://core.telegram.org/bots/api#making-requests
    """
    token = chosen.telegram_bot_token
    url = f"{chosen.telegram_api_base}/bot{token.get_secret_value() if token else ''}/{method}"
    try:
        async with aiohttp.ClientSession(timeout=TIMEOUT) as http, http.get(url) as answer:
            return model.model_validate_json(await answer.read())
    except (aiohttp.ClientError, TimeoutError, ValidationError):
        return None

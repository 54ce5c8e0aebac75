"""The check of Telegram: whether it knows the bot, and where it sends updates."""

import time

import aiohttp

from backend.doctor.finding import Findings, new_finding
from backend.schemas import Json
from backend.settings import Settings, TelegramSettings

TIMEOUT = aiohttp.ClientTimeout(total=10)
MANY_UPDATES = 20
AN_HOUR = 3600
POLLS = "whoever polls"


async def check_telegram(_chosen: Settings) -> Findings:
    """Check the bot's token and its webhook. Only this check uses the token."""
    chosen = TelegramSettings()
    if chosen.telegram_bot_token is None:
        yield new_finding("telegram.not_looked_at")
        return
    if lacking := missing_in_legal_texts(chosen):
        yield new_finding("telegram.operator_not_named", names=" and ".join(lacking))
    me = await call_bot_api(chosen, "getMe")
    if me is None or not me["ok"]:
        yield new_finding("telegram.silent" if me is None else "telegram.unknown")
        return
    yield new_finding("telegram.answers", username=me["result"]["username"])
    webhook_answer = await call_bot_api(chosen, "getWebhookInfo")
    if webhook_answer is None or not webhook_answer["ok"]:
        yield new_finding("telegram.does_not_say")
        return
    info = webhook_answer["result"]
    current_url, expected_url = info["url"] or POLLS, chosen.telegram_webhook_url or POLLS
    verdict = "telegram.right" if current_url == expected_url else "telegram.elsewhere"
    yield new_finding(verdict, now=current_url, wanted=expected_url)
    if (waiting := info["pending_update_count"]) > MANY_UPDATES:
        yield new_finding("telegram.waiting", number=waiting)
    if time.time() - info.get("last_error_date", 0) < AN_HOUR:
        yield new_finding("telegram.delivery_failed", reason=info["last_error_message"])


def missing_in_legal_texts(chosen: TelegramSettings) -> list[str]:
    """Return the settings that our texts of /privacy and /terms lack; an operator's need none."""
    if chosen.legal_texts:
        return []
    contact = chosen.operator_contact or chosen.support_contact
    named = {"OPERATOR_NAME": chosen.operator_name, "OPERATOR_CONTACT": contact}
    return [name for name, value in named.items() if not value]


async def call_bot_api(chosen: TelegramSettings, method: str) -> Json | None:
    """Call a method of the Bot API; None if there was no answer.

    The URL contains the token, so no error with it is raised or logged.
    https://core.telegram.org/bots/api#making-requests
    """
    token = chosen.telegram_bot_token
    url = f"{chosen.telegram_api_base}/bot{token.get_secret_value() if token else ''}/{method}"
    try:
        async with aiohttp.ClientSession(timeout=TIMEOUT) as http, http.get(url) as answer:
            body: Json = await answer.json()
            return body
    except (aiohttp.ClientError, TimeoutError, ValueError):
        return None

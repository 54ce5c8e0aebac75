"""Telegram: whether it knows the bot, and where it takes what people do."""

import time

import aiohttp

from backend.doctor.finding import Findings, found
from backend.schemas import Json
from backend.settings import Settings, TelegramSettings

PATIENCE = aiohttp.ClientTimeout(total=10)
MANY_UPDATES = 20
AN_HOUR = 3600
POLLS = "whoever polls"


async def telegram(_chosen: Settings) -> Findings:
    """What Telegram says about the bot. The backend has no use for the token; only this has."""
    chosen = TelegramSettings()
    if chosen.telegram_bot_token is None:
        yield found("telegram.not_looked_at")
        return
    me = await ask_telegram(chosen, "getMe")
    if me is None or not me["ok"]:
        yield found("telegram.silent" if me is None else "telegram.unknown")
        return
    yield found("telegram.answers", username=me["result"]["username"])
    told = await ask_telegram(chosen, "getWebhookInfo")
    if told is None or not told["ok"]:
        yield found("telegram.does_not_say")
        return
    info = told["result"]
    now, wanted = info["url"] or POLLS, chosen.telegram_webhook_url or POLLS
    verdict = "telegram.right" if now == wanted else "telegram.elsewhere"
    yield found(verdict, now=now, wanted=wanted)
    if (waiting := info["pending_update_count"]) > MANY_UPDATES:
        yield found("telegram.waiting", number=waiting)
    if time.time() - info.get("last_error_date", 0) < AN_HOUR:
        yield found("telegram.delivery_failed", reason=info["last_error_message"])


async def ask_telegram(chosen: TelegramSettings, method: str) -> Json | None:
    """The Bot API's answer; None where nobody gave one. The address holds the token: never told."""
    token = chosen.telegram_bot_token
    url = f"{chosen.telegram_api_base}/bot{token.get_secret_value() if token else ''}/{method}"
    try:
        async with aiohttp.ClientSession(timeout=PATIENCE) as http, http.get(url) as answer:
            said: Json = await answer.json()
            return said
    except (aiohttp.ClientError, TimeoutError, ValueError):
        return None

"""Telegram: whether it knows the bot, and where it takes what people do."""

import time
from typing import Any

import aiohttp

from backend.doctor.finding import Finding, Findings
from backend.settings import Settings, TelegramSettings

Json = dict[str, Any]

PATIENCE = aiohttp.ClientTimeout(total=10)
MANY_UPDATES = 20
AN_HOUR = 3600


async def telegram(_chosen: Settings) -> Findings:
    """What Telegram says about the bot. The backend has no use for the token; only this has."""
    chosen = TelegramSettings()
    if chosen.telegram_bot_token is None:
        yield Finding("ok", "telegram", "not looked at: TELEGRAM_BOT_TOKEN is not set here")
        return
    me = await ask_telegram(chosen, "getMe")
    if me is None:
        yield Finding(
            "error", "telegram", "Telegram does not answer", "Is TELEGRAM_API_BASE right?"
        )
        return
    if not me["ok"]:
        yield Finding(
            "error", "telegram", "Telegram knows no such bot",
            "Copy TELEGRAM_BOT_TOKEN again from @BotFather.",
        )  # fmt: skip
        return
    yield Finding("ok", "telegram", f"the bot is @{me['result']['username']}")
    told = await ask_telegram(chosen, "getWebhookInfo")
    if told is None or not told["ok"]:
        yield Finding("error", "telegram", "Telegram does not say where updates go", "Try again.")
        return
    info = told["result"]
    wanted = chosen.telegram_webhook_url or ""
    if info["url"] != wanted:
        yield Finding(
            "error", "telegram", f"updates go to {info['url'] or 'whoever polls'}, and should go to"
            f" {wanted or 'whoever polls'}", "Start `python -m bot`: it sets this by itself.",
        )  # fmt: skip
    else:
        yield Finding("ok", "telegram", f"updates go to {wanted or 'whoever polls'}")
    if (waiting := info["pending_update_count"]) > MANY_UPDATES:
        yield Finding(
            "warning", "telegram", f"{waiting} updates wait", "Is `python -m bot` running?"
        )
    if time.time() - info.get("last_error_date", 0) < AN_HOUR:
        yield Finding(
            "warning", "telegram", f"the last delivery failed: {info['last_error_message']}",
            "Compare TELEGRAM_WEBHOOK_URL and TELEGRAM_WEBHOOK_SECRET of bot and backend.",
        )  # fmt: skip


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

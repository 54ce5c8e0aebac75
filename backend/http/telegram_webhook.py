"""Telegram's door: what people did."""

import hmac

from aiohttp import web

from backend.errors import Unauthorized
from backend.http.requests import SERVICES, SETTINGS
from backend.notifications import telegram_updates


async def receive_update(request: web.Request) -> web.Response:
    """POST /telegram/webhook: 200 once it is stored, or recorded as unreadable.

    5xx makes Telegram send it again. Without a secret the bot polls, and nobody may post.
    https://core.telegram.org/bots/api#setwebhook
    """
    secret = request.app[SETTINGS].telegram_webhook_secret
    header_secret = request.headers.get("X-Telegram-Bot-Api-Secret-Token", "")
    expected = secret.get_secret_value().encode() if secret else b""
    if not secret or not hmac.compare_digest(header_secret.encode(errors="replace"), expected):
        raise Unauthorized("Only Telegram may post here.")
    try:
        raw = await request.read()
    except web.HTTPRequestEntityTooLarge:  # far above what Telegram sends; it would come again
        await telegram_updates.record_unreadable(request.app[SERVICES], None, "too_large")
    else:
        await telegram_updates.receive_update(request.app[SERVICES], raw)
    return web.Response()

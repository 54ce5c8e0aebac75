"""POST /telegram/webhook: updates in webhook mode."""

import hmac

from aiohttp import web

from backend.errors import Unauthorized
from backend.http.requests import SERVICES, SETTINGS
from backend.notifications import telegram_updates


async def receive_update(request: web.Request) -> web.Response:
    """Answer Telegram's webhook: 200 once the update is stored, or recorded as unreadable.

    5xx makes Telegram send it again. Raises Unauthorized without the secret that was set with the
    webhook, and always where none is configured (the bot polls).
    https://core.telegram.org/bots/api#setwebhook
    """
    secret = request.app[SETTINGS].telegram_webhook_secret
    header_secret = request.headers.get("X-Telegram-Bot-Api-Secret-Token", "")
    expected = secret.get_secret_value().encode() if secret else b""
    if not secret or not hmac.compare_digest(header_secret.encode(errors="replace"), expected):
        raise Unauthorized("Only Telegram may post here.")
    try:
        raw = await request.read()
    except web.HTTPRequestEntityTooLarge:  # recorded: Telegram would send a refused one again
        await telegram_updates.record_unreadable(request.app[SERVICES], None, "too_large")
    else:
        await telegram_updates.receive_update(request.app[SERVICES], raw)
    return web.Response()

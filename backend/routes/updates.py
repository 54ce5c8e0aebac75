"""Telegram's door, and the bot's own: what people did, and that it was handled."""

import hmac

from aiohttp import web

from backend import updates
from backend.auth import require_bot
from backend.errors import Unauthorized
from backend.routes.door import SHOP, body, number_in_path, said, waiting
from backend.schemas import ClaimedUpdates, UpdateHandled

TELEGRAM_SECRET = web.AppKey("telegram_secret", str)  # empty: the bot polls, and nobody may post


async def receive(request: web.Request) -> web.Response:
    """POST /telegram/webhook: 200 once it is stored; 5xx makes Telegram send it again.

    https://core.telegram.org/bots/api#setwebhook
    """
    secret = request.app[TELEGRAM_SECRET]
    given = request.headers.get("X-Telegram-Bot-Api-Secret-Token", "")
    if not secret or not hmac.compare_digest(given.encode(errors="replace"), secret.encode()):
        raise Unauthorized("Only Telegram may post here.")
    await updates.receive(request.app[SHOP], await request.read())
    return web.Response()


async def claim(request: web.Request) -> web.Response:
    """POST /internal/updates/claim?wait=&takeover= -> ClaimedUpdates."""
    require_bot(request)
    takeover = request.query.get("takeover") == "true"
    found = await updates.claim(request.app[SHOP], takeover, *waiting(request))
    return said(ClaimedUpdates(updates=found))


async def finish(request: web.Request) -> web.Response:
    """POST /internal/updates/{id}/handled: UpdateHandled -> 204."""
    require_bot(request)
    handled = await body(request, UpdateHandled)
    await updates.finish(request.app[SHOP], number_in_path(request), handled.claim)
    return web.Response(status=204)

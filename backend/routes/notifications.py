"""The bot's own door: what to tell, and what became of it."""

from aiohttp import web

from backend import outbox
from backend.auth import require_bot
from backend.routes.door import SHOP, body, number_in_path, said, waiting
from backend.schemas import ClaimedNotifications, NotificationResult


async def claim(request: web.Request) -> web.Response:
    """POST /internal/notifications/claim?wait= -> ClaimedNotifications."""
    require_bot(request)
    shop = request.app[SHOP]
    found = await outbox.claim(shop.database, shop.bell, *waiting(request))
    return said(ClaimedNotifications(notifications=found))


async def finish(request: web.Request) -> web.Response:
    """POST /internal/notifications/{id}/result: NotificationResult -> 204."""
    require_bot(request)
    result = await body(request, NotificationResult)
    shop = request.app[SHOP]
    await outbox.finish(shop.database, shop.metrics, number_in_path(request), result)
    shop.bell.ring()
    return web.Response(status=204)

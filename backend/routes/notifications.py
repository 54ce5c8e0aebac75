"""The bot's own door: what to tell, and what became of it."""

from aiohttp import web

from backend import outbox
from backend.auth import require_bot
from backend.errors import BadRequest
from backend.routes.door import CLOSING, SHOP, body, said
from backend.schemas import ClaimedNotifications, NotificationResult

LONGEST_WAIT_SECONDS = 30.0


async def claim(request: web.Request) -> web.Response:
    """POST /internal/notifications/claim?wait= -> ClaimedNotifications."""
    require_bot(request)
    try:
        wait = min(max(float(request.query.get("wait", "0")), 0), LONGEST_WAIT_SECONDS)
    except ValueError:
        raise BadRequest("wait is a number of seconds.") from None
    shop, closing = request.app[SHOP], request.app[CLOSING]

    def wanted() -> bool:
        return not closing.is_set() and request.transport is not None

    found = await outbox.claim(shop.database, shop.bell, wait, wanted)
    return said(ClaimedNotifications(notifications=found))


async def finish(request: web.Request) -> web.Response:
    """POST /internal/notifications/{id}/result: NotificationResult -> 204."""
    require_bot(request)
    number = request.match_info["id"]
    if not (number.isascii() and number.isdigit() and len(number) <= 18):
        raise BadRequest("The id in the path is not a number.")
    result = await body(request, NotificationResult)
    shop = request.app[SHOP]
    await outbox.finish(shop.database, shop.metrics, int(number), result)
    shop.bell.ring()
    return web.Response(status=204)

"""The bot's own door to say in which Telegram groups it is."""

from aiohttp import web

from backend import groups
from backend.auth import require_bot
from backend.routes.door import SHOP, body, chat_id, said
from backend.schemas import GroupNews


async def hear(request: web.Request) -> web.Response:
    """POST /internal/groups/{chat_id}: GroupNews -> Group."""
    require_bot(request)
    news = await body(request, GroupNews)
    return said(await groups.hear(request.app[SHOP].database, chat_id(request), news))

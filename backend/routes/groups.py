"""Telegram groups: the bot's own door to say where it is, and people's to decide and to ask.

A group is named by its Telegram chat id, which is a negative number.
"""

from aiohttp import web

from backend import groups
from backend.auth import acting_user, require_bot
from backend.routes.door import SHOP, body, said
from backend.schemas import GroupNews, GroupPermissions, GroupTie


def chat_id(request: web.Request) -> int:
    """The path's group; the route lets only a number through."""
    return int(request.match_info["chat_id"])


async def hear(request: web.Request) -> web.Response:
    """POST /internal/groups/{chat_id}: GroupNews -> Group."""
    require_bot(request)
    news = await body(request, GroupNews)
    return said(await groups.hear(request.app[SHOP].database, chat_id(request), news))


async def show(request: web.Request) -> web.Response:
    """GET /api/groups/{chat_id} -> Group."""
    actor = acting_user(request)
    return said(await groups.show(request.app[SHOP].database, actor, chat_id(request)))


async def tie(request: web.Request) -> web.Response:
    """PUT /api/groups/{chat_id}: GroupTie -> Group."""
    actor, wanted = acting_user(request), await body(request, GroupTie)
    return said(await groups.tie(request.app[SHOP].database, actor, chat_id(request), wanted))


async def allow(request: web.Request) -> web.Response:
    """PATCH /api/groups/{chat_id}: GroupPermissions -> Group."""
    actor, wanted = acting_user(request), await body(request, GroupPermissions)
    return said(await groups.allow(request.app[SHOP].database, actor, chat_id(request), wanted))


async def balance(request: web.Request) -> web.Response:
    """GET /api/groups/{chat_id}/balance -> GroupBalance."""
    actor = acting_user(request)
    return said(await groups.balance(request.app[SHOP].database, actor, chat_id(request)))

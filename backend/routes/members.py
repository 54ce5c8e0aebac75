"""An organization's people: see them, change what they are, take them out or leave."""

from aiohttp import web

from backend import organizations
from backend.auth import acting_user
from backend.routes.door import SHOP, body, path_id, said
from backend.schemas import RoleRequest


async def index(request: web.Request) -> web.Response:
    """GET /api/organizations/{id}/members -> Members."""
    actor, database = acting_user(request), request.app[SHOP].database
    return said(await organizations.members(database, actor, path_id(request)))


async def change_role(request: web.Request) -> web.Response:
    """PATCH /api/organizations/{id}/members/{user_id}: RoleRequest -> Member."""
    actor, wanted = acting_user(request), await body(request, RoleRequest)
    ids = (path_id(request), path_id(request, "user_id"))
    return said(await organizations.change_role(request.app[SHOP], actor, *ids, wanted.role))


async def remove(request: web.Request) -> web.Response:
    """DELETE /api/organizations/{id}/members/{user_id} -> 204; of oneself: leave."""
    actor, ids = acting_user(request), (path_id(request), path_id(request, "user_id"))
    await organizations.remove(request.app[SHOP], actor, *ids)
    return web.Response(status=204)

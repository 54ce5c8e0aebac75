"""Organizations: the caller's own, a new one, another name, and what was done in one."""

from aiohttp import web

from backend import organizations
from backend.auth import acting_user
from backend.routes.door import SHOP, body, idempotency_key, path_id, query, said
from backend.schemas import AuditQuery, OrganizationRequest


async def index(request: web.Request) -> web.Response:
    """GET /api/organizations -> Organizations."""
    return said(await organizations.listing(request.app[SHOP].database, acting_user(request)))


async def show(request: web.Request) -> web.Response:
    """GET /api/organizations/{id} -> Organization."""
    actor, database = acting_user(request), request.app[SHOP].database
    return said(await organizations.show(database, actor, path_id(request)))


async def create(request: web.Request) -> web.Response:
    """POST /api/organizations: OrganizationRequest -> 201 Organization."""
    actor, key = acting_user(request), idempotency_key(request)
    wanted, database = await body(request, OrganizationRequest), request.app[SHOP].database
    return said(await organizations.create(database, actor, wanted, key), status=201)


async def rename(request: web.Request) -> web.Response:
    """PATCH /api/organizations/{id}: OrganizationRequest -> Organization."""
    actor, wanted = acting_user(request), await body(request, OrganizationRequest)
    database = request.app[SHOP].database
    return said(await organizations.rename(database, actor, path_id(request), wanted))


async def audit(request: web.Request) -> web.Response:
    """GET /api/organizations/{id}/audit: AuditQuery -> AuditEntries."""
    actor, asked = acting_user(request), query(request, AuditQuery)
    database = request.app[SHOP].database
    return said(await organizations.audit(database, actor, path_id(request), asked))

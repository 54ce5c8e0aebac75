"""Invitations: made, listed and revoked in an organization; shown and accepted by their code.

The code travels in bodies, never in an address: addresses end up in logs.
"""

from aiohttp import web

from backend import invitations
from backend.auth import acting_user
from backend.routes.door import SHOP, body, path_id, said
from backend.schemas import CodeRequest, InvitationRequest


async def index(request: web.Request) -> web.Response:
    """GET /api/organizations/{id}/invitations -> Invitations."""
    actor, database = acting_user(request), request.app[SHOP].database
    return said(await invitations.listing(database, actor, path_id(request)))


async def create(request: web.Request) -> web.Response:
    """POST /api/organizations/{id}/invitations: InvitationRequest -> 201 Invitation."""
    actor, wanted = acting_user(request), await body(request, InvitationRequest)
    made = await invitations.create(request.app[SHOP].database, actor, path_id(request), wanted)
    return said(made, status=201)


async def revoke(request: web.Request) -> web.Response:
    """DELETE /api/organizations/{id}/invitations/{invitation_id} -> 204."""
    actor, ids = acting_user(request), (path_id(request), path_id(request, "invitation_id"))
    await invitations.revoke(request.app[SHOP].database, actor, *ids)
    return web.Response(status=204)


async def show(request: web.Request) -> web.Response:
    """POST /api/invitations/show: CodeRequest -> Invitation, before anything is accepted."""
    actor, wanted = acting_user(request), await body(request, CodeRequest)
    return said(await invitations.show(request.app[SHOP].database, actor, wanted.code))


async def accept(request: web.Request) -> web.Response:
    """POST /api/invitations/accept: CodeRequest -> Organization."""
    actor, wanted = acting_user(request), await body(request, CodeRequest)
    return said(await invitations.accept(request.app[SHOP], actor, wanted.code))

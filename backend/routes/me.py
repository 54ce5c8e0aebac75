"""The acting person."""

from aiohttp import web

from backend import people
from backend.auth import acting_user
from backend.routes.door import SHOP, body, said
from backend.schemas import Introduction


async def introduce(request: web.Request) -> web.Response:
    """PUT /api/me: Introduction -> Me."""
    person = acting_user(request)
    words = await body(request, Introduction)
    return said(await people.introduce(request.app[SHOP].database, person, words))

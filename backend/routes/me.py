"""The acting person."""

from aiohttp import web

from backend import organizations, people, personal_settings
from backend.auth import acting_user
from backend.routes.door import SHOP, body, said
from backend.schemas import CodeRequest, Introduction, OrganizationChoice, SettingsChange


async def introduce(request: web.Request) -> web.Response:
    """PUT /api/me: Introduction -> Me."""
    person = acting_user(request)
    words = await body(request, Introduction)
    return said(await people.introduce(request.app[SHOP].database, person, words))


async def choose_organization(request: web.Request) -> web.Response:
    """PUT /api/me/organization: OrganizationChoice -> Me."""
    person, choice = acting_user(request), await body(request, OrganizationChoice)
    database = request.app[SHOP].database
    return said(await organizations.choose(database, person, choice.organization_id))


async def show_settings(request: web.Request) -> web.Response:
    """GET /api/me/settings -> PersonalSettings."""
    return said(await personal_settings.show(request.app[SHOP].database, acting_user(request)))


async def change_settings(request: web.Request) -> web.Response:
    """PATCH /api/me/settings: SettingsChange -> PersonalSettings."""
    person = acting_user(request)
    change = await body(request, SettingsChange)
    return said(await personal_settings.change(request.app[SHOP].database, person, change))


async def make_link_code(request: web.Request) -> web.Response:
    """POST /api/me/link -> 201 LinkCode."""
    database = request.app[SHOP].database
    return said(await people.make_link_code(database, acting_user(request)), status=201)


async def link(request: web.Request) -> web.Response:
    """POST /api/me/link/accept: CodeRequest -> Me, of both."""
    person, wanted = acting_user(request), await body(request, CodeRequest)
    return said(await people.link(request.app[SHOP].database, person, wanted.code))

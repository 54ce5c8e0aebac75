"""The acting person."""

from aiohttp import web

from backend import organizations, people, personal_settings
from backend.auth import acting_user
from backend.routes.door import SHOP, body, said
from backend.schemas import Introduction, OrganizationChoice, SettingsChange


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

"""The backend's doors for groups, with memory: an owner decides, everybody may ask."""

from dataclasses import dataclass, field
from uuid import UUID

from aiohttp import web

from backend import schemas
from backend.schemas import Group, GroupNews, GroupPermissions
from tests.bot.fake_backend import FakeBackend, actor, answer, error, service


@dataclass
class FakeBackendWithGroups(FakeBackend):
    """`tied` groups by chat id; `heard` is what the bot said of them, `topic` where it tells."""

    tied: dict[int, Group] = field(default_factory=dict)
    heard: list[tuple[int, GroupNews]] = field(default_factory=list)
    topic: int | None = None

    def app(self) -> web.Application:
        app = super().app()
        routes = [
            web.post("/internal/groups/{chat}", self.hear_group),
            web.get("/api/groups/{chat}", self.show_group),
            web.put("/api/groups/{chat}", self.tie_group),
            web.patch("/api/groups/{chat}", self.allow_group),
            web.get("/api/groups/{chat}/balance", self.balance_group),
        ]
        app.add_routes(routes)
        return app

    async def hear_group(self, request: web.Request) -> web.Response:
        service(request)
        chat = int(request.match_info["chat"])
        self.heard.append((chat, GroupNews.model_validate_json(await request.read())))
        return answer(Group(tied=chat in self.tied))

    async def show_group(self, request: web.Request) -> web.Response:
        group = self.tied.get(int(request.match_info["chat"]), Group(tied=False))
        own = self.owned(request, group.organization_id)
        return answer(group if own else Group(tied=group.tied))

    async def tie_group(self, request: web.Request) -> web.Response:
        wanted = schemas.WhichOrganization.model_validate_json(await request.read()).organization_id
        if (place := self.owned(request, wanted)) is None:
            return error(404, "not_found", {"what": "organization"})
        name = place.organization_name
        made = Group(tied=True, organization_id=wanted, organization_name=name)
        return self.now(request, made)

    async def allow_group(self, request: web.Request) -> web.Response:
        wanted = GroupPermissions.model_validate_json(await request.read())
        if self.owned(request, wanted.organization_id) is None:
            return error(403, "role_too_low", {"role": "owner"})
        self.topic = wanted.message_thread_id
        change = wanted.model_dump(exclude_none=True, exclude={"message_thread_id"})
        group = self.tied.pop(int(request.match_info["chat"]))
        if not wanted.tied:
            return answer(Group(tied=False))
        return self.now(request, group.model_copy(update=change))

    async def balance_group(self, request: web.Request) -> web.Response:
        actor(request)
        group = self.tied.get(int(request.match_info["chat"]))
        if group is None or not group.shows_balance:
            return error(404, "not_found", {"what": "balance"})
        places = (place for own in self.people.values() for place in own)
        place = next(each for each in places if each.organization_id == group.organization_id)
        name = place.organization_name
        return answer(schemas.GroupBalance(organization_name=name, wallets=place.wallets))

    def now(self, request: web.Request, group: Group) -> web.Response:
        self.tied[int(request.match_info["chat"])] = group
        return answer(group)

    def owned(self, request: web.Request, organization: UUID | None) -> schemas.Membership | None:
        own = self.people.get(actor(request), [])
        return next(
            (p for p in own if p.organization_id == organization and p.role == "owner"), None
        )

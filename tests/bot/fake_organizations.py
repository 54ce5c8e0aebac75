"""The fake backend's doors about organizations, members and invitations, with memory."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import timedelta
from uuid import UUID, uuid4

from aiohttp import web

from backend import schemas
from backend.schemas import Member, Membership
from tests.bot.fake_backend import (
    NOON,
    FakeBackend,
    Refusal,
    actor,
    answer,
    error,
    membership,
)

AT = r"/api/organizations/{organization}"
GIVES: dict[str, set[str]] = {
    "owner": {"owner", "admin", "member"},
    "admin": {"member"},
    "member": set(),
}


class Refused(Exception):
    """A door says no."""

    def __init__(self, status: int, code: str, **facts: str) -> None:
        self.refusal: Refusal = (status, code, facts)


@dataclass
class FakeOrganizations(FakeBackend):
    """`founded` by idempotency key; `open` are the invitations that work, by code.

    `rejected` are the updates that the bot could not read: their kinds by their ids.
    """

    founded: dict[str, UUID] = field(default_factory=dict)
    open: dict[str, schemas.Invitation] = field(default_factory=dict)
    link_codes: set[str] = field(default_factory=set)
    rejected: dict[int, str] = field(default_factory=dict)

    def app(self) -> web.Application:
        app = super().app()
        app.middlewares.append(refusing)
        app.router.add_put("/api/me/organization", self.use)
        app.router.add_get("/api/me/attempt", self.attempt)
        app.router.add_post("/internal/updates/{id}/rejected", self.reject_update)
        app.router.add_post("/api/me/link/accept", self.link)
        app.router.add_post("/api/organizations", self.create)
        app.router.add_patch(AT, self.rename)
        app.router.add_get(AT + "/members", self.members)
        app.router.add_patch(AT + "/members/{member}", self.change_role)
        app.router.add_delete(AT + "/members/{member}", self.remove)
        app.router.add_post(AT + "/invitations", self.invite)
        app.router.add_delete(AT + "/invitations/{invitation}", self.revoke)
        app.router.add_post("/api/invitations/accept", self.accept)
        return app

    def place(self, user: int, request: web.Request) -> Membership:
        """What a user is in the organization of the address."""
        id = UUID(request.match_info["organization"])
        for place in self.people.get(user, []):
            if place.organization_id == id:
                return place
        raise Refused(404, "not_found")

    def replace(self, user: int, old: Membership, **changed: object) -> None:
        places = self.people[user]
        places[places.index(old)] = old.model_copy(update=changed)

    async def reject_update(self, request: web.Request) -> web.Response:
        said = schemas.UpdateRejected.model_validate_json(await request.read())
        self.rejected[int(request.match_info["id"])] = said.kind
        return web.Response(status=204)

    async def attempt(self, request: web.Request) -> web.Response:
        actor(request)
        return answer(schemas.Attempt())

    async def use(self, request: web.Request) -> web.Response:
        chosen = schemas.WhichOrganization.model_validate_json(await request.read())
        user = actor(request)
        self.current[user] = chosen.organization_id
        return answer(
            schemas.Me(
                user_id=UUID(int=user),
                name=self.names[user],
                language="en",
                time_zone="UTC",
                organization_id=chosen.organization_id,
                organizations=self.people[user],
            )
        )

    async def link(self, request: web.Request) -> web.Response:
        self.link_codes.add(schemas.CodeRequest.model_validate_json(await request.read()).code)
        me = schemas.Me(
            user_id=UUID(int=actor(request)),
            name="Ana",
            language="en",
            time_zone="UTC",
            organizations=[],
        )
        return answer(me)

    async def create(self, request: web.Request) -> web.Response:
        user = actor(request)
        said = schemas.OrganizationRequest.model_validate_json(await request.read())
        key = request.headers["Idempotency-Key"]
        if key not in self.founded:
            self.founded[key] = self.current[user] = uuid4()
            self.people[user].append(membership(self.founded[key], said.name, "owner"))
        return answer(organization(self.people[user][-1]))

    async def rename(self, request: web.Request) -> web.Response:
        said = schemas.OrganizationRequest.model_validate_json(await request.read())
        renamed = self.place(actor(request), request).organization_id
        for user, places in self.people.items():
            for place in [each for each in places if each.organization_id == renamed]:
                self.replace(user, place, organization_name=said.name)
        return answer(organization(self.place(actor(request), request)))

    async def members(self, request: web.Request) -> web.Response:
        asking = actor(request)
        id = self.place(asking, request).organization_id
        found = [
            Member(
                user_id=UUID(int=user),
                name=self.names.get(user, f"Person {user}"),
                role=place.role,
                is_me=user == asking,
                joined_at=NOON,
            )
            for user, places in self.people.items()
            for place in places
            if place.organization_id == id
        ]
        return answer(schemas.Members(members=found))

    def other(self, request: web.Request, gives: set[str]) -> tuple[int, Membership]:
        """The member of the address, whom the caller may make what it gives."""
        user, asking = UUID(request.match_info["member"]).int, actor(request)
        mine, theirs = self.place(asking, request), self.place(user, request)
        if user != asking and not {theirs.role, *gives} <= GIVES[mine.role]:
            raise Refused(403, "role_too_low", role="owner")
        owners = [
            place
            for places in self.people.values()
            for place in places
            if (place.organization_id, place.role) == (mine.organization_id, "owner")
        ]
        if owners == [theirs]:
            raise Refused(409, "last_owner")
        return user, theirs

    async def change_role(self, request: web.Request) -> web.Response:
        said = schemas.RoleRequest.model_validate_json(await request.read())
        user, place = self.other(request, {said.role})
        self.replace(user, place, role=said.role)
        return answer(
            Member(
                user_id=UUID(int=user),
                name=self.names.get(user, f"Person {user}"),
                role=said.role,
                is_me=False,
                joined_at=NOON,
            )
        )

    async def remove(self, request: web.Request) -> web.Response:
        user, place = self.other(request, set())
        self.people[user].remove(place)
        return web.Response(status=204)

    async def invite(self, request: web.Request) -> web.Response:
        said = schemas.InvitationRequest.model_validate_json(await request.read())
        place = self.place(actor(request), request)
        if said.role not in GIVES[place.role]:
            raise Refused(403, "role_too_low", role="owner")
        made = schemas.Invitation(
            id=uuid4(),
            organization_id=place.organization_id,
            organization_name=place.organization_name,
            role=said.role,
            uses_left=said.uses,
            expires_at=NOON + timedelta(hours=said.hours),
            invited_by=self.names[actor(request)],
            code=f"code-{len(self.open)}_x",
        )
        self.open[str(made.code)] = made
        return answer(made)

    async def revoke(self, request: web.Request) -> web.Response:
        self.place(actor(request), request)
        id = UUID(request.match_info["invitation"])
        self.open = {code: made for code, made in self.open.items() if made.id != id}
        return web.Response(status=204)

    async def accept(self, request: web.Request) -> web.Response:
        user, said = actor(request), schemas.CodeRequest.model_validate_json(await request.read())
        if (made := self.open.get(said.code)) is None:
            raise Refused(404, "invitation_invalid")
        places = self.people[user]
        if made.organization_id not in [place.organization_id for place in places]:
            places.append(membership(made.organization_id, made.organization_name, made.role))
        return answer(organization(places[-1]))


@web.middleware
async def refusing(
    request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    try:
        return await handler(request)
    except Refused as refused:
        return error(*refused.refusal)


def organization(place: Membership) -> schemas.Organization:
    return schemas.Organization(
        id=place.organization_id,
        name=place.organization_name,
        role=place.role,
        default_currency="eur",
        wallets=place.wallets,
        created_at=NOON,
    )

"""The role that each route documents is the one that SQL asks for: every route, as every role."""

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import asyncpg
import pytest

from backend.http.route import Route
from backend.http.routes import ROUTES
from backend.schemas import GroupNews, GroupPermissions
from tests.backend.conftest import ANA, BEN, EVE, System, token
from tests.backend.payments.test_charges import post, saved
from tests.backend.subscriptions.test_subscriptions import start

if TYPE_CHECKING:
    Connection = asyncpg.Connection[Any]
else:
    Connection = asyncpg.Connection

Json = dict[str, Any]
ADA = 1004
TEAM = -4001
ROLES = ("stranger", "member", "admin", "owner")
CALLERS = dict(zip(ROLES, (EVE, BEN, ADA, ANA), strict=True))
ORDER: Json = {"amount": "50", "currency": "eur"}
# What is sent besides the organization: with a body that is refused no role would be asked for.
BODIES: dict[tuple[str, str], Json] = {
    ("POST", "/api/payments/checkout"): ORDER,
    ("POST", "/api/payments/create-intent"): ORDER,
    ("POST", "/api/payments/payment-intents"): ORDER,
    ("POST", "/api/payments/charge"): ORDER,
    ("GET", "/api/payments/search"): {"text": "50"},
    ("POST", "/api/payment"): {"action": "add_payment_method", "link": True},
    ("PUT", "/api/payment"): {"label": "Office"},
    ("POST", "/api/payments/methods"): {"link": True},
    ("PUT", "/api/payments/methods/{id}"): {"label": "Office"},
    ("POST", "/api/payments/subscriptions"): {**ORDER, "interval": "month"},
    ("PATCH", "/api/payments/subscriptions/{id}"): {"paused": True},
    ("POST", "/api/organizations"): {"name": "Globex"},
    ("PATCH", "/api/organizations/{id}"): {"name": "Acme"},
    ("PATCH", "/api/organizations/{id}/accounting"): {"time_zone": "Asia/Almaty"},
    ("PATCH", "/api/organizations/{id}/billing"): {"email": "books@acme.example"},
    ("GET", "/api/organizations/{id}/transactions"): {"currency": "eur"},
    ("GET", "/api/organizations/{id}/statement"): {"currency": "eur", "month": "2026-11"},
    ("PATCH", "/api/organizations/{id}/members/{user_id}"): {"role": "member"},
    ("POST", "/api/organizations/{id}/invitations"): {"role": "member"},
}
# Refused because of how things stand, after the role was found to be enough.
ALLOWED_BUT_TOO_LATE = ("subscription_over", "nothing_to_refund")
ALL_OF_AN_ORGANIZATION = [route for route in ROUTES if route.role]


class Targets:
    """Makes what a path's id names, anew for each call: what was canceled or removed is gone."""

    def __init__(self, system: System, owner: Connection) -> None:
        """Of Acme in `house`."""
        self.system, self.owner, self.made = system, owner, 0

    async def payment(self) -> str:
        """A payment whose page is open."""
        self.made += 1
        return str(await self.system.topup(key=f"target {self.made}"))

    async def method(self) -> str:
        """A saved card."""
        return await saved(self.system)

    async def subscription(self) -> str:
        """A recurring top-up whose page is open."""
        self.made += 1
        return str((await start(self.system, key=f"target {self.made}")).id)

    async def invitation(self) -> str:
        """One that works."""
        acme = str(self.system.world.acme)
        path = f"organizations/{acme}/invitations"
        return str((await post(self.system, path, None, ANA, role="member"))["id"])

    async def member(self, route: Route, caller: int) -> str:
        """Somebody who belongs to Acme. A member may only take themselves out."""
        if route.method == "DELETE" and caller == BEN:
            ben = "select id from private.users where telegram_id = $1"
            return str(await self.owner.fetchval(ben, BEN))
        self.made += 1
        person = await self.owner.fetchval(
            "insert into private.users (telegram_id, name) values ($1, 'Max') returning id",
            2000 + self.made,
        )
        await self.owner.execute(
            "insert into memberships values ($1, $2, 'member')", self.system.world.acme, person
        )
        return str(person)


async def path_of(route: Route, targets: Targets, caller: int) -> str:
    """The route's path with ids of things that are there."""
    path = route.path.replace(r"{chat_id:-\d{1,15}}", str(TEAM))
    if "/members/" in path:
        path = path.replace("{user_id}", await targets.member(route, caller))
    if "/invitations/" in path:
        path = path.replace("{invitation_id}", await targets.invitation())
    making: Callable[[], Awaitable[str]] = targets.payment
    if "/organizations/" in path:
        return path.replace("{id}", str(targets.system.world.acme))
    if "/links/" in path:
        return path.replace("{id}", await link_of(targets.system, caller))
    if "/methods/" in path:
        making = targets.method
    elif "/subscriptions/" in path:
        making = targets.subscription
    return path.replace("{id}", await making()) if "{id}" in path else path


async def link_of(system: System, caller: int) -> str:
    """A link to add a card that the caller made: others' are seen by nobody. Ana's, else."""
    maker = caller if caller in (ADA, ANA) else ANA
    acme = str(system.world.acme)
    path = "payments/methods"
    made = await post(system, path, str(uuid4()), maker, organization_id=acme, link=True)
    return str(made["link"]["link_id"])


async def call(
    route: Route, targets: Targets, caller: int, key: str | None = "new"
) -> tuple[int, str]:
    """The status of the route's answer, and the code of an error."""
    system = targets.system
    path = await path_of(route, targets, caller)
    body = dict(BODIES.get((route.method, route.path), {}))
    fields = (
        route.request_model.model_json_schema().get("properties", {}) if route.request_model else {}
    )
    if "organization_id" in fields or route.path == "/api/payment":
        body["organization_id"] = str(system.world.acme)
    if route.path == "/api/payment" and route.method in ("PUT", "DELETE"):
        body = {**body, "payment_method_id": await targets.method()}
        del body["organization_id"]
    headers = {"Authorization": f"Bearer {token(sub=str(caller))}"}
    headers |= {"Idempotency-Key": str(uuid4())} if key else {}
    place = "params" if route.method in ("GET", "DELETE") else "json"
    sent: Json = {place: body} if body or route.request_model else {}
    async with system.http.request(
        route.method, system.url + path, headers=headers, **sent
    ) as said:
        if said.status < 400:
            return said.status, ""
        return said.status, (await said.json())["error"]["code"]


@pytest.fixture
async def targets(system: System, owner: Connection) -> Targets:
    """Acme with Ada as its admin, a saved card, and a group that may see its balance."""
    await owner.execute("insert into private.users (telegram_id, name) values ($1, 'Ada')", ADA)
    await owner.execute(
        "insert into memberships select $1, id, 'admin' from private.users where telegram_id = $2",
        system.world.acme, ADA,
    )  # fmt: skip
    await saved(system)
    await system.client.report_group_event(TEAM, GroupNews(happened="joined"))
    await system.client.tie_group(ANA, TEAM, system.world.acme)
    seen = GroupPermissions(organization_id=system.world.acme, shows_balance=True)
    await system.client.change_group_permissions(ANA, TEAM, seen)
    return Targets(system, owner)


@pytest.mark.parametrize(
    "route", ALL_OF_AN_ORGANIZATION, ids=lambda route: f"{route.method} {route.path}"
)
async def test_a_route_is_open_from_the_role_on_that_it_documents(
    targets: Targets, route: Route
) -> None:
    answers = {role: await call(route, targets, CALLERS[role]) for role in ROLES}
    least = ROLES.index(route.role or "")
    below = {role: answers[role] for role in ROLES[:least]}
    refused = dict.fromkeys(below, (403, "role_too_low")) | {"stranger": (404, "not_found")}
    if "/links/" in route.path:  # one's own, and others' are as ones that are not there
        refused["member"] = (404, "not_found")
    assert below == refused
    allowed = {role: answers[role] for role in ROLES[least:]}
    assert {
        role: answer
        for role, answer in allowed.items()
        if answer[0] >= 300 and answer[1] not in ALLOWED_BUT_TOO_LATE
    } == {}


@pytest.mark.parametrize("route", [each for each in ROUTES if each.key], ids=lambda it: it.path)
async def test_a_key_is_needed_where_the_document_says_so(targets: Targets, route: Route) -> None:
    status, code = await call(route, targets, ANA, key=None)
    if route.key == "required":
        assert (status, code) == (400, "invalid_request")
    else:
        assert code in ("", "signup_closed")

"""Organizations, people and invitations over HTTP, by people who belong there and who do not."""

import asyncio
from typing import Any
from uuid import uuid4

import pytest

from backend.database.protocol import SERVICE
from backend.notifications import outbox
from tests.backend.conftest import ANA, BEN, EVE, House, token

Json = dict[str, Any]


async def ask(
    house: House, user: int, method: str, path: str, key: str | None = None, **body: Any
) -> tuple[int, Json]:
    """One of the doors as a person; "{acme}" in the path is the organization's id."""
    headers = {"Authorization": f"Bearer {token(sub=str(user))}"}
    headers |= {"Idempotency-Key": key} if key else {}
    url = f"{house.url}/api{path.replace('{acme}', str(house.world.acme))}"
    async with house.http.request(method, url, headers=headers, json=body) as answer:
        said = await answer.json() if answer.status != 204 else {}
        return answer.status, said


def code(said: Json) -> str:
    return str(said["error"]["code"])


async def test_an_organization_is_founded_named_and_meant(house: House) -> None:
    status, said = await ask(house, EVE, "POST", "/organizations", name="Eve's")
    assert (status, code(said)) == (403, "signup_closed")
    await house.shop.database.call("set_policy", SERVICE, signup_open=True)
    status, made = await ask(house, EVE, "POST", "/organizations", "k", name=" Eve\u202e's\n ")
    assert (status, made["name"], made["role"]) == (201, "Eve's", "owner")
    assert made["wallets"][0]["balance"]["amount"] == "0.00"
    _, again = await ask(house, EVE, "POST", "/organizations", "k", name="Eve's")
    assert again["id"] == made["id"]
    _, other = await ask(house, EVE, "POST", "/organizations", name="Another")

    _, me = await ask(house, EVE, "PUT", "/me", name="Eve")
    assert me["organization_id"] == other["id"]
    _, me = await ask(house, EVE, "PUT", "/me/organization", organization_id=made["id"])
    assert me["organization_id"] == made["id"]
    _, renamed = await ask(house, EVE, "PATCH", f"/organizations/{made['id']}", name="Lumen")
    assert renamed["name"] == "Lumen"
    _, listed = await ask(house, EVE, "GET", "/organizations")
    assert [each["name"] for each in listed["organizations"]] == ["Lumen", "Another"]
    _, audit = await ask(house, EVE, "GET", f"/organizations/{made['id']}/audit?limit=1")
    assert [entry["action"] for entry in audit["entries"]] == ["organization_renamed"]
    _, audit = await ask(
        house, EVE, "GET", f"/organizations/{made['id']}/audit?cursor={audit['next_cursor']}"
    )
    assert [entry["action"] for entry in audit["entries"]] == ["organization_created"]


@pytest.mark.parametrize("name", ["", "  ", "\u200b", "x" * 101])
async def test_a_name_can_be_seen(house: House, name: str) -> None:
    status, said = await ask(house, ANA, "PATCH", "/organizations/{acme}", name=name)
    assert (status, code(said)) == (400, "invalid_request")


async def test_somebody_is_invited_comes_in_and_is_told_of_at_once(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outbox, "LOOK_AGAIN_SECONDS", 60)
    claims = asyncio.create_task(house.client.claim_notifications(20))
    wanted: Json = {"role": "admin", "uses": 2, "hours": 24}
    status, made = await ask(house, ANA, "POST", "/organizations/{acme}/invitations", **wanted)
    assert (status, made["uses_left"], made["invited_by"]) == (201, 2, "Ana")
    _, shown = await ask(house, EVE, "POST", "/invitations/show", code=made["code"])
    assert shown == made | {"code": None}
    status, joined = await ask(house, EVE, "POST", "/invitations/accept", code=made["code"])
    assert (status, joined["name"], joined["role"]) == (200, "Acme", "admin")
    async with asyncio.timeout(15):  # the bell, not the look at the end
        told = (await claims).notifications
    facts = {"organization_name": "Acme", "name": "Eve", "role": "admin"}
    assert [(each.kind, each.chat_id, each.facts) for each in told] == [
        ("member_joined", ANA, facts)
    ]
    _, listed = await ask(house, EVE, "GET", "/organizations/{acme}/invitations")
    assert [(each["uses_left"], each["code"]) for each in listed["invitations"]] == [(1, None)]
    path = f"/organizations/{{acme}}/invitations/{made['id']}"
    assert await ask(house, ANA, "DELETE", path) == (204, {})
    status, said = await ask(house, BEN, "POST", "/invitations/accept", code=made["code"])
    assert (status, code(said)) == (404, "invitation_invalid")


async def test_people_change_what_they_are_and_leave(house: House) -> None:
    _, said = await ask(house, BEN, "GET", "/organizations/{acme}/members")
    people = {member["name"]: member for member in said["members"]}
    assert list(people) == ["Ana", "Ben"]
    assert [member["is_me"] for member in people.values()] == [False, True]
    ana, ben = (f"/organizations/{{acme}}/members/{each['user_id']}" for each in people.values())
    status, said = await ask(house, BEN, "PATCH", ana, role="member")
    assert (status, said["error"]["facts"]) == (403, {"role": "owner"})
    status, said = await ask(house, ANA, "DELETE", ana)
    assert (status, code(said)) == (409, "last_owner")
    status, changed = await ask(house, ANA, "PATCH", ben, role="admin")
    assert (status, changed["role"]) == (200, "admin")
    assert await ask(house, BEN, "DELETE", ben) == (204, {})
    assert (await ask(house, BEN, "GET", "/organizations/{acme}"))[0] == 404


async def test_others_organizations_are_as_ones_that_are_not_there(house: House) -> None:
    doors = [
        ("GET", "", {}), ("PATCH", "", {"name": "X"}), ("GET", "/audit", {}),
        ("GET", "/members", {}), ("DELETE", f"/members/{uuid4()}", {}),
        ("PATCH", f"/members/{uuid4()}", {"role": "owner"}),
        ("GET", "/invitations", {}), ("POST", "/invitations", {}),
        ("DELETE", f"/invitations/{uuid4()}", {}),
    ]  # fmt: skip
    for method, path, body in doors:
        for organization in ("{acme}", str(uuid4())):
            status, said = await ask(
                house, EVE, method, f"/organizations/{organization}{path}", **body
            )
            assert (status, code(said)) == (404, "not_found"), (method, path)
            assert said["error"]["facts"] == {"what": "organization"}
    status, said = await ask(house, EVE, "PUT", "/me/organization", organization_id=str(uuid4()))
    assert (status, code(said)) == (404, "not_found")

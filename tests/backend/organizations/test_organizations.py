"""Organizations, people and invitations over HTTP, by people who belong there and who do not."""

import asyncio
from typing import Any
from uuid import uuid4

import pytest

from backend.database.protocol import SERVICE
from backend.notifications import outbox
from tests.backend.conftest import ANA, BEN, EVE, System, token

Json = dict[str, Any]


async def request_api(
    system: System, user: int, method: str, path: str, key: str | None = None, **body: Any
) -> tuple[int, Json]:
    """One of the requests as a person; "{acme}" in the path is the organization's id."""
    headers = {"Authorization": f"Bearer {token(sub=str(user))}"}
    headers |= {"Idempotency-Key": key} if key else {}
    url = f"{system.url}/api{path.replace('{acme}', str(system.world.acme))}"
    async with system.http.request(method, url, headers=headers, json=body) as answer:
        answer_body = await answer.json() if answer.status != 204 else {}
        return answer.status, answer_body


def code(body: Json) -> str:
    return str(body["error"]["code"])


async def test_an_organization_is_founded_named_and_meant(system: System) -> None:
    status, body = await request_api(system, EVE, "POST", "/organizations", name="Eve's")
    assert (status, code(body)) == (403, "signup_closed")
    await system.services.database.call("set_policy", SERVICE, signup_open=True)
    status, made = await request_api(
        system, EVE, "POST", "/organizations", "k", name=" Eve\u202e's\n "
    )
    assert (status, made["name"], made["role"]) == (201, "Eve's", "owner")
    assert made["wallets"][0]["balance"]["amount"] == "0.00"
    _, again = await request_api(system, EVE, "POST", "/organizations", "k", name="Eve's")
    assert again["id"] == made["id"]
    _, other = await request_api(system, EVE, "POST", "/organizations", name="Another")

    _, me = await request_api(system, EVE, "PUT", "/me", name="Eve")
    assert me["organization_id"] == other["id"]
    _, me = await request_api(system, EVE, "PUT", "/me/organization", organization_id=made["id"])
    assert me["organization_id"] == made["id"]
    _, renamed = await request_api(
        system, EVE, "PATCH", f"/organizations/{made['id']}", name="Lumen"
    )
    assert renamed["name"] == "Lumen"
    _, listed = await request_api(system, EVE, "GET", "/organizations")
    assert [each["name"] for each in listed["organizations"]] == ["Lumen", "Another"]
    _, audit = await request_api(system, EVE, "GET", f"/organizations/{made['id']}/audit?limit=1")
    assert [entry["action"] for entry in audit["entries"]] == ["organization_renamed"]
    _, audit = await request_api(
        system, EVE, "GET", f"/organizations/{made['id']}/audit?cursor={audit['next_cursor']}"
    )
    assert [entry["action"] for entry in audit["entries"]] == ["organization_created"]


@pytest.mark.parametrize("name", ["", "  ", "\u200b", "x" * 101])
async def test_a_name_can_be_seen(system: System, name: str) -> None:
    status, body = await request_api(system, ANA, "PATCH", "/organizations/{acme}", name=name)
    assert (status, code(body)) == (400, "invalid_request")


async def test_somebody_is_invited_comes_in_and_is_told_of_at_once(
    system: System, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outbox, "RECHECK_SECONDS", 60)
    claims = asyncio.create_task(system.client.claim_notifications(20))
    parameters: Json = {"role": "admin", "uses": 2, "hours": 24}
    status, made = await request_api(
        system, ANA, "POST", "/organizations/{acme}/invitations", **parameters
    )
    assert (status, made["uses_left"], made["invited_by"]) == (201, 2, "Ana")
    _, shown = await request_api(system, EVE, "POST", "/invitations/show", code=made["code"])
    assert shown == made | {"code": None}
    status, joined = await request_api(
        system, EVE, "POST", "/invitations/accept", code=made["code"]
    )
    assert (status, joined["name"], joined["role"]) == (200, "Acme", "admin")
    async with asyncio.timeout(15):  # by the wakeup, before the poll ends
        notifications = (await claims).notifications
    facts = {"organization_name": "Acme", "name": "Eve", "role": "admin"}
    assert [(each.kind, each.chat_id, each.facts) for each in notifications] == [
        ("member_joined", ANA, facts)
    ]
    _, listed = await request_api(system, EVE, "GET", "/organizations/{acme}/invitations")
    assert [(each["uses_left"], each["code"]) for each in listed["invitations"]] == [(1, None)]
    path = f"/organizations/{{acme}}/invitations/{made['id']}"
    assert await request_api(system, ANA, "DELETE", path) == (204, {})
    status, body = await request_api(system, BEN, "POST", "/invitations/accept", code=made["code"])
    assert (status, code(body)) == (404, "invitation_invalid")


async def test_people_change_what_they_are_and_leave(system: System) -> None:
    _, body = await request_api(system, BEN, "GET", "/organizations/{acme}/members")
    people = {member["name"]: member for member in body["members"]}
    assert list(people) == ["Ana", "Ben"]
    assert [member["is_me"] for member in people.values()] == [False, True]
    ana, ben = (f"/organizations/{{acme}}/members/{each['user_id']}" for each in people.values())
    status, body = await request_api(system, BEN, "PATCH", ana, role="member")
    assert (status, body["error"]["facts"]) == (403, {"role": "owner"})
    status, body = await request_api(system, ANA, "DELETE", ana)
    assert (status, code(body)) == (409, "last_owner")
    status, changed = await request_api(system, ANA, "PATCH", ben, role="admin")
    assert (status, changed["role"]) == (200, "admin")
    assert await request_api(system, BEN, "DELETE", ben) == (204, {})
    assert (await request_api(system, BEN, "GET", "/organizations/{acme}"))[0] == 404


async def test_others_organizations_are_as_ones_that_are_not_there(system: System) -> None:
    requests = [
        ("GET", "", {}), ("PATCH", "", {"name": "X"}), ("GET", "/audit", {}),
        ("GET", "/members", {}), ("DELETE", f"/members/{uuid4()}", {}),
        ("PATCH", f"/members/{uuid4()}", {"role": "owner"}),
        ("GET", "/invitations", {}), ("POST", "/invitations", {}),
        ("DELETE", f"/invitations/{uuid4()}", {}),
    ]  # fmt: skip
    for method, path, body in requests:
        for organization in ("{acme}", str(uuid4())):
            status, answer_body = await request_api(
                system, EVE, method, f"/organizations/{organization}{path}", **body
            )
            assert (status, code(answer_body)) == (404, "not_found"), (method, path)
            assert answer_body["error"]["facts"] == {"what": "organization"}
    status, answer_body = await request_api(
        system, EVE, "PUT", "/me/organization", organization_id=str(uuid4())
    )
    assert (status, code(answer_body)) == (404, "not_found")

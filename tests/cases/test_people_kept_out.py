"""How the operator keeps somebody out, how a link is undone, and whose requests are counted."""

import json
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

import asyncpg
import pytest
from limits import RateLimitItemPerMinute

from backend.errors import TooManyRequests
from backend.http import rate_limits
from tests.backend.commands.test_commands import GOOD, run
from tests.backend.conftest import ANA, BEN, System, token
from tests.backend.http.test_supabase_users import LEA, person, status
from tests.backend.organizations.test_linking import code, link, places, request_api
from tests.cases.test_identity import seen_by

if TYPE_CHECKING:
    Connection = asyncpg.Connection[Any]
else:
    Connection = asyncpg.Connection

Json = dict[str, Any]


@pytest.mark.slow
async def test_the_operator_blocks_a_person_in_every_way_that_they_come_and_lets_them_in_again(
    system: System, owner: Connection, database_url: str
) -> None:
    assert await link(system, ANA, await code(system)) == (200, "")
    settings = {**GOOD, "SUPABASE_DB_URL": database_url}

    async def people(*arguments: str) -> Any:
        exit_code, output, errors = await run("people", *arguments, **settings)
        return json.loads(output) if exit_code == 0 else errors

    assert await people("list") == []
    [ana] = await people("list", str(ANA))
    assert (ana["name"], ana["organizations"][0]["role"]) == ("Ana", "owner")
    assert [each["user_id"] for each in await people("list", "an")] == [ana["user_id"]]
    assert [each["user_id"] for each in await people("list", str(LEA))] == [ana["user_id"]]
    await system.topup()

    blocked = await people("block", ana["user_id"], "--reason", "stolen phone")
    assert (blocked["blocked_reason"], blocked["blocked_at"] is None) == ("stolen phone", False)
    assert [each["name"] for each in await people("list")] == ["Ana"]
    for bearer in (token(sub=str(ANA)), person()):
        for method, path, body in (
            ("PUT", "me", {"name": "Ana", "chat_id": ANA}),
            ("GET", "me/settings", {}),
            ("GET", f"organizations/{system.world.acme}/wallets", {}),
            ("POST", "payments/checkout", {"organization_id": str(system.world.acme), "amount": 5}),
        ):
            answer = await request_api(system, method, path, bearer, **body)
            assert (answer[0], answer[1]["error"]["code"]) == (403, "person_blocked"), path
        assert await places_or_none(system, bearer) == []
    for claims in ({"sub": str(LEA)}, {"pursebot_telegram_id": ANA}):
        assert await seen_by(owner, claims) == []
    assert (await system.client.claim_notifications(wait=0)).notifications == []

    assert (await people("unblock", ana["user_id"]))["blocked_at"] is None
    assert await places(system, token(sub=str(ANA))) == ["Acme"]
    actions = await owner.fetch("select action, through from audit_log order by id desc limit 2")
    assert [tuple(row) for row in actions] == [
        ("person_unblocked", "operator"), ("person_blocked", "operator"),
    ]  # fmt: skip
    assert "no such person" in await people("block", str(uuid4()), "--reason", "nobody")


async def places_or_none(system: System, bearer: str) -> list[str]:
    code, body = await request_api(system, "GET", "organizations", bearer)
    return [each["name"] for each in body["organizations"]] if code == 200 else []


async def undo(system: System, bearer: str) -> int:
    headers = {"Authorization": f"Bearer {bearer}"}
    async with system.http.delete(f"{system.url}/api/me/link", headers=headers) as answer:
        return answer.status


@pytest.mark.parametrize("by", ["telegram", "supabase"])
async def test_a_link_is_undone_by_either_and_the_history_stays_where_it_was(
    system: System, by: str
) -> None:
    assert await undo(system, token(sub=str(ANA))) == 409
    assert await link(system, ANA, await code(system)) == (200, "")
    assert await places(system, person()) == ["Acme"]
    assert await undo(system, token(sub=str(ANA)) if by == "telegram" else person()) == 204
    assert await places(system, token(sub=str(ANA))) == ["Acme"]
    assert await places_or_none(system, person()) == []
    assert await undo(system, token(sub=str(ANA))) == 409
    assert await link(system, ANA, await code(system)) == (200, "")  # and again


async def test_a_history_of_supabase_stays_there_and_the_chat_is_somebody_news(
    system: System, owner: Connection
) -> None:
    await status(system, person())
    await owner.execute(
        "insert into memberships (organization_id, user_id, role)"
        " select $1, id, 'member' from private.users where auth_user_id = $2",
        system.world.acme, LEA,
    )  # fmt: skip
    eve = token(sub="1003")
    assert await link(system, 1003, await code(system)) == (200, "")
    assert await places(system, eve) == ["Acme"]
    assert await undo(system, eve) == 204
    assert await places(system, eve) == []
    assert await places(system, person()) == ["Acme"]
    query = "select u.auth_user_id from chats as c join private.users as u on u.id = c.user_id"
    assert await owner.fetchval(f"{query} where c.telegram_chat_id = 1003") is None


async def test_one_person_has_one_limit_whichever_way_they_come(
    system: System, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert await link(system, ANA, await code(system)) == (200, "")
    monkeypatch.setattr(rate_limits, "LIMIT_PER_PERSON", RateLimitItemPerMinute(2))
    monkeypatch.setattr(rate_limits, "PERSON_KEY_SECONDS", 0)
    path = f"payments/{await system.topup()}/check"
    statuses = [
        (await request_api(system, "POST", path, bearer))[0]
        for bearer in (token(sub=str(ANA)), person(), token(sub=str(ANA)), person())
    ]
    assert statuses[-2:] == [429, 429]
    assert (await request_api(system, "POST", path, token(sub=str(BEN))))[0] == 200


async def test_nobody_fills_the_audit_log_past_the_backend(
    system: System, owner: Connection
) -> None:
    ana: UUID = await owner.fetchval("select id from private.users where telegram_id = $1", ANA)
    await owner.execute(
        "insert into audit_log (organization_id, user_id, through, action)"
        " select $1, $2, 'telegram', 'organization_renamed' from generate_series(1, 299)",
        system.world.acme, ana,
    )  # fmt: skip
    rename = {"organization_id": system.world.acme}
    await system.services.database.call(
        "rename_organization", system.world.ana, **rename, name="Acme 2"
    )
    with pytest.raises(TooManyRequests):
        await system.services.database.call(
            "rename_organization", system.world.ana, **rename, name="Acme 3"
        )
    assert await places(system, token(sub=str(ANA))) == ["Acme 2"]


async def test_each_command_about_people_that_changed_nothing_says_what_to_do_next(
    system: System, database_url: str
) -> None:
    assert system
    settings = {**GOOD, "SUPABASE_DB_URL": database_url}
    for arguments, expected in (
        (("list",), (0, "[]\n", "python -m backend people list TEXT")),
        (("list", "nobody of that name"), (0, "[]\n", "Nobody matches.")),
        (("block", "99", "--reason", "x"), (2, "", "`python -m backend people list 99`")),
        (("unblock", "Ana"), (2, "", "`python -m backend people list Ana`")),
    ):
        code, output, errors = await run("people", *arguments, **settings)
        assert (code, output) == expected[:2], (arguments, errors)
        assert expected[2] in errors, arguments
    code, _, errors = await run("people", "erase", "--telegram-id", str(BEN), **settings)
    assert (code, errors) == (0, "Nothing was erased. To erase it, add --yes.\n")

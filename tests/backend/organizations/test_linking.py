"""A Supabase user and a Telegram user become one person, once, and never two histories one."""

from typing import Any

import asyncpg

from tests.backend.conftest import ANA, BEN, EVE, System, token
from tests.backend.http.test_supabase_users import LEA, person

Json = dict[str, Any]
EVERYTHING = (
    "select array_agg(u::text order by u.id) from private.users as u"
    " union all select array_agg(c::text order by c.id) from chats as c"
)


async def request_api(
    system: System, method: str, path: str, bearer: str, **body: Any
) -> tuple[int, Json]:
    headers = {"Authorization": f"Bearer {bearer}"}
    url = f"{system.url}/api/{path}"
    async with system.http.request(method, url, json=body or None, headers=headers) as answer:
        return answer.status, await answer.json()


async def code(system: System) -> str:
    """What Lea, signed in at Supabase, is to open in Telegram."""
    status, body = await request_api(system, "POST", "me/link", person())
    assert status == 201, body
    return str(body["code"])


async def link(system: System, user: int, code: str) -> tuple[int, str]:
    """A Telegram user shows the code; the status and the error's code."""
    status, body = await request_api(
        system, "POST", "me/link/accept", token(sub=str(user)), code=code
    )
    return status, body.get("error", {}).get("code", "")


async def places(system: System, bearer: str) -> list[str]:
    _, body = await request_api(system, "GET", "organizations", bearer)
    return [each["name"] for each in body["organizations"]]


async def join_acme(system: System, owner: Any) -> None:
    """Lea gets a history of her own."""
    await places(system, person())
    await owner.execute(
        "insert into memberships (organization_id, user_id, role)"
        " select $1, id, 'member' from private.users where auth_user_id = $2",
        system.world.acme, LEA,
    )  # fmt: skip


async def test_a_new_supabase_user_becomes_who_they_are_in_telegram(
    system: System, owner: "asyncpg.Connection[Any]"
) -> None:
    made = await code(system)
    assert await places(system, person()) == []
    assert await link(system, ANA, made) == (200, "")
    assert await places(system, person()) == ["Acme"]
    assert await link(system, ANA, made) == (200, "")  # the answer was lost, say
    assert await link(system, EVE, made) == (409, "already_linked")
    assert (await request_api(system, "POST", "me/link", person()))[0] == 409
    audit = await owner.fetchrow("select action, through, organization_id from audit_log")
    assert tuple(audit or ()) == ("person_linked", "telegram", system.world.acme)
    assert await owner.fetchval("select count(*) from private.users where name = 'Lea'") == 0


async def test_a_new_telegram_user_becomes_who_they_are_at_supabase(
    system: System, owner: "asyncpg.Connection[Any]"
) -> None:
    await join_acme(system, owner)
    assert await link(system, EVE, await code(system)) == (200, "")
    assert await places(system, token(sub=str(EVE))) == ["Acme"]
    query = "select u.name from chats as c join private.users as u on u.id = c.user_id"
    assert await owner.fetchval(f"{query} where c.telegram_chat_id = $1", EVE) == "Lea"


async def test_two_with_a_history_stay_two(
    system: System, owner: "asyncpg.Connection[Any]"
) -> None:
    await join_acme(system, owner)
    made = await code(system)
    before = await owner.fetch(EVERYTHING)
    assert await link(system, BEN, made) == (409, "both_have_history")
    assert await owner.fetch(EVERYTHING) == before
    # A payment is history too, also of who left.
    payment = await system.topup()
    await owner.execute(
        "update payments set created_by = u.id from private.users as u where telegram_id = $1", EVE
    )
    assert await link(system, EVE, made) == (409, "both_have_history")
    assert (await system.see(payment)).paid_by == "Eve"


async def test_a_code_is_for_telegram_for_a_quarter_of_an_hour_and_the_newest_counts(
    system: System, owner: "asyncpg.Connection[Any]"
) -> None:
    first, second = await code(system), await code(system)
    assert await link(system, EVE, first) == (404, "link_invalid")
    assert (await request_api(system, "POST", "me/link/accept", person(), code=second))[0] == 404
    assert first.encode() not in bytes(await owner.fetchval("select code_hash from link_codes"))
    await owner.execute("update link_codes set expires_at = now()")
    assert await link(system, EVE, second) == (404, "link_invalid")


async def test_who_is_linked_is_linked_to_nobody_else(
    system: System, owner: "asyncpg.Connection[Any]"
) -> None:
    await owner.execute(
        "update private.users set auth_user_id = gen_random_uuid() where telegram_id = $1", EVE
    )
    assert await link(system, EVE, await code(system)) == (409, "already_linked")
    assert (await request_api(system, "POST", "me/link", token()))[0] == 409

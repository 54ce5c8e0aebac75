"""The way in, as somebody with a code, without one, or with an old one tries it."""

import asyncio
import re
from typing import TYPE_CHECKING, Any

import asyncpg
import pytest

from backend.database.postgres import PostgresDatabase
from backend.database.protocol import SERVICE, TelegramUser
from backend.errors import InvitationInvalid, NotFound, RoleTooLow, TooManyRequests, Unauthorized
from tests.conftest import World
from tests.database.test_organizations import NOBODY, give, id_of, notifications_of, roles

if TYPE_CHECKING:
    Connection = asyncpg.Connection[Any]
else:
    Connection = asyncpg.Connection


async def invite(
    database: PostgresDatabase, world: World, who: TelegramUser | None = None, **expected: Any
) -> Any:
    return await database.call(
        "create_invitation", who or world.ana, organization_id=world.acme, **expected
    )


async def accept(database: PostgresDatabase, who: TelegramUser, made: Any) -> str:
    return str((await database.call("accept_invitation", who, code=made["code"]))["role"])


async def test_a_code_fits_a_telegram_link_and_is_kept_as_its_hash(
    database: PostgresDatabase, owner: Connection, world: World
) -> None:
    made = [await invite(database, world) for _ in range(20)]
    assert all(re.fullmatch("[A-Za-z0-9_-]{32}", each["code"]) for each in made)
    assert len({each["code"] for each in made}) == 20
    stored = await owner.fetch(
        "select i.*, i.code_hash::text, a.facts::text from invitations i, audit_log a"
    )
    assert not [each for each in made if each["code"] in str(stored)]


async def test_whoever_comes_in_is_told_of_to_owners_and_admins(
    database: PostgresDatabase, owner: Connection, world: World
) -> None:
    made = await invite(database, world, role="admin")
    shown = await database.call("get_invitation", world.eve, code=made["code"])
    assert (shown["organization_name"], shown["role"], shown["invited_by"], "code" in shown) == (
        "Acme", "admin", "Ana", False,
    )  # fmt: skip
    assert await accept(database, world.eve, made) == "admin"
    facts = '{"name": "Eve", "role": "admin", "organization_name": "Acme"}'
    assert await notifications_of(owner) == [(1001, "member_joined", facts)]
    audit = (await database.call("list_audit_log", world.ana, organization_id=world.acme))[
        "entries"
    ]
    assert [(act["action"], act["name"]) for act in audit] == [
        ("member_joined", "Eve"), ("invitation_created", "Ana"),
    ]  # fmt: skip


async def test_who_wants_to_hear_nothing_of_members_still_hears_of_themselves(
    database: PostgresDatabase, owner: Connection, world: World
) -> None:
    ben = await give(owner, world, world.ben, "owner")
    for who in (world.ana, world.ben):
        await database.call("change_settings", who, changes={"members": False})
    await accept(database, world.eve, await invite(database, world))
    await database.call(
        "change_role", world.ana, organization_id=world.acme, user_id=ben, role="member"
    )
    assert [(chat, kind) for chat, kind, _ in await notifications_of(owner)] == [
        (1002, "role_changed")
    ]


async def test_accepting_again_uses_nothing_up_and_never_changes_a_role(
    database: PostgresDatabase, owner: Connection, world: World
) -> None:
    made = await invite(database, world, role="admin", uses=2)
    assert await accept(database, world.eve, made) == "admin"
    await give(owner, world, world.eve, "member")
    assert await accept(database, world.eve, made) == "member"
    assert await accept(database, world.ana, made) == "owner"
    assert await owner.fetchval("select uses_left from invitations") == 1
    assert await accept(database, world.ben, made) == "admin"  # a member is raised by it
    assert await database.call("list_invitations", world.ana, organization_id=world.acme) == []


async def test_who_was_removed_does_not_come_back_by_the_same_invitation(
    database: PostgresDatabase, owner: Connection, world: World
) -> None:
    made = await invite(database, world, uses=5)
    await accept(database, world.eve, made)
    eve = await id_of(owner, world.eve)
    await database.call("remove_member", world.ana, organization_id=world.acme, user_id=eve)
    for function in ("accept_invitation", "get_invitation"):
        with pytest.raises(InvitationInvalid):
            await database.call(function, world.eve, code=made["code"])


@pytest.mark.parametrize(
    "ended",
    [
        "update invitations set expires_at = created_at + interval '1 microsecond'",
        "update invitations set uses_left = 0",
        "update invitations set revoked_at = now()",
        "delete from memberships where user_id = (select created_by from invitations)",
        "update memberships set role = 'admin'",
        "update invitations set code_hash = sha256('other')",
    ],
)
async def test_whatever_ended_an_invitation_the_answer_is_the_same(
    database: PostgresDatabase, owner: Connection, world: World, ended: str
) -> None:
    made = await invite(database, world, role="admin")
    await owner.execute(ended)
    for function in ("accept_invitation", "get_invitation"):
        with pytest.raises(InvitationInvalid) as refused:
            await database.call(function, world.eve, code=made["code"])
        assert refused.value.facts == {}
        with pytest.raises(Unauthorized):
            await database.call(function, NOBODY, code=made["code"])


async def test_two_take_the_last_use_at_once_and_one_gets_it(
    database: PostgresDatabase, owner: Connection, world: World
) -> None:
    await owner.execute("delete from memberships where role = 'member'")
    for _ in range(10):
        made = await invite(database, world)
        outcomes = await asyncio.gather(
            accept(database, world.ben, made), accept(database, world.eve, made),
            accept(database, world.ben, made), return_exceptions=True,
        )  # fmt: skip
        ben, eve, ben_again = (outcome == "member" for outcome in outcomes)
        assert ben == ben_again
        assert ben != eve
        assert await owner.fetchval("select count(*) from memberships") == 2
        await owner.execute("delete from memberships where role = 'member'")


async def test_an_invitation_dies_with_its_makers_role_even_at_the_same_moment(
    database: PostgresDatabase, owner: Connection, world: World
) -> None:
    ben = await id_of(owner, world.ben)
    for _ in range(10):
        await give(owner, world, world.ben, "owner")
        await owner.execute("delete from memberships where user_id = (select id from private.users"
                            " where name = 'Eve')")  # fmt: skip
        made = await invite(database, world, world.ben, role="owner")
        await asyncio.gather(
            database.call("remove_member", world.ana, organization_id=world.acme, user_id=ben),
            accept(database, world.eve, made),
            return_exceptions=True,
        )
        came_in = "Eve" in await roles(database, world, world.ana)
        order = [row[0] for row in await owner.fetch("select action from audit_log order by id")]
        assert (order[-1] == "member_removed") or not came_in
        with pytest.raises(InvitationInvalid):
            await accept(database, world.ben, made)


async def test_owners_revoke_all_and_admins_what_they_could_have_made(
    database: PostgresDatabase, owner: Connection, world: World
) -> None:
    await give(owner, world, world.ben, "admin")
    for_member, for_admin = (
        await invite(database, world),
        await invite(database, world, role="admin"),
    )

    async def revoke(who: TelegramUser, invitation_id: object) -> None:
        await database.call(
            "revoke_invitation", who, organization_id=world.acme, invitation_id=invitation_id
        )

    with pytest.raises(RoleTooLow) as refused:
        await revoke(world.ben, for_admin["id"])
    assert refused.value.facts == {"role": "owner"}
    await revoke(world.ben, for_member["id"])
    await revoke(world.ana, for_admin["id"])
    await revoke(world.ana, for_admin["id"])  # again is harmless and no other act
    with pytest.raises(NotFound):
        await revoke(world.ana, world.acme)
    assert await owner.fetchval("select count(*) from audit_log"
                                " where action = 'invitation_revoked'") == 2  # fmt: skip


@pytest.mark.parametrize("expected", [{"uses": 101}, {"uses": -1}, {"hours": 0}, {"hours": 721}])
async def test_no_invitation_is_without_limits(
    database: PostgresDatabase, world: World, expected: Any
) -> None:
    with pytest.raises(asyncpg.CheckViolationError):
        await invite(database, world, **expected)


async def test_invitations_are_not_made_without_end(
    database: PostgresDatabase, world: World
) -> None:
    for _ in range(60):
        await invite(database, world)
    with pytest.raises(TooManyRequests):
        await invite(database, world)


async def test_an_operator_invites_into_a_new_organization_and_never_by_name_into_anothers(
    database: PostgresDatabase, owner: Connection, world: World
) -> None:
    async def invite_owner(**named: Any) -> Any:
        return await database.call("invite_owner", SERVICE, hours=48, **named)

    assert await invite_owner(name="Acme") == {"others": [str(world.acme)]}
    first, again = [await invite_owner(name="Lumen") for _ in range(2)]  # the first was lost
    assert first["organization_id"] == again["organization_id"]
    assert (again["role"], again["invited_by"]) == ("owner", None)
    assert await accept(database, world.eve, again) == "owner"
    assert await invite_owner(name="Lumen") == {"others": [again["organization_id"]]}
    into = await invite_owner(name="x", organization_id=world.acme)
    assert await accept(database, world.eve, into) == "owner"
    with pytest.raises(NotFound):
        await invite_owner(name="x", organization_id=first["id"])
    acts = await owner.fetch("select through, action from audit_log where user_id is null")
    assert [tuple(row) for row in acts] == [
        ("operator", "organization_created"), *[("operator", "invitation_created")] * 3,
    ]  # fmt: skip

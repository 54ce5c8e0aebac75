"""Who may do what in an organization, played by its owner, a member, a stranger and nobody."""

import asyncio
from typing import TYPE_CHECKING, Any
from uuid import UUID

import asyncpg
import pytest

from backend.database.postgres import PostgresDatabase
from backend.database.protocol import SERVICE, TelegramUser
from backend.errors import (
    BadCursor,
    IdempotencyKeyReused,
    LastOwner,
    NotFound,
    PursebotError,
    RoleTooLow,
    SignupClosed,
    TooManyOrganizations,
    Unauthorized,
)
from tests.conftest import World

if TYPE_CHECKING:
    Connection = asyncpg.Connection[Any]
else:
    Connection = asyncpg.Connection

Json = dict[str, Any]
NOBODY = TelegramUser(999_999)


async def id_of(owner: Connection, person: TelegramUser) -> UUID:
    value: UUID = await owner.fetchval(
        "select id from private.users where telegram_id = $1", person.telegram_id
    )
    return value


async def give(owner: Connection, world: World, person: TelegramUser, role: str) -> UUID:
    """Put somebody into Acme, or change what they are there."""
    user_id = await id_of(owner, person)
    await owner.execute(
        "insert into memberships values ($1, $2, $3) on conflict (organization_id, user_id)"
        " do update set role = excluded.role", world.acme, user_id, role,
    )  # fmt: skip
    return user_id


async def roles(database: PostgresDatabase, world: World, who: TelegramUser) -> Json:
    members = await database.call("list_members", who, organization_id=world.acme)
    return {member["name"]: member["role"] for member in members}


async def notifications_of(owner: Connection) -> list[tuple[int, str, str]]:
    rows = await owner.fetch(
        "select c.telegram_chat_id, n.kind, n.facts from notifications as n"
        " inner join chats as c on n.chat_id = c.id order by n.id"
    )
    return [tuple(row) for row in rows]


async def test_strangers_and_nobody_get_the_same_answer_as_for_what_is_not_there(
    database: PostgresDatabase, owner: Connection, world: World
) -> None:
    acme, ana = world.acme, await id_of(owner, world.ana)
    calls: list[tuple[str, Json]] = [
        ("get_organization", {}), ("rename_organization", {"name": "Mine"}),
        ("set_default_organization", {}), ("list_members", {}), ("list_audit_log", {}),
        ("change_role", {"user_id": ana, "role": "member"}), ("remove_member", {"user_id": ana}),
        ("list_invitations", {}), ("create_invitation", {}),
        ("revoke_invitation", {"invitation_id": ana}),
    ]  # fmt: skip
    for function, arguments in calls:
        for organization_id in (acme, ana):
            with pytest.raises(NotFound) as refused:
                await database.call(
                    function, world.eve, organization_id=organization_id, **arguments
                )
            assert refused.value.facts == {"what": "organization"}, function
        with pytest.raises(Unauthorized):
            await database.call(function, NOBODY, organization_id=acme, **arguments)


@pytest.mark.parametrize(
    ("who", "function", "arguments", "needed"),
    [
        ("member", "rename_organization", {"name": "X"}, "admin"),
        ("member", "create_invitation", {}, "admin"),
        ("member", "create_invitation", {"role": "admin"}, "owner"),
        ("member", "list_invitations", {}, "admin"),
        ("member", "list_audit_log", {}, "owner"),
        ("member", "change_role", {"user_id": "self", "role": "admin"}, "owner"),
        ("member", "remove_member", {"user_id": "colleague"}, "admin"),
        ("member", "remove_member", {"user_id": "ana"}, "owner"),
        ("admin", "list_audit_log", {}, "owner"),
        ("admin", "create_invitation", {"role": "admin"}, "owner"),
        ("admin", "create_invitation", {"role": "owner"}, "owner"),
        ("admin", "change_role", {"user_id": "self", "role": "owner"}, "owner"),
        ("admin", "change_role", {"user_id": "colleague", "role": "member"}, "owner"),
        ("admin", "change_role", {"user_id": "ana", "role": "member"}, "owner"),
        ("admin", "remove_member", {"user_id": "ana"}, "owner"),
    ],
)
async def test_a_role_too_low_is_told_which_it_takes(
    database: PostgresDatabase,
    owner: Connection,
    world: World,
    who: str,
    function: str,
    arguments: Json,
    needed: str,
) -> None:
    people = {
        "ana": await id_of(owner, world.ana),
        "self": await give(owner, world, world.ben, who),
        "colleague": await give(owner, world, world.eve, "member"),
    }
    if "user_id" in arguments:
        arguments = arguments | {"user_id": people[arguments["user_id"]]}
    with pytest.raises(RoleTooLow) as refused:
        await database.call(function, world.ben, organization_id=world.acme, **arguments)
    assert refused.value.facts == {"role": needed}
    assert await owner.fetchval("select count(*) from audit_log") == 0


async def test_owners_change_roles_and_whom_it_happens_to_is_told(
    database: PostgresDatabase, owner: Connection, world: World
) -> None:
    ben = await id_of(owner, world.ben)
    change = {"organization_id": world.acme, "user_id": ben, "role": "owner"}
    for _ in range(2):  # the second changes nothing
        changed = await database.call("change_role", world.ana, **change)
        assert (changed["role"], changed["is_me"]) == ("owner", False)
    await database.call("change_role", world.ben, **{**change, "role": "admin"})  # steps down
    assert await roles(database, world, world.ben) == {"Ana": "owner", "Ben": "admin"}
    facts = '{"by": "Ana", "role": "owner", "organization_name": "Acme"}'
    assert await notifications_of(owner) == [(1002, "role_changed", facts)]
    page = await database.call("list_audit_log", world.ana, organization_id=world.acme, max_rows=1)
    older = await database.call(
        "list_audit_log", world.ana, organization_id=world.acme, cursor=page["next_cursor"]
    )
    acts = [(act["name"], act["through"], act["facts"]["role"])
            for act in page["entries"] + older["entries"]]  # fmt: skip
    assert acts == [("Ben", "telegram", "admin"), ("Ana", "telegram", "owner")]
    assert older["next_cursor"] is None
    for forged in ("o1", "-1", "1;", "9" * 19):
        with pytest.raises(BadCursor):
            await database.call(
                "list_audit_log", world.ana, organization_id=world.acme, cursor=forged
            )


async def test_who_is_removed_is_told_so_and_nothing_else(
    database: PostgresDatabase, owner: Connection, world: World
) -> None:
    ben = await give(owner, world, world.ben, "admin")
    invitation = await database.call("create_invitation", world.ana, organization_id=world.acme)
    await database.call("accept_invitation", world.eve, code=invitation["code"])
    claimed = await database.call("claim_notifications", SERVICE, max_rows=10)  # on its way to both
    assert {row["chat_id"] for row in claimed} == {1001, 1002}
    await database.call("set_default_organization", world.ben, organization_id=world.acme)
    await database.call("remove_member", world.ana, organization_id=world.acme, user_id=ben)
    late = next(row for row in claimed if row["chat_id"] == 1002)
    await database.call(
        "finish_notification", SERVICE,
        notification_id=late["id"], claim=late["claim"], outcome="retry", retry_after=0,
    )  # fmt: skip
    rest = await database.call("claim_notifications", SERVICE, max_rows=10)
    assert [(row["chat_id"], row["kind"]) for row in rest] == [(1002, "member_removed")]
    assert rest[0]["facts"] == {"by": "Ana", "organization_name": "Acme"}
    introduced_user = await database.call(
        "upsert_telegram_user", SERVICE, telegram_id=1002, name="Ben", language="en", chat_id=1002
    )
    assert (introduced_user["organization_id"], introduced_user["organizations"]) == (None, [])
    with pytest.raises(NotFound):
        await database.call("list_members", world.ben, organization_id=world.acme)


async def test_an_admin_removes_members_and_everybody_may_leave(
    database: PostgresDatabase, owner: Connection, world: World
) -> None:
    ben = await give(owner, world, world.ben, "admin")
    eve = await give(owner, world, world.eve, "member")
    await database.call("remove_member", world.ben, organization_id=world.acme, user_id=eve)
    await database.call("remove_member", world.ben, organization_id=world.acme, user_id=ben)
    assert await roles(database, world, world.ana) == {"Ana": "owner"}
    actions = await owner.fetch("select action from audit_log order by id")
    assert [row[0] for row in actions] == ["member_removed", "member_left"]


async def test_the_last_owner_stays_one(
    database: PostgresDatabase, owner: Connection, world: World
) -> None:
    ana = await id_of(owner, world.ana)
    with pytest.raises(LastOwner):
        await database.call("remove_member", world.ana, organization_id=world.acme, user_id=ana)
    with pytest.raises(LastOwner):
        await database.call(
            "change_role", world.ana, organization_id=world.acme, user_id=ana, role="admin"
        )


@pytest.mark.parametrize("act", ["demote each other", "leave", "step down"])
async def test_of_two_owners_who_go_at_once_one_stays(
    database: PostgresDatabase, owner: Connection, world: World, act: str
) -> None:
    people = {world.ana: await id_of(owner, world.ana), world.ben: await id_of(owner, world.ben)}
    for _ in range(10):
        for person in people:
            await give(owner, world, person, "owner")
        pairs = zip(people, reversed(people.values()) if "each" in act else people.values(),
                    strict=True)  # fmt: skip
        function, more = ("remove_member", {}) if act == "leave" else (
            "change_role", {"role": "member"}
        )  # fmt: skip
        outcomes = await asyncio.gather(
            *(
                database.call(function, who, organization_id=world.acme, user_id=whom, **more)
                for who, whom in pairs
            ),
            return_exceptions=True,
        )
        refusals = [type(outcome) for outcome in outcomes if isinstance(outcome, Exception)]
        assert refusals == [RoleTooLow if "each" in act else LastOwner]
        owners = "select count(*) from memberships where role = 'owner'"
        assert await owner.fetchval(owners) == 1


async def test_founding_is_closed_until_the_service_opens_it_whoever_asks(
    database: PostgresDatabase, owner: Connection, world: World
) -> None:
    with pytest.raises(SignupClosed):
        await database.call("create_organization", world.eve, name="Eve's")
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await database.call("set_policy", world.eve, signup_open=True)
    await database.call("set_policy", SERVICE, signup_open=True)
    assert (await database.call("create_organization", world.eve, name="Eve's"))["role"] == "owner"
    await database.call("set_policy", SERVICE, signup_open=False)
    with pytest.raises(SignupClosed):
        await database.call("create_organization", world.eve, name="Eve's second")


@pytest.mark.parametrize("name", [" ", "a\nb", "\u202eacme", "Ac\u200bme", "x" * 101])
async def test_no_name_can_rewrite_the_line_around_it_whoever_sends_it(
    database: PostgresDatabase, world: World, name: str
) -> None:
    with pytest.raises(asyncpg.CheckViolationError):
        await database.call("rename_organization", world.ana, organization_id=world.acme, name=name)


async def test_one_person_founds_five_even_all_at_once_and_a_key_founds_once(
    database: PostgresDatabase, owner: Connection, world: World
) -> None:
    await database.call("set_policy", SERVICE, signup_open=True)

    async def found(name: str, key: str | None = None) -> Any:
        return await database.call("create_organization", world.eve, name=name, idempotency_key=key)

    same = await asyncio.gather(*(found("Eve's", "key") for _ in range(4)))
    assert len({made["id"] for made in same}) == 1
    with pytest.raises(IdempotencyKeyReused):
        await found("Another", "key")
    outcomes = await asyncio.gather(*(found(f"No {n}") for n in range(8)), return_exceptions=True)
    refused = [outcome for outcome in outcomes if isinstance(outcome, PursebotError)]
    assert [type(each) for each in refused] == [TooManyOrganizations] * 4
    assert (await found("Eve's", "key"))["id"] == same[0]["id"]
    assert len(await database.call("list_organizations", world.eve)) == 5


async def test_the_current_organization_is_the_chosen_one_or_else_the_oldest(
    database: PostgresDatabase, owner: Connection, world: World
) -> None:
    await database.call("set_policy", SERVICE, signup_open=True)

    async def current() -> str:
        introduced_user: Json = await database.call(
            "upsert_telegram_user", SERVICE, telegram_id=1002, name="Ben", language="en"
        )
        return str(introduced_user["organization_id"])

    ben = await id_of(owner, world.ben)
    assert await current() == str(world.acme)
    made = await database.call("create_organization", world.ben, name="Ben's")
    assert await current() == made["id"]
    await database.call("set_default_organization", world.ben, organization_id=world.acme)
    assert await current() == str(world.acme)
    await database.call("remove_member", world.ben, organization_id=world.acme, user_id=ben)
    assert await current() == made["id"]

"""Two of one name are told apart: members before a role changes, organizations wherever named."""

from typing import TYPE_CHECKING, Any
from uuid import UUID

import asyncpg
import pytest

from backend.database.postgres import PostgresDatabase
from tests.backend.conftest import System
from tests.bot.conftest import Person, buttons, system
from tests.bot.payments.test_charges import ana
from tests.conftest import World
from tests.database.conftest import driver, paid
from tests.database.test_organizations import give
from tests.database.test_outbox import claim

if TYPE_CHECKING:
    Connection = asyncpg.Connection[Any]
else:
    Connection = asyncpg.Connection

__all__ = ["ana", "driver", "system"]
Json = dict[str, Any]


async def organization(
    owner: Connection, name: str, *members: tuple[int, str], id: str | None = None
) -> UUID:
    """Another organization, with people by their Telegram ids and roles, the first joined first."""
    made: UUID = await owner.fetchval(
        "insert into organizations (id, name) values (coalesce($2, gen_random_uuid()), $1)"
        " returning id",
        name,
        id,
    )
    for number, (telegram_id, role) in enumerate(members):
        await owner.execute(
            "insert into memberships select $1, id, $3, now() + make_interval(mins => $4)"
            " from private.users where telegram_id = $2",
            made,
            telegram_id,
            role,
            number,
        )
    return made


async def test_two_members_of_one_name_are_told_apart_before_anything_changes(
    system: System, ana: Person, owner: Connection
) -> None:
    """In the list, on buttons, in the question: Eve calls herself Ben with a Cyrillic letter."""
    await give(owner, system.world, system.world.eve, "member")
    ids = dict(await owner.fetch("select telegram_id, id from private.users"))
    await owner.execute("update private.users set name = 'B\u0435n' where telegram_id = 1003")
    moved = "update memberships set created_at = $2 where user_id = $1"
    for telegram_id, joined in ((1002, "2026-03-01 10:00"), (1003, "2026-03-02 10:00")):
        await owner.execute(moved.replace("$2", f"'{joined} UTC'"), ids[telegram_id])
    await ana.writes("/members")
    listed = await ana.sees("Acme: 3 people")
    real, other = "Ben (here since March 1, 2026)", "B\u0435n (here since March 2, 2026)"
    assert listed["text"].splitlines()[1:] == [
        "Ana, owner (you)",
        f"{real}, member",
        f"{other}, member",
    ]
    assert list(buttons(listed)) == [real, other]
    await ana.taps(listed, other)
    await ana.taps(await ana.sees(f"{other}\nmember in Acme"), "Remove")
    await ana.sees(f"Remove {other} from Acme?")
    await ana.writes("/members")
    await ana.taps(await ana.sees("Acme: 3 people"), real)
    await ana.taps(await ana.sees(f"{real}\nmember in Acme"), "Make owner")
    question = await ana.sees(f"Make {real} an owner of Acme?")
    await ana.taps(question, "Make owner")
    await ana.sees(f"{real}, owner")
    role = "select role from memberships where user_id = $1"
    assert await owner.fetchval(role, ids[1002]) == "owner"
    assert await owner.fetchval(role, ids[1003]) == "member"

    for joined, labels in (
        ("2026-03-01 18:30", ["March 1, 2026, 10:00 UTC", "March 1, 2026, 18:30 UTC"]),
        ("2026-03-01 10:00:30", ["no. 1, here since", "no. 2, here since"]),
    ):
        await owner.execute(moved.replace("$2", f"'{joined} UTC'"), ids[1003])
        await ana.writes("/members")
        text = (await ana.sees(labels[1]))["text"]
        assert labels[0] in text


@pytest.mark.parametrize(
    ("one", "other", "is_same"),
    [
        ("Acme", "acme", True),
        ("Acme", "\u0410cm\u0435", True),  # Cyrillic
        ("Acme", "A c\u200cme", True),
        ("Acme", "\uff21\uff43\uff4d\uff45", True),  # full width
        ("Ilya", "llya", True),
        ("x" * 50, "x" * 60, True),  # both are shown cut
        ("Zo\u0308e", "Z\u00f6e", True),
        ("Acme", "Acne", False),
        ("Zoe", "Z\u00f6e", False),
        ("\u682a\u5f0f\u4f1a\u793e", "\u6709\u9650\u4f1a\u793e", False),
    ],
)
async def test_names_are_the_same_where_people_read_them_as_one(
    database: PostgresDatabase, owner: Connection, world: World,
    one: str, other: str, is_same: bool,
) -> None:  # fmt: skip
    await owner.execute("update private.users set name = $1 where telegram_id = 1001", one)
    await owner.execute("update private.users set name = $1 where telegram_id = 1002", other)
    members = await database.call("list_members", world.ana, organization_id=world.acme)
    assert [member["shares_name"] for member in members] == [is_same, is_same]


async def test_organizations_of_one_name_are_told_apart_by_their_owner_wherever_one_chooses(
    system: System, ana: Person, owner: Connection
) -> None:
    """Eve made an Acme of her own and invited Ana, who now belongs to two."""
    await organization(owner, "\u0410cme", (1003, "owner"), (1001, "admin"))
    await ana.writes("/balance")
    text = (await ana.sees("Acme (Ana) (your role: owner)"))["text"]
    assert "\u0410cme (Eve) (your role: admin)" in text
    await ana.writes("/topup")
    offer = await ana.sees("How much do you want to add to Acme (Ana)?")
    await ana.taps(offer, "Another organization")
    choice = await ana.sees("Which organization?")
    assert set(buttons(choice)) == {"Acme (Ana)", "\u0410cme (Eve)"}
    await ana.writes("/org")
    await ana.taps(await ana.sees("Acme (Ana)"), "Switch to \u0410cme (Eve)")
    await ana.taps(await ana.sees("\u0410cme (Eve) (your role: admin)"), "Invite")
    await ana.taps(await ana.sees("An invitation to \u0410cme (Eve)"), "Create link")
    await ana.sees("Join \u0410cme (Eve) as member")
    await ana.writes("/topup 50")
    link = await ana.sees("Add €50.00 to \u0410cme (Eve).")
    assert link


async def test_where_the_owners_are_of_one_name_too_the_id_tells_and_others_read_the_name_alone(
    driver: Any, owner: Connection, world: World
) -> None:
    await organization(owner, "Acme", (1001, "owner"), id="3f2a0000-0000-4000-8000-000000000000")
    await driver.receive(paid("evt_1", await driver.payment()))
    names = {each["chat_id"]: each["payment"]["organization_name"] for each in await claim(driver)}
    assert names == {1001: f"Acme (Ana, {str(world.acme)[:4]})", 1002: "Acme"}
    me = await driver.database.call(
        "set_default_organization", world.ana, organization_id=world.acme
    )
    assert {each["organization_name"] for each in me["organizations"]} == {"Acme"}
    labels = [f"Acme (Ana, {str(world.acme)[:4]})", "Acme (Ana, 3f2a)"]
    assert [each["label"] for each in me["organizations"]] == labels
    listed = await driver.database.call("list_organizations", world.ana)
    assert [each["label"] for each in listed] == labels
    one = await driver.database.call("get_organization", world.ana, organization_id=world.acme)
    assert one["label"] == labels[0]
    [alone] = await driver.database.call("list_organizations", world.ben)
    assert alone["label"] is None


async def test_a_long_name_leaves_space_for_its_owner(
    database: PostgresDatabase, owner: Connection, world: World
) -> None:
    await owner.execute("update organizations set name = repeat('Acme ', 12) || '.'")
    await organization(owner, "Acme " * 12 + "Ltd", (1003, "owner"), (1001, "member"))
    me = await database.call("set_default_organization", world.ana, organization_id=world.acme)
    labels = [each["label"] for each in me["organizations"]]
    assert [len(label) for label in labels] == [40, 40]
    assert [label[-6:] for label in labels] == [" (Ana)", " (Eve)"]

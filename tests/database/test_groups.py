"""A group sees the organization that its owner tied to it, and only what that owner allows."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from uuid import UUID

import asyncpg
import pytest

from backend.database.protocol import SERVICE, TelegramUser
from backend.errors import NotFound, RoleTooLow
from tests.database.conftest import PaymentDriver, paid
from tests.database.test_outbox import claim, finish

Json = dict[str, Any]
if TYPE_CHECKING:
    Connection = asyncpg.Connection[Any]
else:
    Connection = asyncpg.Connection

TEAM, SUPERGROUP = -4001, -1_000_000_004_001


@dataclass(frozen=True)
class Group:
    """The group, what Telegram tells of it, and what people do there."""

    driver: PaymentDriver

    async def reaches_bot(self, happened: str, chat: int = TEAM, new: int | None = None) -> bool:
        """Whether it is tied then."""
        answer = await self.driver.database.call(
            "record_group_change",
            SERVICE,
            telegram_chat_id=chat,
            happened=happened,
            new_chat_id=new,
        )
        return bool(answer["tied"])

    async def call(self, name: str, who: TelegramUser, **arguments: Any) -> Json:
        answer: Json = await self.driver.database.call(
            name, who, **{"telegram_chat_id": TEAM, **arguments}
        )
        return answer

    async def tied(self, **allowed: Any) -> "Group":
        """With the bot in it, tied to Acme by Ana."""
        acme, ana = self.driver.world.acme, self.driver.world.ana
        await self.reaches_bot("joined")
        await self.call("tie_group", ana, organization_id=acme)
        if allowed:
            await self.call("set_group_permissions", ana, organization_id=acme, **allowed)
        return self

    async def balance(self, who: TelegramUser, chat: int = TEAM) -> Json:
        answer: Json = await self.driver.database.call(
            "get_group_balance", who, telegram_chat_id=chat
        )
        return answer

    async def announced(self, chat: int = TEAM) -> list[Json]:
        """What the group is told after somebody else's chats were served."""
        return [
            notifications
            for notifications in await claim(self.driver)
            if notifications["chat_id"] == chat
        ]


@pytest.fixture
def group(driver: PaymentDriver) -> Group:
    return Group(driver)


@pytest.fixture
async def globex(driver: PaymentDriver, owner: Connection) -> UUID:
    """Eve's organization."""
    value: UUID = await owner.fetchval(
        "with made as (insert into organizations (name) values ('Globex') returning id)"
        " insert into memberships select made.id, u.id, 'owner' from made, private.users as u"
        " where u.telegram_id = 1003 returning organization_id"
    )
    return value


async def test_a_group_sees_nothing_until_an_owner_ties_it_and_allows_it(group: Group) -> None:
    world = group.driver.world
    await group.reaches_bot("joined")
    for who in (world.ben, world.eve):
        with pytest.raises((RoleTooLow, NotFound)):
            await group.call("tie_group", who, organization_id=world.acme)
    shown = await group.call("tie_group", world.ana, organization_id=world.acme)
    assert (shown["tied"], shown["organization_name"]) == (True, "Acme")
    assert not shown["shows_balance"]
    assert not shown["announces_credits"]
    assert (
        await group.call("get_group", world.eve)
        == await group.call("get_group", world.ben)
        == {"tied": True, "organization_name": "Acme", "owner_name": "Ana"}
    )
    with pytest.raises(NotFound):
        await group.balance(world.ana)
    for who in (world.ben, world.eve):
        with pytest.raises((RoleTooLow, NotFound)):
            await group.call(
                "set_group_permissions", who, organization_id=world.acme, shows_balance=True
            )
    await group.call(
        "set_group_permissions", world.ana, organization_id=world.acme, shows_balance=True
    )
    seen = await group.balance(world.eve)
    assert (seen["organization_name"], seen["wallets"][0]["balance"]["amount_minor"]) == ("Acme", 0)


async def test_a_credit_is_announced_where_it_is_allowed_with_the_balance_only_where_that_is(
    group: Group, owner: Connection
) -> None:
    world, driver = group.driver.world, group.driver
    await group.tied()
    await driver.receive(paid("evt_1", await driver.payment("1")))
    assert await group.announced() == []
    allowed = {"announces_credits": True, "message_thread_id": 7}
    await group.call("set_group_permissions", world.ana, organization_id=world.acme, **allowed)
    await driver.receive(paid("evt_2", await driver.payment("2")))
    [notifications] = await group.announced()
    assert (notifications["kind"], notifications["message_thread_id"]) == ("wallet_credited", 7)
    assert (notifications["payment"]["paid_by"], notifications["payment"]["balance"]) == (
        "Ana",
        None,
    )
    await finish(driver, notifications, "topic_closed")  # somebody deleted the topic
    await group.call(
        "set_group_permissions", world.ana, organization_id=world.acme, shows_balance=True
    )
    [again] = await group.announced()
    assert (again["message_thread_id"], again["payment"]["balance"]["amount"]) == (None, "100.00")


async def test_another_owner_can_neither_take_a_tied_group_nor_ever_see_the_first_ones_money(
    group: Group, globex: UUID, owner: Connection
) -> None:
    world, driver = group.driver.world, group.driver
    await group.tied(shows_balance=True, announces_credits=True)
    with pytest.raises(NotFound):
        await group.call("tie_group", world.eve, organization_id=globex)
    await driver.receive(paid("evt_1", await driver.payment()))  # an announcement waits
    await group.call("set_group_permissions", world.ana, organization_id=world.acme, tied=False)
    await group.call("tie_group", world.eve, organization_id=globex)
    everything = {"shows_balance": True, "announces_credits": True}
    await group.call("set_group_permissions", world.eve, organization_id=globex, **everything)
    assert await group.announced() == []
    assert (await group.balance(world.ana))["organization_name"] == "Globex"
    with pytest.raises(NotFound):  # an old message's button
        await group.call(
            "set_group_permissions", world.ana, organization_id=world.acme, shows_balance=True
        )
    assert await owner.fetchval("select reason from notifications where state = 'refused'")


async def test_a_message_that_was_being_sent_is_not_sent_again_to_a_group_that_lost_its_tie(
    group: Group,
) -> None:
    world, driver = group.driver.world, group.driver
    await group.tied(announces_credits=True)
    await driver.receive(paid("evt_1", await driver.payment()))
    [notifications] = await group.announced()
    await group.call("set_group_permissions", world.ana, organization_id=world.acme, tied=False)
    await finish(driver, notifications, "ambiguous")
    assert await group.announced() == []


@pytest.mark.parametrize("removal_was_reported", [True, False])
async def test_a_removed_bot_that_is_added_again_starts_untied(
    group: Group, removal_was_reported: bool
) -> None:
    await group.tied(shows_balance=True, announces_credits=True)
    if removal_was_reported:
        assert not await group.reaches_bot("left")
    assert not await group.reaches_bot("joined")
    with pytest.raises(NotFound):
        await group.balance(group.driver.world.ana)


@pytest.mark.parametrize(
    "order",
    [
        ("message", "message", "joined", "delivery"),
        ("joined", "message", "delivery", "message"),
        ("delivery", "message", "joined"),
        ("joined", "delivery", "message"),
    ],
)
async def test_a_supergroup_inherits_the_tie_whoever_tells_of_it_first_and_how_often(
    group: Group, order: tuple[str, ...]
) -> None:
    driver = group.driver
    await group.tied(shows_balance=True, announces_credits=True)
    await driver.receive(paid("evt_1", await driver.payment()))
    [notifications] = await group.announced()
    for teller in order:
        match teller:
            case "message":
                await group.reaches_bot("migrated", TEAM, SUPERGROUP)
            case "joined":
                await group.reaches_bot("joined", SUPERGROUP)
            case "delivery":
                await finish(driver, notifications, "migrated", new_chat_id=SUPERGROUP)
    assert (await group.announced(SUPERGROUP))[0]["payment"]["balance"]["amount_minor"] == 5000
    assert (await group.balance(driver.world.eve, SUPERGROUP))["organization_name"] == "Acme"
    with pytest.raises(NotFound):
        await group.balance(driver.world.ana)


async def test_a_tie_is_the_organizations_and_outlives_the_owner_who_made_it(
    group: Group, owner: Connection
) -> None:
    world = group.driver.world
    await group.tied(shows_balance=True)
    await owner.execute("delete from memberships where role = 'owner'")
    assert (await group.balance(world.eve))["organization_name"] == "Acme"
    with pytest.raises(NotFound):
        await group.call("set_group_permissions", world.ana, organization_id=world.acme, tied=False)


async def test_what_an_owner_decides_is_on_record(group: Group, owner: Connection) -> None:
    world = group.driver.world
    await group.tied(shows_balance=True)
    await group.call("set_group_permissions", world.ana, organization_id=world.acme, tied=False)
    rows = await owner.fetch("select action from audit_log order by id")
    assert [row["action"] for row in rows] == ["group_tied", "group_allowed", "group_untied"]


async def test_only_the_bot_says_that_somebody_is_in_a_group(
    group: Group, owner: Connection
) -> None:
    """A person who calls the API directly, as a Supabase user, decides nothing about a group."""
    await group.tied(shows_balance=True)
    await owner.execute("update private.users set auth_user_id = gen_random_uuid()")
    async with owner.transaction():
        await owner.execute("set local role authenticated")
        await owner.fetchval("select set_config('request.jwt.claims', '{\"sub\": null}', true)")
        with pytest.raises(asyncpg.PostgresError, match="unauthorized"):
            await owner.fetchval("select api.get_group_balance($1)", TEAM)

"""People, groups and cards at the same moment: the second sees what the first did."""

import uuid
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import asyncpg

from backend.database.protocol import SERVICE, SupabaseUser
from backend.errors import AlreadyLinked, NotFound
from tests.database.conftest import PaymentDriver
from tests.database.sessions import Call, meet
from tests.database.test_charges import card

if TYPE_CHECKING:
    Connection = asyncpg.Connection[Any]
else:
    Connection = asyncpg.Connection

GROUP = -1001


async def test_a_group_is_tied_by_the_first_of_two_owners(
    driver: PaymentDriver, owner: Connection, database_url: str
) -> None:
    which = {"telegram_chat_id": GROUP}
    await driver.database.call("record_group_change", SERVICE, **which, happened="joined")
    other = await owner.fetchval("insert into organizations (name) values ('Other') returning id")
    await owner.execute(
        "insert into memberships select $1, id, 'owner' from private.users"
        " where telegram_id = 1003",
        other,
    )
    met = await meet(
        database_url, owner,
        (driver.world.ana, "tie_group", {**which, "organization_id": driver.world.acme}),
        (driver.world.eve, "tie_group", {**which, "organization_id": other}),
    )  # fmt: skip
    assert met.waited
    assert isinstance(met.second, NotFound)
    tied = await owner.fetchval(
        "select organization_id from chats where telegram_chat_id = $1", GROUP
    )
    assert tied == driver.world.acme


async def code(driver: PaymentDriver, who: SupabaseUser) -> Call:
    """Ana's use of the code that somebody at Supabase has."""
    existing = {"auth_user_id": who.auth_user_id, "name": "Lea", "language": "en", "refresh": False}
    await driver.database.call("upsert_supabase_user", SERVICE, **existing)
    made = await driver.database.call("create_link_code", who)
    return (driver.world.ana, "redeem_link_code", {"code": made["code"]})


async def test_two_codes_at_once_make_one_person_of_the_first(
    driver: PaymentDriver, owner: Connection, database_url: str
) -> None:
    lea, zoe = SupabaseUser(uuid.uuid4()), SupabaseUser(uuid.uuid4())
    met = await meet(database_url, owner, await code(driver, lea), await code(driver, zoe))
    assert met.waited
    assert isinstance(met.second, AlreadyLinked)
    ana = "select auth_user_id from private.users where telegram_id = 1001"
    assert await owner.fetchval(ana) == lea.auth_user_id


async def test_one_code_twice_at_once_is_a_repeat(
    driver: PaymentDriver, owner: Connection, database_url: str
) -> None:
    requests = await code(driver, SupabaseUser(uuid.uuid4()))
    met = await meet(database_url, owner, requests, requests)
    assert met.waited
    assert met.second == met.first


async def test_that_a_card_expires_is_told_by_one_of_two_reconcilers(
    driver: PaymentDriver, owner: Connection, database_url: str
) -> None:
    today = datetime.now(UTC)
    method = await card(driver, owner, exp_month=today.month, exp_year=today.year)
    await owner.execute(
        "insert into private.payment_method_details (payment_method_id) values ($1)", method
    )
    calls: Call = (SERVICE, "notify_expiring_payment_methods", {"max_rows": 10})
    met = await meet(database_url, owner, calls, calls)
    assert (met.waited, met.first, met.second) == (False, 1, 0)

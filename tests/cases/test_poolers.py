"""Through Debian's PgBouncer, which drops the startup parameter `role` as Supavisor does."""

import asyncio
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any

import asyncpg
import pytest

from backend.database import connection_pool
from backend.database.connections import address_kind
from backend.database.postgres import PostgresDatabase, postgres_database
from backend.database.protocol import SERVICE
from backend.failures import DatabaseUnavailable
from sandbox.postgres.cluster import EmbeddedPostgres
from tests.backend.commands.test_commands import GOOD, run
from tests.conftest import World
from tests.database.conftest import PaymentDriver, paid
from tests.pgbouncer import PROGRAM, pgbouncer, state_left_behind

pytestmark = pytest.mark.slow

if TYPE_CHECKING:
    Connection = asyncpg.Connection[Any]
else:
    Connection = asyncpg.Connection

if PROGRAM is None:
    pytest.skip("There is no PgBouncer: apt-get install pgbouncer.", allow_module_level=True)

MODES = ("session", "transaction")


@pytest.fixture(params=MODES)
async def pooled(
    request: pytest.FixtureRequest, database_url: str, world: World
) -> AsyncIterator[PostgresDatabase]:
    """The database, opened as the documents say for that mode."""
    mode = request.param
    async with (
        pgbouncer(database_url, mode) as url,
        postgres_database(url, pooled=mode == "transaction") as opened,
    ):
        yield opened


async def test_a_topup_is_credited_and_seen_by_whom_it_concerns(
    pooled: PostgresDatabase, world: World
) -> None:
    driver = PaymentDriver(pooled, world)
    payment = await driver.payment()
    assert await driver.receive(paid("evt_1", payment)) == ["done"]
    assert (await driver.show(payment))["status"] == "succeeded"

    async def role(number: int) -> str:
        who = (SERVICE, world.ana, world.ben)[number % 3]
        if who is SERVICE:
            return str(
                (await pooled.call("get_payment_for_service", who, payment_id=payment))["attempt"]
            )
        return str((await pooled.call("get_payment", who, payment_id=payment))["paid_by"])

    answers = await asyncio.gather(*(role(number) for number in range(60)))
    assert answers == ["1", "Ana", "Ana"] * 20


@pytest.mark.parametrize("mode", MODES)
async def test_no_role_and_no_lock_is_left_to_whoever_comes_next(
    database_url: str, world: World, mode: str
) -> None:
    """Even where the pooler resets nothing, and the next client gets the same server process."""
    async with pgbouncer(database_url, mode, server_reset_query="", default_pool_size=2) as url:
        async with postgres_database(url, pooled=mode == "transaction", size=2) as opened:
            assert await opened.call("get_events_cursor", SERVICE)
            await PaymentDriver(opened, world).payment()
        code, output, errors = await run("migrate", SUPABASE_DB_URL=url)
        assert (code, "up to date" in output) == (0, True), errors
        assert await state_left_behind(database_url) == []
        for _ in range(4):
            connection = await asyncpg.connect(url, statement_cache_size=0)
            assert await connection.fetchval("select current_user") == "pursebot_owner"
            await connection.close()


@pytest.mark.parametrize("mode", MODES)
async def test_a_role_that_somebody_left_is_not_ours(database_url: str, mode: str) -> None:
    async with pgbouncer(database_url, mode, server_reset_query="", default_pool_size=1) as url:
        other = await asyncpg.connect(url, statement_cache_size=0)
        await other.execute("set role anon")
        await other.close()
        code, output, errors = await run("migrate", SUPABASE_DB_URL=url)
        assert (code, "up to date" in output) == (0, True), errors


@pytest.mark.parametrize("mode", MODES)
async def test_migrate_can_be_repeated_straight_and_through_the_pooler(
    postgres: EmbeddedPostgres, mode: str
) -> None:
    bare = await postgres.create_database(f"bare_{mode}")
    try:
        async with pgbouncer(bare, mode) as url:
            code, output, errors = await run("migrate", SUPABASE_DB_URL=url)
            assert (code, output.startswith("applied ")) == (0, True), errors
            assert await state_left_behind(bare) == []
            for address in (bare, url, url, bare):
                code, output, errors = await run("migrate", SUPABASE_DB_URL=address)
                assert (code, output) == (0, "The database is up to date.\n"), errors
    finally:
        await postgres.drop_database(f"bare_{mode}")


async def test_what_an_address_leads_to_is_found_out(database_url: str) -> None:
    assert await address_kind(database_url) == "direct"
    for mode in MODES:
        async with pgbouncer(database_url, mode) as url:
            assert await address_kind(url) == mode


async def test_the_doctor_says_what_is_right_for_each_kind(database_url: str) -> None:
    async def doctor(url: str, pooler: str) -> str:
        settings = {**GOOD, "SUPABASE_DB_URL": url, "SUPABASE_DB_POOLER": pooler}
        settings["STRIPE_API_BASE"] = "http://127.0.0.1:1"
        _, output, errors = await run("doctor", **settings)
        assert "Traceback" not in errors
        return output

    assert "a direct connection to PostgreSQL" in await doctor(database_url, "false")
    assert "SUPABASE_DB_POOLER=false" in await doctor(database_url, "true")
    async with pgbouncer(database_url, "session") as url:
        assert "ok       database   a pooler in session mode" in await doctor(url, "false")
        assert "SUPABASE_DB_POOLER=false" in await doctor(url, "true")
    async with pgbouncer(database_url, "transaction") as url:
        assert "ok       database   a pooler in transaction mode" in await doctor(url, "true")
        output = await doctor(url, "false")
        assert "error    database   a pooler in transaction mode" in output
        assert "SUPABASE_DB_POOLER=true" in output
        with pytest.raises(DatabaseUnavailable, match="SUPABASE_DB_POOLER=true"):
            async with postgres_database(url):
                pass


async def test_a_full_pooler_is_waited_for_and_never_a_crash(
    database_url: str, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Eight of ours and a pooler that lets three in: a burst is served by those three."""
    monkeypatch.setattr(connection_pool, "WAIT_SECONDS", 100)  # however loaded the machine is
    async with (
        pgbouncer(database_url, "session", max_client_conn=3) as url,
        postgres_database(url) as opened,
    ):
        calls = [opened.call("get_events_cursor", SERVICE) for _ in range(60)]
        calls += [opened.call("list_organizations", world.ana) for _ in range(60)]
        assert len(await asyncio.gather(*calls)) == 120

"""What poolers and servers refuse connections with, replayed: wait, then 503; never 500."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from backend.database import connection_pool, migrations
from backend.database.connection_refusals import UNKNOWN_REFUSAL, find_connection_refusal
from backend.database.postgres import PostgresDatabase, postgres_database
from backend.database.protocol import SERVICE
from backend.failures import DatabaseUnavailable
from tests.backend.commands.test_commands import GOOD, start
from tests.backend.conftest import ANA, System, open_system, token
from tests.conftest import World
from tests.fake_pooler import RECORDED, FakePooler, RecordedRefusal, fake_pooler


@pytest.fixture
async def pooler(database_url: str) -> AsyncIterator[FakePooler]:
    async with fake_pooler(database_url) as running:
        yield running


@pytest.fixture
async def pooled(pooler: FakePooler, world: World) -> AsyncIterator[PostgresDatabase]:
    async with postgres_database(pooler.url) as opened:
        yield opened


@pytest.fixture
def little_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection_pool, "WAIT_SECONDS", 2)


@pytest.fixture
def much_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """However loaded the machine is."""
    monkeypatch.setattr(connection_pool, "WAIT_SECONDS", 100)


@pytest.mark.parametrize("refusal", RECORDED.values(), ids=RECORDED.keys())
def test_every_recorded_refusal_has_a_cure(refusal: RecordedRefusal) -> None:
    existing = find_connection_refusal(refusal.sqlstate, refusal.message)
    assert existing is not UNKNOWN_REFUSAL
    assert existing.fix


async def statuses(system: System, number: int) -> set[int]:
    async def connect() -> int:
        headers = {"Authorization": f"Bearer {token(sub=str(ANA))}"}
        async with system.http.get(f"{system.url}/api/organizations", headers=headers) as answer:
            await answer.read()
            return answer.status

    return set(await asyncio.gather(*(connect() for _ in range(number))))


@pytest.mark.parametrize("refusal", RECORDED.values(), ids=RECORDED.keys())
async def test_whoever_is_refused_is_told_503(
    pooler: FakePooler,
    world: World,
    tmp_path: Path,
    refusal: RecordedRefusal,
    little_patience: None,
) -> None:
    async with (
        postgres_database(pooler.url, size=2) as opened,
        open_system(opened, world, tmp_path) as system,
    ):
        assert await statuses(system, 1) == {200}
        pooler.refusal = pooler.interruption = refusal
        assert await statuses(system, 4) == {503}
        pooler.refusal = pooler.interruption = None
        assert await statuses(system, 1) == {200}


async def test_a_connection_that_is_cut_in_the_middle_is_503_and_replaced(
    pooler: FakePooler, pooled: PostgresDatabase, world: World
) -> None:
    pooler.hangs_up = True
    for actor in (SERVICE, world.ana):
        function = "get_events_cursor" if actor is SERVICE else "list_organizations"
        with pytest.raises(DatabaseUnavailable):
            await pooled.call(function, actor)
    pooler.hangs_up = False
    assert await pooled.call("get_events_cursor", SERVICE)
    assert await pooled.call("list_organizations", world.ana)


async def test_a_burst_before_a_full_session_pool_is_served_by_what_is_let_in(
    pooler: FakePooler, world: World, tmp_path: Path, much_patience: None
) -> None:
    pooler.refusal, pooler.most = RECORDED["full session pool"], 3
    async with (
        postgres_database(pooler.url) as opened,
        open_system(opened, world, tmp_path) as system,
    ):
        assert await statuses(system, 120) == {200}
    assert pooler.max_clients == 3


async def test_a_fatal_error_is_503_whatever_its_code(
    pooler: FakePooler, pooled: PostgresDatabase, world: World
) -> None:
    pooler.interruption, pooler.reports_readiness = RECORDED["server gone"], True
    for actor in (SERVICE, world.ana):
        function = "get_events_cursor" if actor is SERVICE else "list_organizations"
        with pytest.raises(DatabaseUnavailable):
            await pooled.call(function, actor)


async def test_whoever_was_refused_one_gets_the_next_that_is_free(
    pooler: FakePooler, pooled: PostgresDatabase, much_patience: None
) -> None:
    pooler.refusal, pooler.most = RECORDED["full session pool"], pooler.clients
    done: list[int] = []

    async def call(number: int) -> None:
        await pooled.call("get_events_cursor", SERVICE)
        done.append(number)

    await asyncio.gather(*(call(number) for number in range(300)))
    assert {0, 1, 2, 3} <= set(done[:50])


async def test_what_was_refused_is_let_in_as_soon_as_a_connection_is_free(
    pooler: FakePooler, pooled: PostgresDatabase
) -> None:
    pooler.interruption = RECORDED["server gone"]
    with pytest.raises(DatabaseUnavailable):
        await pooled.call("get_events_cursor", SERVICE)
    pooler.interruption, pooler.refusal = None, RECORDED["full session pool"]
    waiting = asyncio.create_task(pooled.call("get_events_cursor", SERVICE))
    await asyncio.sleep(0.3)
    assert not waiting.done()
    pooler.refusal = None
    assert await waiting


async def test_a_wrong_password_is_not_tried_again_and_again(
    pooler: FakePooler, pooled: PostgresDatabase
) -> None:
    pooler.hangs_up = True
    with pytest.raises(DatabaseUnavailable):
        await pooled.call("get_events_cursor", SERVICE)
    pooler.hangs_up, pooler.refusal = False, RECORDED["wrong password"]
    tried = len(pooler.startups)
    with pytest.raises(DatabaseUnavailable):
        await pooled.call("get_events_cursor", SERVICE)
    assert len(pooler.startups) == tried + 1


async def test_no_role_is_in_what_a_connection_begins_with(
    pooler: FakePooler, pooled: PostgresDatabase
) -> None:
    assert await pooled.call("get_events_cursor", SERVICE)
    assert pooler.startups
    for parameters in pooler.startups:
        assert "role" not in parameters


async def test_a_call_of_the_backends_own_is_one_round_trip(
    pooler: FakePooler, pooled: PostgresDatabase
) -> None:
    await pooled.call("get_events_cursor", SERVICE)
    before = pooler.round_trips
    for _ in range(10):
        await pooled.call("get_events_cursor", SERVICE)
    assert pooler.round_trips == before + 10


async def test_all_processes_together_stay_below_fifteen(
    pooler: FakePooler, pooled: PostgresDatabase, world: World, much_patience: None
) -> None:
    """A backend in full swing, and two commands and a migrate beside it."""
    settings = {**GOOD, "SUPABASE_DB_URL": pooler.url}
    burst = asyncio.gather(
        *(pooled.call("get_events_cursor", SERVICE) for _ in range(200)),
        *(pooled.call("list_organizations", world.ana) for _ in range(200)),
    )
    commands = asyncio.gather(
        finish("migrate", SUPABASE_DB_URL=pooler.url),
        finish("packages", "list", **settings),
        finish("doctor", **settings, STRIPE_API_BASE="http://127.0.0.1:1"),
    )
    await burst
    await commands
    assert pooler.max_clients < 15


@pytest.mark.parametrize(
    "name", ["full session pool", "unknown project", "wrong password", "no TLS", "server gone"]
)
async def test_the_doctor_says_why_and_what_to_do(
    pooler: FakePooler, world: World, name: str
) -> None:
    refusal = pooler.refusal = RECORDED[name]
    settings = {**GOOD, "SUPABASE_DB_URL": pooler.url, "STRIPE_API_BASE": "http://127.0.0.1:1"}
    _, output, errors = await finish("doctor", "--json", **settings)
    assert "Traceback" not in errors
    [finding] = [each for each in json.loads(output) if each["about"] == "database"]
    assert finding["level"] == "error"
    assert refusal.message.rstrip(".") in finding["said"]
    assert finding["fix"] == find_connection_refusal(refusal.sqlstate, refusal.message).fix


@pytest.mark.slow
async def test_commands_end_with_why_and_what_to_do(pooler: FakePooler, world: World) -> None:
    refusal = pooler.refusal = RECORDED["full session pool"]
    settings = {**GOOD, "SUPABASE_DB_URL": pooler.url, "STRIPE_API_BASE": "http://127.0.0.1:1"}
    for command in ("migrate", "serve"):
        code, _, errors = await finish(command, **settings)
        assert (code, "Traceback" in errors) == (1, False), errors
        assert find_connection_refusal(refusal.sqlstate, refusal.message).fix in errors


async def finish(*arguments: str, **settings: str) -> tuple[int | None, str, str]:
    """As `run`, which gives a process less time than one needs that waits for a full pool."""
    process = await start(*arguments, **settings)
    output, errors = await asyncio.wait_for(process.communicate(), 100)
    return process.returncode, output.decode(), errors.decode()


async def test_a_lock_that_is_held_is_said_in_a_sentence(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(migrations, "LOCK_SECONDS", 1)
    async with migrations.connect_as_owner(database_url) as other, other.transaction():
        await other.execute(migrations.LOCK)
        with pytest.raises(migrations.MigrationError, match=r"has held a lock .* for 1 s"):
            await migrations.migrate(database_url)
    assert await migrations.migrate(database_url) == []

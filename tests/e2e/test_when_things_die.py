"""Whatever dies on the way, and however Stripe delivers: the wallet is credited once and told."""

import asyncio
import os
import re
import signal
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path

import aiohttp
import asyncpg
import pytest

from sandbox.postgres.server_process import server_processes
from sandbox.runner.demo import CARD, LINK, Chat, message_json
from tests.e2e.system import System, processes_of, running_system, short_folder

pytestmark = pytest.mark.slow

folder = pytest.fixture(short_folder)


@pytest.fixture
async def system(folder: Path) -> AsyncIterator[System]:
    async with running_system(folder) as running:
        yield running


@pytest.fixture
async def http(system: System) -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession(system.ports.sandbox_url) as session:
        yield session


@pytest.fixture
def ana(system: System, http: aiohttp.ClientSession) -> Chat:
    # What a bot claimed as it died is given to the next one after 30 seconds.
    return Chat(http, "ana", system.printed.append, timeout=120.0)


def kill(system: System, module: str) -> None:
    """SIGKILL: no time to finish anything."""
    [process] = [
        each
        for each in processes_of(system.folder)
        if re.search(rf"-m {module}\b(?! migrate)", each)
    ]
    os.kill(int(process.split()[0]), signal.SIGKILL)


async def link(ana: Chat, amount: str) -> tuple[str, int]:
    """The session behind a new link, and the message that shows it."""
    await ana.write(f"/topup {amount}")
    shown = await ana.see("a link", LINK)
    return str(re.findall(LINK, message_json(shown))[0][1]), int(shown["message_id"])


async def post(http: aiohttp.ClientSession, path: str, **body: object) -> None:
    async with http.post(path, json=body) as answer:
        answer.raise_for_status()


def first_process(data: Path) -> int:
    return int((data / "postmaster.pid").read_text().splitlines()[0])


async def wallet(system: System) -> int:
    connection = await asyncpg.connect(system.database_url)
    try:
        assert not await connection.fetch("select * from private.ledger_problems")
        return int(
            await connection.fetchval("select sum(balance) from accounts where kind = 'wallet'")
        )
    finally:
        await connection.close()


@pytest.mark.parametrize("victim", ["backend", "bot"])
async def test_a_process_killed_as_the_money_comes_loses_nothing(
    system: System, http: aiohttp.ClientSession, ana: Chat, victim: str
) -> None:
    session, message = await link(ana, "50")
    kill(system, victim)
    await post(http, f"/stripe/sessions/{session}/pay", card=CARD)
    paid = await ana.see("that it is paid", "New balance.*€50.00")
    assert paid["message_id"] == message
    assert await wallet(system) == 5000


async def test_the_bot_killed_again_and_again_tells_every_payment_in_the_end(
    system: System, http: aiohttp.ClientSession, ana: Chat
) -> None:
    sessions = [(await link(ana, "10"))[0] for _ in range(3)]
    kill(system, "bot")
    for session in sessions:
        await post(http, f"/stripe/sessions/{session}/pay", card=CARD)
    await ana.see("all three", "New balance.*€30.00")
    assert await wallet(system) == 3000


async def test_events_that_come_twice_late_and_in_the_wrong_order_credit_once(
    system: System, http: aiohttp.ClientSession, ana: Chat
) -> None:
    await post(http, "/stripe/faults", twice=True, out_of_order=True, late=0.3, fail_first=1)
    session, message = await link(ana, "50")
    await post(http, f"/stripe/sessions/{session}/pay", card="4000000000000002")
    await post(http, f"/stripe/sessions/{session}/pay", card=CARD)
    paid = await ana.see("that it is paid", "New balance.*€50.00")
    assert paid["message_id"] == message
    assert await wallet(system) == 5000


async def test_telegram_in_trouble_only_delays_what_is_told(
    system: System, http: aiohttp.ClientSession, ana: Chat
) -> None:
    session, message = await link(ana, "50")
    edits = ["editMessageText"]
    await post(http, "/telegram/faults", server_error={"code": 502, "next": 1, "methods": edits})
    await post(http, f"/stripe/sessions/{session}/pay", card=CARD)
    paid = await ana.see("that it is paid", "New balance.*€50.00")
    assert paid["message_id"] == message


@pytest.mark.slow
async def test_a_postgres_that_dies_is_started_again_and_everybody_recovers(
    system: System, http: aiohttp.ClientSession, ana: Chat
) -> None:
    data = system.folder / "postgres"
    session, _ = await link(ana, "50")
    for is_first_alone in (True, False):
        for process in [first_process(data)] if is_first_alone else server_processes(data):
            with suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)
        await system.wait_for("PostgreSQL ended; starting it again, with all its data", 60)
        await until_reachable(system)
    await post(http, f"/stripe/sessions/{session}/pay", card=CARD)
    await ana.see("that it is paid", "New balance.*€50.00")
    assert await wallet(system) == 5000
    (data / "postgresql.conf").write_text("this is no setting\n")
    os.kill(first_process(data), signal.SIGKILL)
    await system.wait_for("PostgreSQL ended and cannot be started again", 60)
    await system.process.communicate()
    assert await system.process.wait() == 1
    assert processes_of(system.folder) == []


async def until_reachable(system: System) -> None:
    async with asyncio.timeout(60):
        while True:
            with suppress(OSError, asyncpg.PostgresError):
                return await (await asyncpg.connect(system.database_url)).close()
            await asyncio.sleep(0.1)

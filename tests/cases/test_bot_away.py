"""What waits at Telegram while the bot is away, and what nobody can read, in the real processes."""

import asyncio
import json
import os
import re
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import asyncpg
import pytest

from sandbox.runner.demo import CARD, LINK
from tests.bot.conftest import Person
from tests.e2e.system import System, processes_of, running_system, short_folder, system_by_webhook
from tests.e2e.test_when_things_die import post, wallet
from tests.sandbox.telegram.playground import Playground

pytestmark = pytest.mark.slow

folder = pytest.fixture(short_folder)
WAYS = "how do you want to pay"
LATE = "Your tap arrived too late, so I did nothing."
# Eve sends a poll that is older than what python-telegram-bot knows of polls.
EVE = {"id": 1003, "is_bot": False, "first_name": "Eve", "language_code": "en"}
OPTIONS = [{"text": "a", "voter_count": 0}, {"text": "b", "voter_count": 0}]
POLL = {
    "id": "5", "question": "Lunch?", "options": OPTIONS, "total_voter_count": 0,
    "is_closed": False, "is_anonymous": True, "type": "regular", "allows_multiple_answers": False,
}  # fmt: skip
CHAT = {"id": 1003, "type": "private", "first_name": "Eve"}
EVES_POLL = {"message_id": 9, "date": 1795982073, "from": EVE, "chat": CHAT, "poll": POLL}


@pytest.fixture(params=["polling", "webhook"])
async def system(folder: Path, request: pytest.FixtureRequest) -> AsyncIterator[System]:
    started = (
        running_system if request.param == "polling" else asynccontextmanager(system_by_webhook)
    )
    async with started(folder) as running:
        yield running


@pytest.fixture
async def http(system: System) -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession(system.ports.sandbox_url) as session:
        yield session


@pytest.fixture
def ana(system: System, http: aiohttp.ClientSession) -> Person:
    return Person(Playground(system.ports.sandbox_url, http), "ana")


def bot_of(system: System) -> int:
    """The bot's process."""
    [process] = [each for each in processes_of(system.folder) if re.search(r"-m bot\b", each)]
    return int(process.split()[0])


def backend_of(system: System) -> int:
    """The backend's process."""
    [process] = [each for each in processes_of(system.folder) if re.search(r"-m backend\b", each)]
    return int(process.split()[0])


async def payment_question(ana: Person, http: aiohttp.ClientSession) -> dict[str, object]:
    await ana.writes("/cards")
    await ana.taps(await ana.sees("no saved card"), "Add a card")
    link = json.dumps(await ana.sees("/pay/cs_test_"))
    await post(http, f"/stripe/sessions/{re.findall(LINK, link)[0][1]}/pay", card=CARD)
    await ana.sees("4242 was added")
    await ana.writes("/topup 40")
    return await ana.sees(WAYS)


async def payments(system: System) -> int:
    connection = await asyncpg.connect(system.database_url)
    try:
        return int(await connection.fetchval("select count(*) from payments"))
    finally:
        await connection.close()


async def test_a_tap_that_waited_while_the_bot_was_away_charges_no_card(
    system: System, http: aiohttp.ClientSession, ana: Person
) -> None:
    ways = await payment_question(ana, http)
    await post(http, "/telegram/faults", answer_within=1)
    os.kill(bot_of(system), signal.SIGSTOP)
    for _ in range(2):
        tapped = await ana.taps(ways, "Pay with Visa •••• 4242", wait=1)
        assert not tapped["answered"]
    await ana.writes("/topup 7")  # a command that waited only ever asks
    os.kill(bot_of(system), signal.SIGCONT)
    await ana.sees("Add €7.00")
    late = [text for text in await ana.chat() if LATE in text]
    assert len(late) == 1
    assert await payments(system) == 0
    await post(http, "/telegram/faults", answer_within=15)
    await ana.taps(ways, "Pay with Visa •••• 4242")
    paid = await ana.sees("New balance: €40.00")
    assert paid["message_id"] == ways["message_id"]
    assert await wallet(system) == 4000


async def test_a_poll_that_nobody_can_read_deafens_nobody(
    system: System, http: aiohttp.ClientSession, ana: Person
) -> None:
    await ana.writes("/start")
    await ana.sees("Hello, Ana.")
    os.kill(bot_of(system), signal.SIGSTOP)
    await ana.writes("/balance")
    await post(http, "/telegram/updates", update={"message": EVES_POLL})
    eve = Person(ana.telegram, "eve")
    await eve.writes("/help")
    await ana.writes("/help")
    os.kill(bot_of(system), signal.SIGCONT)
    await ana.sees("€0.00")
    await ana.sees("/topup")
    await eve.sees("What you can do here")
    connection = await asyncpg.connect(system.database_url)
    try:
        async with asyncio.timeout(20):
            while not await connection.fetchval(
                "select count(*) from telegram_updates where state = 'abandoned'"
            ):
                await asyncio.sleep(0.2)
    finally:
        await connection.close()
    log = (system.folder / "logs" / "bot.log").read_text()
    assert log.count("update_unreadable") == 1
    assert "Lunch" not in log


async def test_a_404_that_passes_ends_no_bot(
    system: System, http: aiohttp.ClientSession, ana: Person
) -> None:
    await ana.writes("/start")
    await ana.sees("Hello, Ana.")
    process = bot_of(system)
    methods = ["getUpdates", "sendMessage", "editMessageText", "answerCallbackQuery"]
    await post(http, "/telegram/faults", refused={"code": 404, "next": 2, "methods": methods})
    await ana.writes("/balance")
    await ana.writes("/help")
    await asyncio.sleep(1)
    await ana.writes("/topup 50")
    async with asyncio.timeout(30):
        while not any("/topup" in text or "pay" in text for text in await ana.chat()):
            await asyncio.sleep(0.2)
    assert bot_of(system) == process


async def test_a_command_is_not_lost_by_a_bot_that_is_killed_while_the_backend_hangs(
    system: System, http: aiohttp.ClientSession, ana: Person
) -> None:
    await ana.writes("/start")
    await ana.sees("Hello, Ana.")
    backend = backend_of(system)
    os.kill(backend, signal.SIGSTOP)
    await ana.writes("/topup 15")
    await asyncio.sleep(2.5)
    os.kill(bot_of(system), signal.SIGKILL)
    os.kill(backend, signal.SIGCONT)
    await ana.sees("Add €15.00 to Acme.")
    assert await payments(system) == 1

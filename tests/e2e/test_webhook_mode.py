"""The bot in webhook mode, as people start it: once each, in order, also over a bot's death."""

import aiohttp
import asyncpg
import pytest

from sandbox.runner.demo import CARD, Chat
from tests.e2e.system import System, short_folder, system_by_webhook
from tests.e2e.test_when_things_die import kill, link, post, wallet

pytestmark = pytest.mark.slow
folder = pytest.fixture(short_folder)
system = pytest.fixture(system_by_webhook)


async def test_a_topup_with_every_update_twice_and_the_bot_killed_between(system: System) -> None:
    async with aiohttp.ClientSession(system.ports.sandbox_url) as http:
        ana = Chat(http, "ana", system.printed.append)
        await post(http, "/telegram/faults", webhook_twice=True)
        await ana.write("/balance")
        await ana.see("the balance", "Acme.*€0.00")
        kill(system, "bot")
        session, message = await link(ana, "50")  # written while nobody was there to read it
        await post(http, f"/stripe/sessions/{session}/pay", card=CARD)
        paid = await ana.see("that it is paid", "New balance.*€50.00")
        assert paid["message_id"] == message
        assert await wallet(system) == 5000
    connection = await asyncpg.connect(system.database_url)
    try:
        states = await connection.fetch("select state, count(*) from telegram_updates group by 1")
        payments = await connection.fetchval("select count(*) from payments")
    finally:
        await connection.close()
    assert ([tuple(row) for row in states], payments) == ([("handled", 2)], 1)

"""A question that the bot asked survives its restart: the next text is the answer, once."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import asyncpg
import pytest
from pydantic import SecretStr

from backend.database.postgres import PostgresDatabase
from bot.__main__ import started
from bot.app import create_app
from bot.delivery.worker import DeliveryWorker
from bot.settings import Settings
from tests.backend.conftest import SECRET, System, open_system
from tests.bot.conftest import TEXTS, Person
from tests.bot.payments.test_charges import saved
from tests.bot.subscriptions.test_subscriptions import begin
from tests.conftest import World
from tests.sandbox.telegram.playground import Playground

if TYPE_CHECKING:
    Connection = asyncpg.Connection[Any]
else:
    Connection = asyncpg.Connection


class RestartedBot:
    """The whole bot over a real backend; `restart` forgets all that it had in memory."""

    def __init__(self, system: System) -> None:
        self.system = system
        self._running = AsyncExitStack()

    async def start(self) -> None:
        settings = Settings(
            telegram_bot_token=SecretStr("1:sandbox"),
            bot_api_secret=SecretStr(SECRET),
            telegram_api_base=self.system.sandbox_url,
            backend_url=self.system.url,
        )
        application = create_app(settings, self.system.client, TEXTS)
        await self._running.enter_async_context(started(application))
        worker = DeliveryWorker(application.bot, self.system.client, TEXTS)
        task = asyncio.create_task(worker.run())
        self._running.push_async_callback(end, task)

    async def stop(self) -> None:
        await self._running.aclose()

    async def restart(self) -> None:
        await self.stop()
        await self.start()


async def end(task: "asyncio.Task[None]") -> None:
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task


@pytest.fixture
async def system(database: PostgresDatabase, world: World, tmp_path: Path) -> AsyncIterator[System]:
    async with open_system(database, world, tmp_path) as running:
        yield running


@pytest.fixture
async def bot(system: System) -> AsyncIterator[RestartedBot]:
    running = RestartedBot(system)
    await running.start()
    yield running
    await running.stop()


@pytest.fixture
def ana(system: System, bot: RestartedBot) -> Person:
    return Person(Playground(system.sandbox_url, system.http), "ana")


async def test_an_amount_is_answered_after_a_restart_and_answers_once(
    bot: RestartedBot, ana: Person
) -> None:
    await ana.writes("/topup")
    await ana.taps(await ana.sees("How much"), "Other amount")
    await ana.sees("Type the amount")
    await bot.restart()
    await ana.writes("lots")
    await ana.sees("I cannot read that amount")
    await bot.restart()
    await ana.writes("17.50")
    await ana.sees("Add €17.50 to Acme.")
    await bot.restart()
    await ana.writes("18")
    await ana.sees("/help")


@pytest.mark.slow
async def test_names_settings_labels_and_recurring_amounts_are_answered_after_a_restart(
    bot: RestartedBot, ana: Person
) -> None:
    message = await begin(bot.system, ana)
    await ana.taps(message, "Change amount")
    await ana.sees("Type the new amount")
    await bot.restart()
    await ana.writes("40")
    await ana.sees("from €25.00 to €40.00 every month?")
    await ana.writes("/settings")
    await ana.taps(await ana.sees("Quiet hours: off"), "Quiet hours")
    await ana.taps(await ana.sees("without a sound"), "Other")
    await ana.sees("Type the start and end")
    await bot.restart()
    await ana.writes("22:30-07:15")
    await ana.sees("22:30")
    await saved(bot.system)
    await ana.writes("/cards")
    await ana.taps(await ana.sees("pays with"), "Visa •••• 4242")
    await ana.taps(await ana.sees("Added by"), "Name this card")
    await ana.sees("Type a name for it")
    await bot.restart()
    await ana.writes("Travel")
    await ana.sees("Travel")
    await ana.writes("/org")
    await ana.taps(await ana.sees("Acme"), "Rename")
    await ana.sees("Type the new name")
    await bot.restart()
    await ana.writes("Acme and Daughters")
    await ana.sees("Acme and Daughters")


async def test_a_command_or_cancel_after_a_restart_forgets_the_question(
    bot: RestartedBot, ana: Person
) -> None:
    for command, sentence in (("/balance", "€0.00"), ("/cancel", "Canceled")):
        await ana.writes("/topup")
        await ana.taps(await ana.sees("How much"), "Other amount")
        await ana.sees("Type the amount")
        await bot.restart()
        await ana.writes(command)
        await ana.sees(sentence)
        await bot.restart()
        await ana.writes("50")
        await ana.sees("/help")


async def test_a_number_that_is_typed_a_day_later_answers_nothing(
    bot: RestartedBot, ana: Person, owner: Connection
) -> None:
    await ana.writes("/topup")
    await ana.taps(await ana.sees("How much"), "Other amount")
    await ana.sees("Type the amount")
    await bot.stop()
    changed = "update private.open_questions set opened_at = opened_at - interval '25 hours'"
    assert await owner.execute(changed) == "UPDATE 1"
    await bot.start()
    await ana.writes("50")
    await ana.sees("/help")

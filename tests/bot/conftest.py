"""The bot between a local Telegram and a fake backend, all over real HTTP."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from aiohttp.test_utils import TestServer
from pydantic import SecretStr

from backend.database.postgres import PostgresDatabase
from bot.__main__ import started
from bot.app import create_app
from bot.backend_api.client import BackendClient
from bot.backend_api.transport import new_session
from bot.delivery.worker import DeliveryWorker
from bot.locales.texts import load_texts
from bot.settings import Settings
from bot.telegram.context import BotApplication
from sandbox.telegram.text import plain_text
from tests.backend.conftest import SECRET as THEIR_SECRET, System, open_system
from tests.bot.fake_backend import ACME, ANA, BEN, SECRET, FakeBackend, membership
from tests.conftest import World
from tests.sandbox.telegram.playground import TOKEN, Playground, local_telegram

TEXTS = load_texts()
Json = dict[str, Any]


@dataclass
class Person:
    """One of the sandbox's people, in the private chat with the bot or in a group."""

    telegram: Playground
    name: str
    after: int = 0
    place: str = "private"

    async def writes(self, text: str) -> Json:
        """Send a message."""
        return await self.telegram.write(self.name, text, self.place)

    async def taps(self, message: Json, label: str, wait: float = 10) -> Json:
        """Press the button with this text; return what Telegram shows within `wait` seconds."""
        data = buttons(message)[label]
        body = {"user": self.name, "message_id": message["message_id"], "button": data}
        return await self.telegram.post("tap", chat=self.place, wait=wait, **body)

    async def taps_old(self, message: Json, data: str) -> None:
        """Queue a tap as one that was made long ago; its button may be gone by now."""
        people = {"ana": 1001, "ben": 1002, "eve": 1003}
        who = {"id": people[self.name], "is_bot": False, "first_name": self.name}
        query = {"id": "1", "from": who, "message": message, "data": data, "chat_instance": "1"}
        await self.telegram.post("updates", update={"callback_query": query})

    async def sees(self, words: str, seconds: float = 60) -> Json:
        """Wait for the bot's next new or changed message with these words, and return it.

        Raises TimeoutError where none comes within so many `seconds`.
        """
        async with asyncio.timeout(seconds):
            while True:
                news = await self.telegram.chat(self.name, self.after, wait=5, chat=self.place)
                for message in sorted(news["messages"], key=lambda message: message["version"]):
                    self.after = message["version"]
                    if message["from"]["is_bot"] and words in plain_text(message):
                        return dict(message)

    async def chat(self) -> list[str]:
        """Return all messages of the bot in this chat, as text."""
        messages = (await self.telegram.chat(self.name, chat=self.place))["messages"]
        return [plain_text(message) for message in messages if message["from"]["is_bot"]]


def buttons(message: Json) -> dict[str, str]:
    """Return the buttons under a message: data or address by text."""
    rows = message.get("reply_markup", {}).get("inline_keyboard", [])
    return {
        button["text"]: button.get("callback_data") or button["url"]
        for row in rows
        for button in row
    }


@pytest.fixture
async def telegram(tmp_path: Path) -> AsyncIterator[Playground]:
    """Run a local Telegram for the length of the test."""
    async with local_telegram(tmp_path) as playground:
        yield playground


@pytest.fixture
def backend() -> FakeBackend:
    """Return a fake backend in which Ana owns Acme, Ben is a member, and Eve is a stranger."""
    return FakeBackend(
        memberships={
            ANA: [membership(ACME, "Acme", "owner")],
            BEN: [membership(ACME, "Acme", "member")],
        }
    )


@pytest.fixture
async def backend_url(backend: FakeBackend) -> AsyncIterator[str]:
    """Serve the fake backend; return its base address. Fails where it had no answer."""
    async with TestServer(backend.app()) as server:
        yield str(server.make_url("")).rstrip("/")
    assert backend.unanswered == [], "`FakeBackend.answers` has no line for these routes"


@pytest.fixture
async def client(backend_url: str) -> AsyncIterator[BackendClient]:
    """Return the bot's client of the fake backend."""
    async with new_session() as session:
        yield BackendClient(session, backend_url, SecretStr(SECRET))


@pytest.fixture
async def bot(
    telegram: Playground, client: BackendClient, backend_url: str
) -> AsyncIterator[BotApplication]:
    """Run the whole bot in this process for the length of the test."""
    settings = Settings(
        telegram_bot_token=SecretStr(TOKEN),
        bot_api_secret=SecretStr(SECRET),
        telegram_api_base=telegram.url,
        backend_url=backend_url,
        support_contact="@acme_help",
    )
    application = create_app(settings, client, TEXTS)
    async with started(application):
        worker = asyncio.create_task(DeliveryWorker(application.bot, client, TEXTS).run())
        yield application
        worker.cancel()
        with suppress(asyncio.CancelledError):
            await worker


@pytest.fixture
def ana(telegram: Playground, bot: BotApplication) -> Person:
    """Return Ana, the owner of Acme."""
    return Person(telegram, "ana")


@pytest.fixture
def ben(telegram: Playground, bot: BotApplication) -> Person:
    """Return Ben, a member of Acme."""
    return Person(telegram, "ben")


@pytest.fixture
def eve(telegram: Playground, bot: BotApplication) -> Person:
    """Return Eve, a stranger."""
    return Person(telegram, "eve")


@pytest.fixture
def ira(telegram: Playground, bot: BotApplication) -> Person:
    """Return Ira, a stranger whose Telegram is Russian."""
    return Person(telegram, "ira")


@pytest.fixture
async def system(database: PostgresDatabase, world: World, tmp_path: Path) -> AsyncIterator[System]:
    """Run the real backend, the local Stripe and the whole bot for the length of the test."""
    async with open_system(database, world, tmp_path) as system:
        settings = Settings(
            telegram_bot_token=SecretStr("1:sandbox"),
            bot_api_secret=SecretStr(THEIR_SECRET),
            telegram_api_base=system.sandbox_url,
            backend_url=system.url,
        )
        application = create_app(settings, system.client, TEXTS)
        async with started(application):
            worker = DeliveryWorker(application.bot, system.client, TEXTS)
            task = asyncio.create_task(worker.run())
            yield system
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task

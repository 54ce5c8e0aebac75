"""In a group the bot talks of no money, and hears only what is said to it."""

import asyncio
from typing import Any

import pytest
from aiohttp.test_utils import TestServer
from pydantic import SecretStr

from bot.__main__ import started
from bot.app import ALLOWED_UPDATES, create_app
from bot.backend_client import BackendClient
from bot.settings import Settings
from bot.texts import load_texts
from tests.bot.fake_backend import ANA, SECRET, FakeBackend
from tests.bot.scripted_bot_api import ScriptedBotApi

GROUP = {"id": -7, "type": "group", "title": "Friends"}
PERSON = {"id": ANA, "is_bot": False, "first_name": "Ana", "language_code": "en"}


def command(number: int, text: str) -> dict[str, Any]:
    length = len(text.split()[0])
    message = {"message_id": number, "date": 1, "chat": GROUP, "from": PERSON, "text": text}
    message["entities"] = [{"type": "bot_command", "offset": 0, "length": length}]
    return {"update_id": number, "message": message}


def tap(number: int, data: str) -> dict[str, Any]:
    message = {"message_id": number, "date": 1, "chat": GROUP, "text": "x"}
    query = {"id": "q1", "from": PERSON, "chat_instance": "1", "data": data, "message": message}
    return {"update_id": number, "callback_query": query}


@pytest.fixture
def api() -> ScriptedBotApi:
    return ScriptedBotApi()


async def play(api: ScriptedBotApi, client: BackendClient, wanted: str) -> dict[str, Any]:
    """Run the bot until it makes the wanted call."""
    async with TestServer(api.app()) as server:
        settings = Settings(
            telegram_bot_token=SecretStr("1:token"),
            bot_api_secret=SecretStr(SECRET),
            telegram_api_base=str(server.make_url("")),
        )
        async with started(create_app(settings, client, load_texts(), lambda: None)):
            return await api.next_call(wanted)


@pytest.mark.parametrize("text", ["/start", "/balance", "/topup 50", "/topup@a_bot 50", "/cancel"])
async def test_every_command_is_answered_with_a_way_to_private(
    api: ScriptedBotApi, client: BackendClient, backend: FakeBackend, text: str
) -> None:
    api.updates = [command(1, text)]
    sent = await play(api, client, "sendMessage")
    assert sent["text"] == "I talk about money only in private."
    assert sent["reply_markup"]["inline_keyboard"] == [
        [{"text": "Continue in private", "url": "https://t.me/a_bot"}]
    ]
    assert backend.calls == []


async def test_what_is_said_to_others_is_not_answered(
    api: ScriptedBotApi, client: BackendClient
) -> None:
    others = ["/start@another_bot", "/play", "hello", "50"]
    api.updates = [command(number, text) for number, text in enumerate(others)]
    playing = asyncio.create_task(play(api, client, "sendMessage"))
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(playing, 0.5)


async def test_a_tap_in_a_group_is_too_old(
    api: ScriptedBotApi, client: BackendClient, backend: FakeBackend
) -> None:
    api.updates = [tap(1, "balance")]
    answer = await play(api, client, "answerCallbackQuery")
    assert "too old" in answer["text"]
    assert backend.calls == []


async def test_only_what_is_handled_is_asked_for(
    api: ScriptedBotApi, client: BackendClient
) -> None:
    asked = await play(api, client, "getUpdates")
    assert asked["allowed_updates"] == list(ALLOWED_UPDATES) == ["message", "callback_query"]

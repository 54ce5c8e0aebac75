"""Long polling with whatever Telegram answers: everybody else is heard, and nothing spins."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from pydantic import SecretStr
from structlog.testing import capture_logs
from telegram import Update
from telegram.ext import ApplicationHandlerStop, TypeHandler

from bot.__main__ import started
from bot.app import create_app
from bot.backend_api.client import BackendClient
from bot.locales.texts import load_texts
from bot.settings import Settings
from tests.bot.fake_backend import SECRET, FakeBackend

Json = dict[str, Any]
POISON: Json = {"message_id": 9, "date": 1, "chat": {"id": 3, "type": "private"}, "poll": {"id": 5}}


def message(number: int, chat: int = 7, text: str = "hello") -> Json:
    sentence = {
        "message_id": number,
        "date": 1,
        "chat": {"id": chat, "type": "private"},
        "text": text,
    }
    return {"update_id": number, "message": sentence}


@dataclass
class Answers:
    """A Bot API whose getUpdates answers what is scripted, then honestly from `updates`."""

    updates: list[Any] = field(default_factory=list)
    scripted: list[tuple[int, str]] = field(default_factory=list)
    requests: list[Json] = field(default_factory=list)

    def app(self) -> web.Application:
        app = web.Application()
        app.router.add_route("*", "/bot{token}/{method}", self.call)
        return app

    async def call(self, request: web.Request) -> web.Response:
        if request.match_info["method"] != "getUpdates":
            me = {"id": 1, "is_bot": True, "first_name": "Bot", "username": "a_bot"}
            result: Any = me if request.match_info["method"] == "getMe" else True
            return web.json_response({"ok": True, "result": result})
        self.requests.append(dict(request.query))
        if self.scripted:
            status, body = self.scripted.pop(0)
            return web.Response(status=status, text=body)
        offset, most = int(request.query.get("offset", 0)), int(request.query["limit"])
        waiting = [each for each in self.updates if not had(each, offset)][:most]
        if not waiting:
            await asyncio.sleep(0.2)
        body = "[" + ",".join(
            each if isinstance(each, str) else json.dumps(each) for each in waiting
        )
        return web.Response(text=f'{{"ok":true,"result":{body}]}}')


def had(update: Any, offset: int) -> bool:
    if isinstance(update, str):
        update = {"update_id": int(update.split('"update_id":')[1].split(",")[0])}
    return isinstance(update, dict) and int(update.get("update_id", offset)) < offset


@asynccontextmanager
async def receiving_bot(
    api: Answers, client: BackendClient, seconds: float = 0
) -> AsyncIterator[list[int]]:
    """The whole bot polls there; what it handles, for some `seconds`, is listed by its id."""
    async with TestServer(api.app()) as server:
        settings = Settings(
            telegram_bot_token=SecretStr("1:token"),
            bot_api_secret=SecretStr(SECRET),
            telegram_api_base=str(server.make_url("")).rstrip("/"),
        )
        application, updates = create_app(settings, client, load_texts()), list[int]()

        async def receive(update: Update, _context: Any) -> None:
            updates.append(update.update_id)
            await asyncio.sleep(seconds)
            if update.message:
                raise ApplicationHandlerStop

        application.add_handler(TypeHandler(Update, receive), group=-1)
        async with started(application):
            yield updates


async def until(expected: Any, seconds: float = 10) -> None:
    async with asyncio.timeout(seconds):
        while not expected():
            await asyncio.sleep(0.02)


async def test_one_bad_update_among_99_good_ones_is_left_out_and_the_rest_in_order(
    client: BackendClient, backend: FakeBackend
) -> None:
    api = Answers([message(number) for number in range(1, 101)])
    api.updates[41] = {"update_id": 42, "message": POISON | {"text": "what Eve wrote"}}
    with capture_logs() as logs:
        async with receiving_bot(api, client) as updates:
            await until(lambda: len(updates) == 99)
            await until(lambda: backend.rejected_updates)
    assert updates == [number for number in range(1, 101) if number != 42]
    assert (int(api.requests[1]["offset"]), backend.rejected_updates) == (101, {42: "message"})
    [line] = [line for line in logs if line["event"] == "update_unreadable"]
    assert (line["update_id"], line["kind"], line["since_start"]) == (42, "message", 1)
    assert "Eve" not in str(logs)


@pytest.mark.parametrize(
    "bad",
    [
        {"update_id": 2, "message": POISON},
        {"update_id": 2, "callback_query": {"id": "1"}},
        {"update_id": 2, "message": "no object"},
        {"update_id": 2, "my_chat_member": {"chat": {}}},
        {"update_id": 2, "message": {"chat": {"id": "x", "type": "private"}, "date": "soon"}},
        {"update_id": 2, "a_kind_of_next_year": {"anything": [1]}},
        {"update_id": 2},
        {"message": message(2)["message"]},
        {"update_id": "2", "message": message(2)["message"]},
        {"update_id": -2, "message": {}},
        None,
        [],
        5,
    ],
)
async def test_whatever_an_update_is_the_next_one_is_heard(client: BackendClient, bad: Any) -> None:
    api = Answers([bad, message(3)])
    async with receiving_bot(api, client) as updates:
        await until(lambda: 3 in updates)
        await asyncio.sleep(0.5)
    assert updates.count(3) == 1
    assert len(api.requests) < 15


async def test_an_update_without_an_id_alone_is_asked_for_ever_more_slowly(
    client: BackendClient,
) -> None:
    api = Answers([{"message": POISON}])
    async with receiving_bot(api, client) as updates:
        await asyncio.sleep(2)
        assert len(api.requests) <= 4
        api.updates = [message(4)]
        await until(lambda: updates == [4])


@pytest.mark.parametrize(
    "bad",
    [
        '{"update_id":5,"message":{"x":%s}}' % ("9" * 5000),
        '{"update_id":5,"message":' + "[" * 100_000 + "]" * 100_000 + "}",
    ],
)
async def test_what_no_parser_takes_is_asked_for_alone_and_skipped(
    client: BackendClient, backend: FakeBackend, bad: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.telegram.reachability.MAX_PAUSE", 0.5)
    api = Answers([message(4), bad, message(6)])
    async with receiving_bot(api, client) as updates:
        await until(lambda: updates == [4, 6], 20)
        await until(lambda: backend.rejected_updates == {5: "unknown"})


@pytest.mark.parametrize(
    "answer",
    [
        (404, '{"ok":false,"error_code":404,"description":"Not Found"}'),
        (401, '{"ok":false,"error_code":401,"description":"Unauthorized"}'),
        (409, '{"ok":false,"error_code":409,"description":"Conflict: terminated by other"}'),
        (403, '{"ok":false,"error_code":403,"description":"Forbidden"}'),
        (400, '{"ok":false,"error_code":400,"description":"Bad Request"}'),
        (500, "<html>"),
        (502, "<html>Bad Gateway, said to Eve</html>"),
        (429, '{"ok":false,"description":"Too Many","parameters":{"retry_after":1}}'),
        (200, '{"ok":false,"error_code":404,"description":"Not Found"}'),
        (200, "<html>Sign in to this network, Eve</html>"),
        (200, '{"ok":true,"result":[{"update_id":1,"message":{"text":"Eve'),
        (200, '{"ok":true,"result":{"update_id":1}}'),
        (200, "null"),
        (200, ""),
        (301, ""),
    ],
)
async def test_whatever_telegram_answers_the_bot_goes_on_and_says_so_once(
    client: BackendClient, answer: tuple[int, str]
) -> None:
    api = Answers([message(1)], [answer] * 3)
    with capture_logs() as logs:
        async with receiving_bot(api, client) as updates:
            await until(lambda: updates == [1])
            assert len(api.requests) >= 4
    troubles = [line for line in logs if line.get("call") == "getUpdates"]
    assert [line["event"] for line in troubles][1:] == ["telegram_reachable"]
    assert "Eve" not in str(logs)


async def test_an_answer_that_is_empty_at_once_is_no_reason_to_spin(client: BackendClient) -> None:
    api = Answers(scripted=[(200, '{"ok":true,"result":[]}')] * 1000)
    async with receiving_bot(api, client):
        await asyncio.sleep(1.2)
    assert len(api.requests) <= 5  # one of them confirms, at the end


async def test_a_handler_that_raises_does_not_bring_its_update_back(
    client: BackendClient, backend: FakeBackend
) -> None:
    tap = {"id": "1", "from": {"id": 7, "is_bot": False, "first_name": "x"}, "chat_instance": "1"}
    api = Answers([{"update_id": 1, "callback_query": tap | {"data": "\ud800"}}, message(2)])
    async with receiving_bot(api, client) as updates:
        await until(lambda: updates == [1, 2])
        await asyncio.sleep(0.5)
    assert updates == [1, 2]

"""The local Telegram's webhook: set, posted to until it is accepted, in the way of polling."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from tests.sandbox.telegram.contract import types, validator_of
from tests.sandbox.telegram.playground import Playground, local_telegram

Json = dict[str, Any]
BAD = "bad webhook: "
UNALLOWED = "secret token contains unallowed characters"


@pytest.fixture
async def telegram(tmp_path: Path) -> AsyncIterator[Playground]:
    async with local_telegram(tmp_path) as playground:
        yield playground


async def test_each_update_is_posted_with_the_secret_until_it_is_accepted(
    telegram: Playground,
) -> None:
    posts: asyncio.Queue[tuple[str, Json]] = asyncio.Queue()
    answers = iter([500, 200, 200, 200])

    async def receive(request: web.Request) -> web.Response:
        secret = request.headers["X-Telegram-Bot-Api-Secret-Token"]
        posts.put_nowait((secret, await request.json()))
        return web.Response(status=next(answers))

    app = web.Application()
    app.router.add_post("/hook", receive)
    async with TestServer(app, host="127.0.0.1") as server:
        url = str(server.make_url("/hook"))
        await telegram.write("ana", "before")
        await telegram.bot("setWebhook", url=url, secret_token="s-1", allowed_updates=["message"])
        first, again = [await asyncio.wait_for(posts.get(), 60) for _ in range(2)]
        assert first == again
        assert (first[0], first[1]["message"]["text"]) == ("s-1", "before")
        validator_of(types.Update).validate_python(first[1])
        info = (await telegram.bot("getWebhookInfo"))["result"]
        by_aiogram = validator_of(types.WebhookInfo).validate_python(info)
        assert (by_aiogram.url, info["pending_update_count"]) == (url, 0)
        assert (
            info["last_error_message"]
            == "Wrong response from the webhook: 500 Internal Server Error"
        )
        conflict = await telegram.bot("getUpdates")
        assert (conflict["error_code"], "webhook is active" in conflict["description"]) == (
            409,
            True,
        )
        await telegram.post("faults", webhook_twice=True)
        await telegram.write("ben", "twice")
        twice = [(await asyncio.wait_for(posts.get(), 60))[1] for _ in range(2)]
        assert twice[0] == twice[1]
    await telegram.bot("deleteWebhook")
    await telegram.write("ana", "after")
    assert [each["message"]["text"] for each in await telegram.updates()] == ["after"]


@pytest.mark.parametrize(
    ("sent", "why"),
    [
        ({"url": "http://example.com/hook"}, f"{BAD}An HTTPS URL must be provided for webhook"),
        ({"url": "ftp://127.0.0.1/hook"}, f"{BAD}An HTTPS URL must be provided for webhook"),
        ({"url": "http://127.0.0.1:1/", "secret_token": "no spaces"}, UNALLOWED),
        ({"url": "http://127.0.0.1:1/", "secret_token": "x" * 257}, "secret token is too long"),
        ({"url": "https://example.com:8080/hook"}, f"{BAD}Webhook can be set up only on ports 80,"),
        ({"url": "https://example.com/hook"}, "the sandbox does not model a webhook"),
    ],
)
async def test_an_address_that_telegram_would_not_post_to_is_refused(
    telegram: Playground, sent: dict[str, str], why: str
) -> None:
    refused = await telegram.bot("setWebhook", **sent)
    assert refused["description"].partition(": ")[2].startswith(why)

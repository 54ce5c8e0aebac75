"""GET /recorded: what the SDKs sent, as received, without the secrets."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import pytest

from sandbox import recorded_calls
from sandbox.runner.ports import free_ports
from sandbox.server import running_sandbox
from sandbox.settings import SandboxSettings

BOT = "/bot7:secret"
STRIPE = {"Authorization": "Bearer sk_test_secret"}


@pytest.fixture
async def http(tmp_path: Path) -> AsyncIterator[aiohttp.ClientSession]:
    async with recording(tmp_path) as session:
        yield session


@asynccontextmanager
async def recording(folder: Path) -> AsyncIterator[aiohttp.ClientSession]:
    """Run a sandbox whose webhooks nobody takes; yields a client of it."""
    (port,) = free_ports(1)
    settings = SandboxSettings(
        data_dir=folder,
        url=f"http://127.0.0.1:{port}",
        webhook_url="http://127.0.0.1:9/nobody",
        stripe_secret_key="sk_test_secret",
        stripe_webhook_secret="whsec_x",
        telegram_bot_token="7:secret",
    )
    async with running_sandbox(settings, port), aiohttp.ClientSession(settings.url) as session:
        yield session


async def recorded(http: aiohttp.ClientSession, **query: int) -> list[dict[str, object]]:
    async with http.get("/recorded", params=query) as answer:
        return list((await answer.json())["calls"])


async def test_a_call_is_recorded_as_received_without_its_secrets(
    http: aiohttp.ClientSession,
) -> None:
    await http.post(f"{BOT}/getMe", data={"a": "1 2"})
    await http.get("/v1/checkout/sessions/cs_test_none?expand%5B%5D=payment_intent", headers=STRIPE)
    telegram, stripe = await recorded(http)
    assert (telegram["method"], telegram["path"], telegram["body"]) == (
        "POST",
        "/bot7/getMe",
        "a=1+2",
    )
    assert (stripe["status"], stripe["query"]) == (404, "expand%5B%5D=payment_intent")
    assert "secret" not in str([telegram, stripe])


async def test_secrets_in_bodies_queries_headers_and_answers_are_masked(
    http: aiohttp.ClientSession,
) -> None:
    webhook = {"url": "http://127.0.0.1:9/x", "secret_token": "a-secret-of-the-webhook"}
    await http.post(f"{BOT}/setWebhook", data=webhook)
    await http.get("/v1/nothing?key=sk_test_secretkey", headers=STRIPE | {"X-Key": "whsec_secret"})
    intent = {"amount": "500", "currency": "eur", "automatic_payment_methods[enabled]": "true"}
    async with http.post("/v1/payment_intents", data=intent, headers=STRIPE) as answer:
        client_secret = (await answer.json())["client_secret"]
    calls = await recorded(http)
    assert str(calls[0]["body"]).endswith("&secret_token=***")
    assert calls[1]["query"] == "key=sk_test_***"
    for secret in ("a-secret-of", "secretkey", "whsec_secret", client_secret):
        assert secret not in str(calls)
    assert client_secret.split("_secret_")[0] + "_secret_***" in str(calls)


async def test_what_people_do_is_not_recorded(http: aiohttp.ClientSession) -> None:
    await http.post("/telegram/send", json={"user": "ana", "text": "/start"})
    await http.get("/")
    assert await recorded(http) == []


async def test_a_long_poll_is_recorded_only_when_it_brought_something(
    http: aiohttp.ClientSession,
) -> None:
    await http.post(f"{BOT}/getUpdates")
    assert await recorded(http) == []
    await http.post("/telegram/send", json={"user": "ana", "text": "/start"})
    await http.post(f"{BOT}/getUpdates")
    assert [call["path"] for call in await recorded(http)] == ["/bot7/getUpdates"]


async def test_the_record_is_read_in_pages_and_forgets_the_oldest(
    http: aiohttp.ClientSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(recorded_calls.MAX_CALLS + 2):
        await http.get(f"{BOT}/getMe")
    first = await recorded(http, limit=1)
    assert [call["seq"] for call in first] == [3]
    assert [call["seq"] for call in await recorded(http, after=3, limit=2)] == [4, 5]
    async with http.get("/recorded", params={"after": "x"}) as answer:
        assert answer.status == 400


async def test_every_answer_says_that_it_is_a_sandbox(http: aiohttp.ClientSession) -> None:
    for path in ("/", "/recorded", "/v1/nothing", "/nothing"):
        async with http.get(path) as answer:
            assert answer.headers["X-Sandbox"].startswith("SANDBOX")

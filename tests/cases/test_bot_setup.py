"""What whoever set the bot up wrongly is told: its webhook's address, and its secret."""

import asyncio
import json

import aiohttp
import pytest
from pydantic import SecretStr

from backend.schemas import webhook_url_problem
from bot.backend_api.client import BackendClient
from bot.backend_api.errors import SecretRefused
from bot.backend_api.transport import new_session
from tests.backend.commands.test_commands import GOOD, run
from tests.backend.conftest import ANA, System, token
from tests.bot.test_process import bot
from tests.cases.test_access_and_setup import HTTPS


@pytest.mark.parametrize(
    ("url", "api", "problem"),
    [
        ("https://purse.example/telegram/webhook", "https://api.telegram.org", None),
        ("https://purse.example:8443/telegram/webhook", "https://api.telegram.org", None),
        ("https://purse.example:8080/telegram/webhook", "https://api.telegram.org", "ports"),
        ("http://purse.example/telegram/webhook", "https://api.telegram.org", "https address"),
        ("http://127.0.0.1:8080/telegram/webhook", "https://api.telegram.org", "https address"),
        ("https://localhost/telegram/webhook", "https://api.telegram.org", "from outside"),
        ("http://127.0.0.1:8080/telegram/webhook", "http://127.0.0.1:8090", None),
        ("http://127.0.0.1.example.com/x", "http://127.0.0.1:8090", "https address"),
        ("purse.example", "http://127.0.0.1:8090", "https address"),
        ("https://purse.example:port/", "https://api.telegram.org", "https address"),
    ],
)
def test_an_address_that_telegram_would_not_post_to_is_a_problem(
    url: str, api: str, problem: str | None
) -> None:
    result = webhook_url_problem(url, api)
    assert result is None if problem is None else problem in str(result)


async def test_the_doctor_names_a_webhook_address_that_cannot_work(database_url: str) -> None:
    settings = {**GOOD, "SUPABASE_DB_URL": database_url, "STRIPE_API_BASE": "http://127.0.0.1:1"}
    settings |= {"PUBLIC_URL": HTTPS, "TELEGRAM_WEBHOOK_URL": f"{HTTPS}:8080/telegram/webhook"}
    code, output, _ = await run("doctor", **settings)
    assert code == 1
    assert "TELEGRAM_WEBHOOK_URL: must have one of Telegram's ports: 443, 80, 88, 8443" in output
    assert "METRICS_TOKEN is not set and PUBLIC_URL is https" in output


async def test_a_bot_with_another_secret_and_its_backend_say_what_to_compare(
    system: System,
) -> None:
    async with new_session() as session:
        other = BackendClient(session, system.url, SecretStr("another secret, as long as it takes"))
        for call in (other.get_settings(ANA), other.claim_notifications(wait=0)):
            with pytest.raises(SecretRefused, match="BOT_API_SECRET must be the same for both"):
                await call
    headers = {"Authorization": f"Bearer {token(key='x' * 64)}"}
    async with aiohttp.ClientSession() as http:
        for method, path in (("GET", "/api/me/settings"), ("POST", "/internal/updates/claim")):
            async with http.request(method, system.url + path, headers=headers) as answer:
                text = await answer.text()
                assert answer.status == 401
                assert answer.headers["WWW-Authenticate"] == 'Bearer error="invalid_token"'
                assert "another BOT_API_SECRET" in text
        # A good token of somebody who has no row yet, or no longer: the secret is right.
        headers = {"Authorization": f"Bearer {token(sub='99')}"}
        async with http.get(system.url + "/api/me/settings", headers=headers) as answer:
            assert (answer.status, answer.headers["WWW-Authenticate"]) == (401, "Bearer")


async def test_a_bot_that_is_started_with_another_secret_says_so_once(system: System) -> None:
    settings = {
        "TELEGRAM_BOT_TOKEN": "1:sandbox", "TELEGRAM_API_BASE": system.sandbox_url,
        "BACKEND_URL": system.url, "BOT_API_SECRET": "another secret, as long as it takes",
    }  # fmt: skip
    person = {"user": "ana", "chat": "private"}
    await system.sandbox("POST", "/telegram/send", **person, text="/balance")
    async with bot(**settings) as process, asyncio.timeout(60):
        assert process.stdout is not None
        line = {"event": ""}
        while line["event"] != "backend_unreachable":
            line = json.loads(await process.stdout.readline())
        answer = ""
        while "I cannot reach the wallet" not in answer:
            query = "/telegram/chat?user=ana&chat=private&wait=5"
            answer = json.dumps((await system.sandbox("GET", query))["messages"])
    assert line["level"] == "error"
    assert "BOT_API_SECRET must be the same for both" in line["reason"]

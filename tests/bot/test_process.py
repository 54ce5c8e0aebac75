"""`python -m bot` as a process: how it starts, stops and fails, and what it writes down."""

import asyncio
import json
import os
import signal
from asyncio.subprocess import Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiohttp.test_utils import TestServer
from structlog.processors import format_exc_info
from telegram.error import InvalidToken

from bot.logs import WithoutSecrets
from tests.bot.conftest import Person
from tests.bot.fake_backend import SECRET
from tests.bot.scripted_bot_api import ScriptedBotApi
from tests.forked_process import ForkedProcess, start_module
from tests.sandbox.telegram.playground import TOKEN, Playground

# Seconds for a process to do what takes it one or two, on a machine that is busy. A start of a real
# interpreter imports everything: more than 30 s where other programs take the processors.
PATIENCE = 120.0
SECRETS = {"TELEGRAM_BOT_TOKEN": TOKEN, "BOT_API_SECRET": SECRET}


@asynccontextmanager
async def bot(*arguments: str, **settings: str) -> AsyncIterator[Process | ForkedProcess]:
    """Started with these settings and no others; gone at the end. By default without imports."""
    environment = {"PATH": os.environ["PATH"], "NO_PROXY": "127.0.0.1", **settings}
    process = await start_module(  # in a folder where no .env is
        "bot", *arguments, environment=environment, folder="/"
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def ending(
    process: Process | ForkedProcess, seconds: float = PATIENCE
) -> tuple[int | None, str, str]:
    """Exit code and what it wrote, once it has ended."""
    out, err = await asyncio.wait_for(process.communicate(), seconds)
    return process.returncode, out.decode(), err.decode()


def facts(out: str) -> list[dict[str, Any]]:
    """Each line is one JSON object."""
    return [json.loads(line) for line in out.splitlines()]


@pytest.mark.usefixtures("real_processes")
async def test_help_needs_no_settings() -> None:
    async with bot("--help") as process:
        code, out, _ = await ending(process)
    assert code == 0
    assert "TELEGRAM_BOT_TOKEN" in out


@pytest.mark.usefixtures("real_processes")
async def test_all_missing_and_wrong_settings_are_told_together_and_no_value() -> None:
    async with bot(BOT_API_SECRET="hunter2", BACKEND_URL="ftp://nowhere") as process:
        code, _, err = await ending(process)
    assert code == 2
    for name in ("TELEGRAM_BOT_TOKEN: is missing", "BOT_API_SECRET: must have 32 characters"):
        assert name in err
    assert "BACKEND_URL: must start with http" in err
    assert "hunter2" not in err
    assert "nowhere" not in err


def test_a_secret_that_a_library_mentions_is_blotted_out_of_the_line() -> None:
    error = InvalidToken(f"The token `{TOKEN}` was rejected by the server.")
    event = format_exc_info(None, "", {"event": f"POST /bot{TOKEN}/getMe", "exc_info": error})
    line = WithoutSecrets([TOKEN, SECRET])(None, "", event)
    assert TOKEN not in line
    assert json.loads(line)["event"] == "POST /bot[secret]/getMe"
    assert "The token `[secret]` was rejected" in line


@pytest.mark.usefixtures("real_processes")
@pytest.mark.parametrize("stop_signal", [signal.SIGTERM, signal.SIGINT])
async def test_it_answers_and_stops_cleanly_when_told(
    telegram: Playground, backend_url: str, stop_signal: signal.Signals
) -> None:
    addresses = {"TELEGRAM_API_BASE": telegram.url, "BACKEND_URL": backend_url}
    logged: list[str] = []
    async with bot(**SECRETS, **addresses) as process:
        assert process.stdout is not None
        async with asyncio.timeout(PATIENCE):
            while not {"bot_started", "update_receiver_started"} <= set(logged):
                logged.append(json.loads(await process.stdout.readline())["event"])
        ana = Person(telegram, "ana")
        await ana.writes("/start")
        await ana.sees("Hello, Ana.")
        menu = (await telegram.chat("ana"))["commands"]
        assert [entry["command"] for entry in menu][:2] == ["topup", "balance"]
        process.send_signal(stop_signal)
        code, out, err = await ending(process)
    assert (code, err) == (0, "")
    logged += [line["event"] for line in facts(out)]
    assert (sorted(logged[:-1]), logged[-1]) == (
        ["bot_started", "update_receiver_started"],
        "bot_stopped",
    )


async def test_a_telegram_that_is_away_is_waited_for_and_no_reason_not_to_stop(
    unused_tcp_port: int, backend_url: str
) -> None:
    addresses = {
        "TELEGRAM_API_BASE": f"http://127.0.0.1:{unused_tcp_port}",
        "BACKEND_URL": backend_url,
    }
    async with bot(**SECRETS, **addresses) as process:
        assert process.stdout is not None
        first = json.loads(await asyncio.wait_for(process.stdout.readline(), PATIENCE))
        assert first["event"] == "telegram_unreachable"
        process.terminate()
        code, _, _ = await ending(process)
    assert code == 0


async def test_an_address_for_updates_without_a_secret_is_refused() -> None:
    async with bot(**SECRETS, TELEGRAM_WEBHOOK_URL="https://example.com/x") as process:
        code, _, err = await ending(process)
    assert (code, "TELEGRAM_WEBHOOK_URL: " in err) == (2, True)


@pytest.mark.parametrize("url", ["http://example.com/x", "http://127.0.0.1.example.com/x"])
async def test_an_address_that_telegram_does_not_post_to_is_refused(url: str) -> None:
    webhook = {"TELEGRAM_WEBHOOK_URL": url, "TELEGRAM_WEBHOOK_SECRET": "sixteen-or-more-characters"}
    async with bot(**SECRETS, **webhook) as process:
        code, _, err = await ending(process)
    assert (code, "TELEGRAM_WEBHOOK_URL: must be an https address" in err) == (2, True)


async def test_a_webhook_that_telegram_refuses_ends_the_start_in_a_sentence(
    telegram: Playground, backend_url: str
) -> None:
    settings = {
        "TELEGRAM_API_BASE": telegram.url, "BACKEND_URL": backend_url,
        "TELEGRAM_WEBHOOK_URL": f"{backend_url}/telegram/webhook",
        "TELEGRAM_WEBHOOK_SECRET": "sixteen-or-more-characters",
    }  # fmt: skip
    refused = {"code": 400, "next": 1, "methods": ["setWebhook"]}
    await telegram.post("faults", refused=refused)
    async with bot(**SECRETS, **settings) as process:
        code, out, _ = await ending(process)
    [line] = facts(out)
    assert code == 1
    assert (line["event"], line["level"]) == ("webhook_refused", "critical")
    assert "TELEGRAM_WEBHOOK_URL" in line["help"]
    assert "exception" not in line


async def test_a_bot_that_polls_again_removes_the_webhook(
    telegram: Playground, backend_url: str
) -> None:
    await telegram.bot("setWebhook", url="http://127.0.0.1:1/nobody", secret_token="s")
    ana = Person(telegram, "ana")
    await ana.writes("/start")
    async with bot(**SECRETS, TELEGRAM_API_BASE=telegram.url, BACKEND_URL=backend_url):
        await ana.sees("Hello, Ana.")
        assert (await telegram.bot("getWebhookInfo"))["result"]["url"] == ""


async def test_somebody_else_who_receives_is_told_loudly(
    telegram: Playground, backend_url: str
) -> None:
    ana = Person(telegram, "ana")
    await ana.writes("/start")
    async with bot(**SECRETS, TELEGRAM_API_BASE=telegram.url, BACKEND_URL=backend_url) as process:
        await ana.sees("Hello, Ana.")
        await telegram.bot("setWebhook", url="http://127.0.0.1:1/nobody", secret_token="s")
        await ana.writes("/balance")
        assert process.stdout is not None
        async with asyncio.timeout(PATIENCE):
            while (text := json.loads(await process.stdout.readline()))["level"] == "info":
                assert text["event"] in ("bot_started", "update_receiver_started")
    assert (text["event"], text["level"]) == ("update_receiver_conflict", "error")


@pytest.mark.parametrize("by", ["polling", "webhook"])
async def test_it_says_that_it_receives_once_telegram_has_agreed_and_not_before(
    telegram: Playground, backend_url: str, by: str
) -> None:
    addresses = {"TELEGRAM_API_BASE": telegram.url, "BACKEND_URL": backend_url}
    if by == "webhook":
        addresses["TELEGRAM_WEBHOOK_URL"] = f"{backend_url}/telegram/webhook"
        addresses["TELEGRAM_WEBHOOK_SECRET"] = "sixteen-or-more-characters"
    call = {"polling": "getUpdates", "webhook": "setWebhook"}[by]
    await telegram.post("faults", server_error={"code": 502, "next": 2, "methods": [call]})
    logged = list[dict[str, Any]]()
    async with bot(**SECRETS, **addresses) as process:
        assert process.stdout is not None
        async with asyncio.timeout(PATIENCE):
            while "update_receiver_started" not in [line["event"] for line in logged]:
                logged.append(json.loads(await process.stdout.readline()))
    assert logged[-1]["by"] == by
    assert [line["level"] for line in logged if line.get("call") == call].count("warning") >= 1


@pytest.mark.slow
@pytest.mark.usefixtures("real_processes")
async def test_a_token_that_stays_refused_at_the_start_ends_the_process_loudly_and_unwritten(
    backend_url: str,
) -> None:
    api = ScriptedBotApi(calls_until_refused=0)
    async with TestServer(api.app()) as server:
        base = str(server.make_url("")).rstrip("/")
        async with bot(**SECRETS, TELEGRAM_API_BASE=base, BACKEND_URL=backend_url) as process:
            code, out, err = await ending(process)
    assert code == 1
    assert [(line["event"], line["level"]) for line in facts(out)] == [
        ("token_refused", "error"), ("token_refused", "critical"),
    ]  # fmt: skip
    assert TOKEN not in out + err


@pytest.mark.parametrize("code", [401, 404])
async def test_a_bot_that_runs_outlives_a_refused_token_and_says_so_once(
    telegram: Playground, backend_url: str, code: int
) -> None:
    addresses = {"TELEGRAM_API_BASE": telegram.url, "BACKEND_URL": backend_url}
    ana = Person(telegram, "ana")
    await ana.writes("/start")
    async with bot(**SECRETS, **addresses) as process:
        await ana.sees("Hello, Ana.")
        requests = {"code": code, "next": 3, "methods": ["getUpdates"]}
        await telegram.post("faults", refused=requests)
        await ana.writes("/balance")
        await ana.sees("Acme")
        await telegram.post("faults", refused={"code": code, "methods": ["sendMessage"]})
        await ana.writes("/balance")
        await ana.writes("/help")
        await ana.sees("/topup")
        process.send_signal(signal.SIGTERM)
        exit_code, out, _ = await ending(process)
    assert exit_code == 0
    logged = [line["event"] for line in facts(out) if line.get("call") == "getUpdates"]
    assert logged == ["token_refused", "telegram_reachable"]


@pytest.mark.parametrize(
    "method",
    [
        "getMe",
        *(
            pytest.param(name, marks=pytest.mark.slow)
            for name in ("deleteWebhook", "setMyCommands", "setWebhook")
        ),
    ],
)
@pytest.mark.parametrize("fault", ["refused", "server_error", "garbled", "too_many_requests"])
async def test_what_passes_while_it_starts_only_delays_it(
    telegram: Playground, backend_url: str, method: str, fault: str
) -> None:
    addresses = {"TELEGRAM_API_BASE": telegram.url, "BACKEND_URL": backend_url}
    if method == "setWebhook":
        addresses["TELEGRAM_WEBHOOK_URL"] = f"{backend_url}/telegram/webhook"
        addresses["TELEGRAM_WEBHOOK_SECRET"] = "sixteen-or-more-characters"
    faults: dict[str, Any] = {fault: {"next": 2, "methods": [method]}}
    await telegram.post("faults", **faults)
    async with bot(**SECRETS, **addresses) as process:
        async with asyncio.timeout(PATIENCE):
            while not (await telegram.chat("ana"))["commands"]:
                await asyncio.sleep(0.2)
        assert process.returncode is None

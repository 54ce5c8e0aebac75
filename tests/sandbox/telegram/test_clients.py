"""Bots made with other libraries work on the local Telegram unchanged, as with the real one.

Each program in `clients/` is the same bot: it answers /start with a keyboard, edits, deletes, sends
a file, and repeats what it is sent. `make clients` puts the libraries into .cache/clients; aiogram
is among the packages of the tests.
"""

import asyncio
import os
import shutil
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from tests.sandbox.telegram.playground import TOKEN, Json, Playground, local_telegram

ROOT = Path(__file__).parents[3]
PROGRAMS = Path(__file__).with_name("clients")
INSTALLED = ROOT / ".cache" / "clients"
NODE_MODULES = INSTALLED / "node" / "node_modules"
PROGRAM: dict[str, list[str | Path]] = {
    "aiogram": [sys.executable, PROGRAMS / "with_aiogram.py"],
    "pyTelegramBotAPI": [INSTALLED / "python/bin/python", PROGRAMS / "with_pytelegrambotapi.py"],
    "grammY": ["node", PROGRAMS / "with_grammy.mjs", NODE_MODULES],
    "telegraf": ["node", PROGRAMS / "with_telegraf.mjs", NODE_MODULES],
}
SECONDS = 60  # for whatever the bot does, on a busy machine
pytestmark = pytest.mark.slow

if not INSTALLED.is_dir() or shutil.which("node") is None:
    pytest.skip("The bots' libraries are not here: make clients.", allow_module_level=True)


@asynccontextmanager
async def running_bot(client: str, play: Playground) -> AsyncIterator[asyncio.subprocess.Process]:
    """Run the program of a library, from when it polls to when it has ended by itself."""
    environment = {"PATH": os.environ["PATH"], "HOME": "/nonexistent"}
    process = await asyncio.create_subprocess_exec(
        *PROGRAM[client], play.url, TOKEN, env=environment, stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    assert process.stdout is not None
    try:
        lines: list[str] = []
        async with asyncio.timeout(SECONDS):
            while "polling\n" not in lines:
                lines.append((await process.stdout.readline()).decode())
                assert lines[-1], "".join(lines)
        assert lines[0] == "pursebot_sandbox_bot\n"
        yield process
        output, _ = await asyncio.wait_for(process.communicate(), SECONDS)
        assert process.returncode == 0, output.decode()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def answers(play: Playground, last: str) -> list[Json]:
    """Wait until the bot has written a text; return its messages."""
    messages: list[Json] = []
    async with asyncio.timeout(SECONDS):
        while not messages or messages[-1].get("text") != last:
            seen = await play.chat("ana")
            messages = [each for each in seen["messages"] if each["from"]["is_bot"]]
            if not messages or messages[-1].get("text") != last:
                await play.chat("ana", after=seen["after"], wait=10)
    return messages


@pytest.mark.parametrize("client", PROGRAM)
async def test_a_bot_of_another_library_works_unchanged(tmp_path: Path, client: str) -> None:
    async with local_telegram(tmp_path) as play, running_bot(client, play):
        await play.write("ana", "/start")
        [welcome] = await answers(play, "Welcome")
        assert welcome["entities"] == [{"type": "bold", "offset": 0, "length": 7}]
        assert welcome["reply_to_message"]["text"] == "/start"
        menu = (await play.chat("ana"))["commands"]
        assert menu == [{"command": "start", "description": "Begin"}]
        tapped = await play.post(
            "tap", user="ana", message_id=welcome["message_id"], button="More", wait=60
        )
        assert (tapped["answered"], tapped["text"]) == (True, "Here")
        edited, refused, file, deleted, member = await answers(play, "Ana: member")
        assert (edited["text"], edited["entities"]) == (
            "More.",
            [{"type": "bold", "offset": 0, "length": 4}],
        )
        assert (
            refused["text"]
            .removeprefix("Telegram server says - ")
            .endswith("Bad Request: message is not modified")
        )
        assert (file["document"]["file_name"], file["caption"]) == ("may.csv", "May")
        assert deleted["text"] == "(deleted)"
        assert member["text"] == "Ana: member"
        await play.write("ana", "/repeat me")
        assert "entities" not in (await answers(play, "/repeat me"))[-1]
        await play.write("ana", "/stop")
        await answers(play, "Stopping")

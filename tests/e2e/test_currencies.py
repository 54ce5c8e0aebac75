"""Currencies without decimals, with two and with three, as people meet them in the chat."""

import re
from pathlib import Path

import aiohttp
import pytest

from sandbox.runner.demo import CARD, LINK, Chat, message_json
from tests.e2e.system import running_system, short_folder

pytestmark = pytest.mark.slow
WISHES = {"1000 jpy": "¥1,000", "5.12 kwd": r"KWD\s5.120", "500isk": r"ISK\s500"}

folder = pytest.fixture(short_folder)


async def test_each_kind_from_the_chat_to_the_balance(folder: Path) -> None:
    async with (
        running_system(folder) as system,
        aiohttp.ClientSession(system.ports.sandbox_url) as http,
    ):
        ana = Chat(http, "ana", system.printed.append)
        for wish, shown in (
            ("1000 jpy", "¥1,000"),
            ("5.12 kwd", r"KWD\s5.120"),
            ("500isk", r"ISK\s500"),
        ):
            await ana.write(f"/topup {wish}")
            link = await ana.see("a link to pay", LINK)
            _, session = re.findall(LINK, message_json(link))[0]
            async with http.post(f"/stripe/sessions/{session}/pay", json={"card": CARD}) as answer:
                answer.raise_for_status()
            await ana.see("that it is paid", rf"Paid.*{shown}\W")
        await ana.write("/balance")
        balances = r"€0.00.*ISK\s500\\n.*¥1,000\\n.*KWD\s5.120\W"
        await ana.see("every wallet, the default one first", balances)
        await ana.write("/topup 10.5 jpy")
        await ana.see("why not", r"in JPY must be a multiple of ¥1\.")

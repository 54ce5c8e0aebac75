"""Money goes back: a refund from the chat and a dispute that is won, through the real processes."""

import asyncio
import re
from pathlib import Path

import aiohttp
import pytest

from sandbox.runner.demo import CARD, LINK
from tests.bot.conftest import Person
from tests.e2e.system import running_system, short_folder
from tests.e2e.test_when_things_die import post, wallet
from tests.sandbox.telegram.playground import Playground

pytestmark = pytest.mark.slow
folder = pytest.fixture(short_folder)


async def shows(person: Person, words: str) -> None:
    """Somewhere in the chat, in whichever order the messages came."""
    async with asyncio.timeout(60):
        while not any(words in text for text in await person.chat()):
            await asyncio.sleep(0.1)


async def test_a_refund_and_a_dispute_are_lived_through_in_the_chat(folder: Path) -> None:
    async with (
        running_system(folder) as system,
        aiohttp.ClientSession(system.ports.sandbox_url) as http,
    ):
        ana = Person(Playground(system.ports.sandbox_url, http), "ana")
        await ana.writes("/topup 50")
        link = await ana.sees("/pay/cs_test_")
        [session] = {match[1] for match in re.findall(LINK, link["text"])}
        await post(http, f"/stripe/sessions/{session}/pay", card=CARD)
        paid = await ana.sees("New balance: €50.00")
        await ana.taps(paid, "Refund")
        await ana.taps(await ana.sees("Refund €50.00 to"), "Other amount")
        await ana.sees("Type the amount to refund, at most €50.00")
        await ana.writes("20")
        sure = await ana.sees("Refund €20.00 to Ana")
        await ana.taps(sure, "Refund €20.00")
        for text in ("€20.00 of it was refunded.", "€20.00 from Acme is on its"):
            await shows(ana, text)
        assert await wallet(system) == 3000
        async with http.get("/stripe/clawbacks") as answer:
            [intent] = [
                each["id"] for each in (await answer.json())["clawbacks"] if each["id"][:3] == "pi_"
            ]
        await post(http, f"/stripe/clawbacks/{intent}", step="dispute")
        # Twenty of the disputed fifty had gone back before.
        await shows(ana, "€30.00 was taken out of the wallet of Acme")
        await ana.writes("/balance")
        await ana.sees("Balance: €0.00")
        async with http.get("/stripe/clawbacks") as answer:
            dispute = (await answer.json())["clawbacks"][0]
        await post(http, f"/stripe/clawbacks/{dispute['id']}", step="win")
        await shows(ana, "€30.00 is back in the wallet of Acme")
        await ana.writes("/history")
        await ana.sees("back from a dispute decided in your favor, balance €30.00")
        assert await wallet(system) == 3000

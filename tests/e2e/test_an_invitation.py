"""A stranger comes in by a link and is let go again: real processes, as people meet them."""

import re
from pathlib import Path

import aiohttp
import pytest

from tests.bot.conftest import Person
from tests.e2e.system import running_system, short_folder
from tests.sandbox.telegram.playground import Playground

pytestmark = pytest.mark.slow
folder = pytest.fixture(short_folder)
NOT_YOURS = "I cannot find that any more."


async def test_a_stranger_comes_in_by_a_link_sees_the_wallet_and_after_removal_nothing(
    folder: Path,
) -> None:
    async with running_system(folder) as system, aiohttp.ClientSession() as http:
        telegram = Playground(system.ports.sandbox_url, http)
        ana, eve = Person(telegram, "ana"), Person(telegram, "eve")
        await eve.writes("/balance")
        await eve.sees("You are not in any organization here yet.")
        await ana.writes("/invite")
        await ana.taps(await ana.sees("An invitation to Acme"), "Create link")
        link = await ana.sees("Join Acme as member: https://t.me/")
        [payload] = re.findall(r"start=(invite_[\w-]+)", link["text"])
        await eve.writes(f"/start {payload}")
        welcome = await eve.sees("You are now in Acme. Your role: member.")
        assert "Balance: €0.00" in welcome["text"]
        await ana.sees("Eve joined Acme as member.")
        await eve.writes("/org")
        place = await eve.sees("Acme (your role: member)")
        await ana.writes("/members")
        await ana.taps(await ana.sees("Eve, member"), "Eve")
        await ana.taps(await ana.sees("Eve\nmember in Acme"), "Make admin")
        await eve.sees("Ana changed your role in Acme to admin.")
        await ana.taps(await ana.sees("Eve, admin"), "Eve")
        await ana.taps(await ana.sees("Eve\nadmin in Acme"), "Remove")
        await ana.taps(await ana.sees("Remove Eve from Acme?"), "Remove")
        await ana.sees("Acme: 2 people")
        await eve.sees("Ana removed you from Acme.")
        for label in ("Members", "Leave"):
            assert NOT_YOURS in (await eve.taps(place, label))["text"]
        await eve.writes("/balance")
        await eve.sees("You are not in any organization here yet.")
        await eve.writes(f"/start {payload}")
        await eve.sees("This invitation no longer works")

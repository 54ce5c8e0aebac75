"""A group that an owner ties to Acme: what strangers see there, and what is announced."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from sandbox.personas import GROUP
from sandbox.runner.demo import CARD, LINK, Chat, message_json
from tests.e2e.system import running_system, short_folder

pytestmark = pytest.mark.slow
Json = dict[str, Any]


@pytest.fixture
def folder() -> Iterator[Path]:
    yield from short_folder()


async def test_a_group_hears_of_a_top_up_and_a_stranger_sees_what_the_owner_allowed(
    folder: Path,
) -> None:
    async with (
        running_system(folder) as system,
        aiohttp.ClientSession(system.ports.sandbox_url) as http,
    ):
        output = system.printed.append
        ana, group, eve = (
            Chat(http, "ana", output), Chat(http, "ana", output, GROUP),
            Chat(http, "eve", output, GROUP),
        )  # fmt: skip

        async def post_json(name: str, **arguments: Any) -> Json:
            async with http.post(name, json=arguments) as answer:
                body: Json = await answer.json()
                assert answer.status == 200, body
                return body

        async def tap(message: Json, data: str) -> Json:
            rows = message["reply_markup"]["inline_keyboard"]
            button = next(b["callback_data"] for row in rows for b in row if data in str(b))
            where = {"user": "ana", "chat": GROUP, "message_id": message["message_id"]}
            return await post_json("/telegram/tap", **where, button=button)

        await ana.write("/start")
        await ana.see("a greeting")
        await post_json("/telegram/groups", user="ana", event="add_bot")
        offer = await group.see("an offer to tie", "can tie it")
        await tap(offer, "tie")
        settings = await group.see("what the group may see", "tied to Acme")
        await eve.see("whose it is now", "now tied to the organization Acme, by its owner Ana")
        await eve.write("/balance")
        refused = await eve.see("a way to private", "pursebot_sandbox_bot.*url|url.*t.me")
        assert "€" not in message_json(refused)

        await tap(settings, "announces_credits:yes")
        settings = await group.see("that top-ups are announced", "✓ Announce")
        await ana.write("/topup 50")
        [(_, session)] = re.findall(LINK, message_json(await ana.see("a link to pay", LINK)))
        await post_json(f"/stripe/sessions/{session}/pay", card=CARD)
        notified = await eve.see("the announcement", "Ana added €50.00 to Acme")
        assert "balance" not in notified["text"].lower()

        await tap(settings, "shows_balance:yes")
        await group.see("that the balance is shown", "✓ Show the balance")
        await eve.write("/balance")
        await eve.see("Acme's balance", "Acme.*€50.00")

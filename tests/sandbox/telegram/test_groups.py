"""A group as a bot knows it: it is let in, hears of little, is thrown out, finds a new id."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from sandbox.personas import GROUP, GROUP_ID
from tests.sandbox.telegram.playground import Json, Playground, local_telegram

SUPERGROUP = -1_000_000_004_001


@pytest.fixture
async def play(tmp_path: Path) -> AsyncIterator[Playground]:
    async with local_telegram(tmp_path) as playground:
        yield playground


async def happens(play: Playground, event: str) -> Json:
    return await play.post("groups", user="ana", event=event)


async def test_a_bot_in_a_group_hears_of_commands_for_it_and_of_nothing_else(
    play: Playground,
) -> None:
    await play.write("ana", "/start", GROUP)
    await happens(play, "add_bot")
    for text in ("hello", "/start@another_bot", "/balance", "/balance@pursebot_sandbox_bot"):
        await play.write("eve", text, GROUP)
    joined, *updates = await play.updates()
    statuses = [
        joined["my_chat_member"][f"{when}_chat_member"]["status"] for when in ("old", "new")
    ]
    assert statuses == ["left", "member"]
    texts = [update["message"]["text"] for update in updates]
    assert texts == ["/balance", "/balance@pursebot_sandbox_bot"]
    seen = [message["text"] for message in (await play.chat("ben", chat=GROUP))["messages"]]
    assert seen[:2] == ["/start", "hello"]


async def test_a_bot_writes_only_where_it_is_and_under_the_groups_newest_id(
    play: Playground,
) -> None:
    async def refusal(chat_id: int, **more: int) -> str:
        answer = await play.bot("sendMessage", chat_id=chat_id, text="x", **more)
        return str(answer.get("description"))

    assert await refusal(GROUP_ID) == "Forbidden: bot was kicked from the group chat"
    await happens(play, "add_bot")
    assert await refusal(GROUP_ID, message_thread_id=7) == "Bad Request: message thread not found"
    sent = await play.bot("sendMessage", chat_id=GROUP_ID, text="x")
    assert sent["result"]["chat"] == {"id": GROUP_ID, "title": GROUP, "type": "group"}
    await happens(play, "migrate")
    updates = [update.get("message", {}) for update in await play.updates()]
    assert [m["migrate_to_chat_id"] for m in updates if "migrate_to_chat_id" in m] == [SUPERGROUP]
    moved = await play.bot("sendMessage", chat_id=GROUP_ID, text="x")
    assert moved["parameters"] == {"migrate_to_chat_id": SUPERGROUP}
    assert (await play.bot("sendMessage", chat_id=SUPERGROUP, text="x"))["ok"]
    await happens(play, "remove_bot")
    assert await refusal(SUPERGROUP) == "Forbidden: bot was kicked from the supergroup chat"

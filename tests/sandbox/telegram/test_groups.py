"""A group as a bot knows it: it is let in, hears of little, is thrown out, finds a new id."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from sandbox.personas import GROUP, GROUP_ID
from tests.sandbox.telegram.contract import types, validator_of
from tests.sandbox.telegram.playground import Json, Playground, local_telegram

SUPERGROUP = -1_000_000_004_001


@pytest.fixture
async def play(tmp_path: Path) -> AsyncIterator[Playground]:
    async with local_telegram(tmp_path) as playground:
        yield playground


async def happens(play: Playground, event: str) -> Json:
    return await play.post("groups", user="ana", event=event)


async def delivered(play: Playground, *texts: str, **fields: int) -> list[str]:
    """Which of these messages of Eve's to the group reach the bot."""
    offset = max((update["update_id"] for update in await play.updates()), default=0) + 1
    for text in texts:
        await play.post("send", user="eve", chat=GROUP, text=text, **fields)
    updates = await play.updates(offset=offset)
    return [update["message"]["text"] for update in updates if "message" in update]


async def sent(play: Playground, chat_id: int = GROUP_ID) -> int:
    """A message of the bot to the group: its id."""
    answer = await play.bot("sendMessage", chat_id=chat_id, text="x")
    return int(answer["result"]["message_id"])


BARE, NAMED, ANOTHERS = "/balance", "/balance@pursebot_sandbox_bot", "/balance@another_bot"
ALL = ("hello", BARE, NAMED, ANOTHERS)


async def test_a_bare_command_reaches_a_bot_only_while_no_other_bot_wrote_after_it(
    play: Playground,
) -> None:
    await play.write("ana", "/start", GROUP)
    await happens(play, "add_bot")
    (joined,) = await play.updates()
    statuses = [
        joined["my_chat_member"][f"{when}_chat_member"]["status"] for when in ("old", "new")
    ]
    assert statuses == ["left", "member"]
    assert await delivered(play, *ALL) == [NAMED]  # it has not written yet
    await sent(play)
    assert await delivered(play, *ALL) == [BARE, NAMED]
    await happens(play, "hear_another_bot")
    assert await delivered(play, *ALL) == [NAMED]
    seen = [message["text"] for message in (await play.chat("ben", chat=GROUP))["messages"]]
    assert seen[:2] == ["/start", "hello"]
    await sent(play)
    await happens(play, "migrate")
    assert await delivered(play, *ALL) == [BARE, NAMED]


async def test_a_reply_goes_to_the_bot_that_it_answers_whatever_it_says(play: Playground) -> None:
    await happens(play, "add_bot")
    own = await sent(play)
    await happens(play, "hear_another_bot")
    messages = (await play.chat("ana", chat=GROUP))["messages"]
    another = max(message["message_id"] for message in messages)
    assert await delivered(play, "hello", ANOTHERS, reply_to=own) == ["hello", ANOTHERS]
    assert await delivered(play, "hello", BARE, NAMED, reply_to=another) == []
    person = (await play.write("ben", "hello", GROUP))["message_id"]
    assert await delivered(play, "hello", NAMED, reply_to=person) == [NAMED]


async def test_everything_reaches_an_administrator_and_a_bot_without_privacy(
    play: Playground,
) -> None:
    async def reads_all() -> bool:
        return bool((await play.bot("getMe"))["result"]["can_read_all_group_messages"])

    await happens(play, "add_bot")
    await happens(play, "promote_bot")
    assert await delivered(play, *ALL) == list(ALL)
    await happens(play, "demote_bot")
    assert not await reads_all()
    await play.post("privacy", off=True)
    assert await reads_all()
    assert await delivered(play, *ALL) == [NAMED]  # it counts from joining on
    await happens(play, "remove_bot")
    await happens(play, "add_bot")
    assert await delivered(play, *ALL) == list(ALL)


async def test_who_administers_a_group_is_told_but_of_who_remains_anonymous(
    play: Playground,
) -> None:
    async def status(user_id: int) -> str:
        answer = await play.bot("getChatMember", chat_id=GROUP_ID, user_id=user_id)
        if not answer["ok"]:
            return str(answer["description"])
        validator_of(types.ChatMemberUnion).validate_python(answer["result"])
        return str(answer["result"]["status"])

    ana, ben = 1001, 1002
    assert "kicked" in await status(ana)
    await happens(play, "add_bot")
    assert [await status(ana), await status(ben)] == ["creator", "member"]
    assert await status(424242) == "member"  # the bot itself
    assert await status(7) == "Bad Request: user not found"
    await play.post("members", user="ben", event="promote")
    assert await status(ben) == "administrator"
    await play.post("members", user="ben", event="promote_anonymously")
    assert await status(ben) == "member"
    message = await play.write("ben", "hello", GROUP)
    assert (message["from"]["id"], message["sender_chat"]["id"]) == (1087968824, GROUP_ID)
    await happens(play, "promote_bot")
    assert await status(ben) == "administrator"
    await play.post("members", user="ben", event="demote")
    assert (await play.write("ben", "hello", GROUP))["from"]["id"] == ben


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

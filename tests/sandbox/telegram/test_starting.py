"""Links of Telegram's, START, blocking, and the people's roles: as in Telegram, on this machine."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from sandbox.personas import GROUP, GROUP_ID
from tests.conftest import World
from tests.sandbox.telegram.playground import Playground, local_telegram

BOT = "pursebot_sandbox_bot"
ANA, BEN = 1001, 1002


@pytest.fixture
async def play(tmp_path: Path) -> AsyncIterator[Playground]:
    async with local_telegram(tmp_path) as playground:
        yield playground


async def send(play: Playground, chat_id: int) -> str:
    """What Telegram says of a message of the bot's: "" where it arrives."""
    answer = await play.bot("sendMessage", chat_id=chat_id, text="hello")
    return str(answer.get("description", ""))


@pytest.mark.parametrize(
    ("url", "chat", "payload"),
    [
        (f"https://t.me/{BOT}", "private", None),
        (f"t.me/{BOT.upper()}/", "private", None),
        (f"https://t.me/{BOT}?start=invite_A-1", "private", "invite_A-1"),
        (f"http://www.telegram.me/{BOT}?x=1&start=a", "private", "a"),
        (f"https://{BOT}.t.me/?start=a", "private", "a"),
        (f"tg://resolve?domain={BOT}&start=a", "private", "a"),
        (f"tg:resolve?domain={BOT}&start=a", "private", "a"),
        (f"https://t.me/{BOT}?startgroup=a", GROUP, "a"),
        (f"https://t.me/{BOT}?startgroup&admin=manage_topics", GROUP, ""),
    ],
)
async def test_a_link_to_the_bot_opens_the_chat_that_it_names(
    play: Playground, url: str, chat: str, payload: str | None
) -> None:
    assert await play.destination(url) == {"chat": chat, "payload": payload, "reason": ""}


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("https://t.me/+AbCdEf", "its only group is Acme team"),
        ("https://t.me/joinchat/AbCdEf", "its only group is Acme team"),
        ("tg://join?invite=AbCdEf", "its only group is Acme team"),
        ("https://t.me/BotFather", f"its only bot is {BOT}"),
        ("tg://settings", "its only bot is"),
        (f"https://t.me/{BOT}?startapp=x", "no Mini Apps"),
        (f"https://t.me/{BOT}/app", "no Mini Apps"),
        ("https://t.me.example.com/x", "no link of Telegram's"),
        ("https://[", "no link of Telegram's"),
    ],
)
async def test_any_other_link_opens_nothing_and_says_why(
    play: Playground, url: str, why: str
) -> None:
    destination = await play.destination(url)
    assert destination["chat"] is None
    assert why in destination["reason"]


async def test_start_with_a_parameter_reaches_the_bot_as_telegram_delivers_it(
    play: Playground,
) -> None:
    shown = await play.post("start", user="ana", payload="invite_x")
    assert shown["text"] == "/start"
    await play.post("start", user="ben", payload="group_1", chat=GROUP)
    private, joined, in_group = await play.updates()
    assert private["message"]["text"] == "/start invite_x"
    assert private["message"]["entities"] == [{"type": "bot_command", "offset": 0, "length": 6}]
    assert joined["my_chat_member"]["new_chat_member"]["status"] == "member"
    assert in_group["message"]["chat"]["id"] == GROUP_ID
    assert in_group["message"]["text"] == f"/start@{BOT} group_1"
    assert (await play.chat("eve", chat=GROUP))["messages"][0]["text"] == f"/start@{BOT}"
    await play.post("start", user="ben", chat=GROUP)  # it is there already
    for wrong in ("a b", "x" * 65, "Привет"):
        assert "1 to 64" in (await play.destination(f"t.me/{BOT}?start={wrong}"))["reason"]
        answer = await play.post("start", status=400, user="ana", payload=wrong)
        assert "1 to 64" in answer["error"]["message"]
    assert len(await play.updates()) == 3


async def test_a_bot_cannot_write_before_start_nor_to_whoever_blocked_it(
    play: Playground, tmp_path: Path
) -> None:
    async def state() -> tuple[Any, ...]:
        ben = await play.person("ben")
        return ben["started"], ben["blocked"], ben["refused"]

    cannot_begin = "Forbidden: bot can't initiate conversation with a user"
    assert [await send(play, BEN), await send(play, BEN)] == [cannot_begin] * 2
    assert await state() == (False, False, 2)
    await play.post("block", status=409, user="ben", blocked=True)
    await play.post("start", user="ben")
    assert await send(play, BEN) == ""
    assert await state() == (True, False, 0)
    assert await play.post("block", user="ben", blocked=True) == {"blocked": True}
    assert await send(play, BEN) == "Forbidden: bot was blocked by the user"
    assert await state() == (True, True, 1)
    async with local_telegram(tmp_path) as restarted:
        assert (await restarted.person("ben"))["blocked"]
    await play.post("block", user="ben", blocked=False)
    assert await send(play, BEN) == ""
    assert await state() == (True, False, 0)
    await play.post("block", user="ben", blocked=True)
    await play.post("start", user="ben", payload="x")
    changes = [each["my_chat_member"] for each in await play.updates() if "message" not in each]
    statuses = [change["new_chat_member"]["status"] for change in changes]
    assert statuses == ["kicked", "member", "kicked", "member"]


async def until_about(play: Playground, user: str, about: str) -> Any:
    """Wait until the list says this of a person; return what it says of them."""
    async with asyncio.timeout(60):
        while (person := await play.person(user))["about"] != about:
            await asyncio.sleep(0.05)
    return person


async def test_the_list_of_people_says_who_is_what_of_whom_now(
    database_url: str, world: World, owner: Any, tmp_path: Path
) -> None:
    async with local_telegram(tmp_path, database_url) as play:
        ben = await until_about(play, "ben", "Member of Acme")
        assert ben["role"] == "member"
        assert ben["organizations"] == [{"name": "Acme", "role": "member"}]
        await owner.execute(
            "update memberships set role = 'admin' where user_id ="
            " (select id from private.users where telegram_id = $1)",
            BEN,
        )
        await until_about(play, "ben", "Admin of Acme")
        await owner.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity where pid <> pg_backend_pid()"
            " and datname = current_database()"
        )
        assert (await play.person("ben"))["about"] == "Admin of Acme"
        ira = await play.person("ira")
        assert ira["role"] == "stranger"
        assert ira["about"] == "In no organization, Telegram in Russian"


async def test_where_no_database_is_named_nobody_has_a_role(play: Playground) -> None:
    ana = await play.person("ana")
    assert (ana["role"], ana["about"]) == ("", "Role not known here")

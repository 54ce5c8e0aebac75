"""The local Bot API refuses what the real one refuses, in the same words."""

import time
from collections.abc import AsyncIterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from sandbox.personas import GROUP, GROUP_ID
from sandbox.telegram import messages
from tests.sandbox.telegram.contract import types, validator_of
from tests.sandbox.telegram.playground import Json, Playground, local_telegram

ANA, BEN = 1001, 1002


@pytest.fixture
async def play(tmp_path: Path) -> AsyncIterator[Playground]:
    async with local_telegram(tmp_path) as playground:
        await playground.write("ana", "hello")
        yield playground


def keyboard(*buttons: Json) -> Json:
    return {"inline_keyboard": [list(buttons)]}


def button(**fields: str) -> Json:
    return {"chat_id": ANA, "text": "x", "reply_markup": keyboard(fields)}


def html(text: str) -> Json:
    return {"chat_id": ANA, "text": text, "parse_mode": "HTML"}


REFUSED_MESSAGES: dict[str, tuple[Json, str]] = {
    "no text": ({"chat_id": ANA}, "message text is empty"),
    "blank text": ({"chat_id": ANA, "text": " \n "}, "text must be non-empty"),
    "long text": ({"chat_id": ANA, "text": "x" * 4097}, "message is too long"),
    "long emoji": ({"chat_id": ANA, "text": "💶" * 2049}, "message is too long"),
    "no chat": ({"text": "x"}, "chat_id is empty"),
    "unknown chat": ({"chat_id": 7, "text": "x"}, "chat not found"),
    "unknown name": ({"chat_id": "@nobody", "text": "x"}, "chat not found"),
    "long data": (button(text="b", callback_data="é" * 33), "BUTTON_DATA_INVALID"),
    "no data": (button(text="b", callback_data=""), "BUTTON_DATA_INVALID"),
    "two actions": (button(text="b", callback_data="1", url="https://a.bc"), "can't parse inline"),
    "no action": (
        button(text="b"),
        "can't parse inline keyboard button: Text buttons are unallowed in the inline keyboard",
    ),
    "101 buttons": (
        {
            **button(text="b"),
            "reply_markup": keyboard(*[{"text": "b", "callback_data": "1"}] * 101),
        },
        "reply markup is too long",
    ),
    "long buttons": (button(text="b" * 10_000, callback_data="1"), "reply markup is too long"),
    "no button text": (button(text=" ", callback_data="1"), "reply_markup[inline_keyboard][0]"),
    "no rows": ({**html("x"), "reply_markup": {"inline_keyboard": "bad"}}, "reply_markup["),
}
REFUSED_LINKS = (
    "http://localhost:8090/pay",
    "http://127.0.0.1:8090/pay",
    "http://[::1]/pay",
    "https://backend/pay",
    "not-a-url",
    "https://a.bc:port/",
    "https:///pay",
    "ftp://example.com",
    "javascript://a.bc/%0aalert(1)",
)


@pytest.mark.parametrize("name", REFUSED_MESSAGES)
async def test_a_message_is_refused_as_telegram_refuses_it(play: Playground, name: str) -> None:
    parameters, why = REFUSED_MESSAGES[name]
    answer = await play.bot("sendMessage", **parameters)
    assert answer["error_code"] == 400
    assert answer["description"].startswith(f"Bad Request: {why}")


@pytest.mark.parametrize("url", REFUSED_LINKS)
async def test_a_button_with_a_link_that_telegram_would_not_open(
    play: Playground, url: str
) -> None:
    answer = await play.bot("sendMessage", **button(text="Pay", url=url))
    why = f"inline keyboard button URL '{url}' is invalid: Wrong HTTP URL"
    assert answer["description"] == f"Bad Request: {why}"


async def test_a_button_with_a_link_that_it_would(play: Playground) -> None:
    answer = await play.bot("sendMessage", **button(text="Pay", url="https://a.bc/?x"))
    rows = answer["result"]["reply_markup"]["inline_keyboard"]
    assert rows == [[{"text": "Pay", "url": "https://a.bc/?x"}]]


async def test_a_bot_cannot_write_first(play: Playground) -> None:
    answer = await play.bot("sendMessage", chat_id=BEN, text="psst")
    assert answer["error_code"] == 403
    assert answer["description"] == "Forbidden: bot can't initiate conversation with a user"


async def test_editing_changes_the_message_and_its_keyboard_or_is_refused(play: Playground) -> None:
    buttons = keyboard({"text": "b", "callback_data": "1"})
    sent = (await play.bot("sendMessage", chat_id=ANA, text="one", reply_markup=buttons))["result"]

    async def edit(**parameters: Any) -> Json:
        where = {"chat_id": ANA, "message_id": sent["message_id"], "text": "one"}
        return await play.bot("editMessageText", **(where | parameters))

    same = await edit(reply_markup=buttons)
    assert same["description"].startswith("Bad Request: message is not modified: ")
    assert "reply_markup" not in (await edit())["result"]
    edited = (await edit(text="two"))["result"]
    assert (edited["text"], edited["date"]) == ("two", sent["date"])
    assert edited["edit_date"] >= sent["date"]
    refusals = [
        await edit(message_id=1),
        await edit(message_id=99),
        await edit(text="x" * 4097),
    ]
    assert [refusal["description"] for refusal in refusals] == [
        "Bad Request: message can't be edited",
        "Bad Request: message to edit not found",
        "Bad Request: message is too long",
    ]


async def test_a_tap_is_answered_once(play: Playground) -> None:
    answer = await play.bot("answerCallbackQuery", callback_query_id="1")
    assert answer["description"] == (
        "Bad Request: query is too old and response timeout expired or query ID is invalid"
    )


@pytest.mark.parametrize(
    ("method", "parameters"),
    [
        ("sendPhoto", {}),
        ("setMyDescription", {"description": "x"}),
        ("sendMessage", {"chat_id": ANA, "text": "x", "message_effect_id": "1"}),
        ("sendMessage", {"chat_id": ANA, "text": "x", "reply_parameters": {"quote": "x"}}),
        ("sendMessage", {"chat_id": ANA, "text": "*x*", "parse_mode": "Markdown"}),
        ("sendMessage", {"chat_id": ANA, "text": "x", "reply_markup": {"force_reply": True}}),
        ("sendMessage", button(text="b", pay="1")),
        ("sendMessage", html("x<b> </b>")),
        ("sendMessage", {"chat_id": ANA, "text": "x", "chats": "1"}),
    ],
)
async def test_what_is_not_modelled_says_so(
    play: Playground, method: str, parameters: Json
) -> None:
    answer = await play.bot(method, **parameters)
    assert answer["error_code"] == 501
    assert answer["description"].startswith("Not Implemented: the sandbox does not model ")


async def test_the_token_is_checked(play: Playground) -> None:
    for token, status in (("nonsense", 401), ("424242:other", 401)):
        async with play.http.get(f"{play.url}/bot{token}/getMe") as response:
            assert response.status == status
            assert (await response.json())["error_code"] == status


async def test_everyone_is_listed_the_commands_in_the_language_of_their_app(
    play: Playground,
) -> None:
    for code, word in (("ru", "Привет"), ("", "Hello")):
        listed = [{"command": "start", "description": word}]
        await play.bot("setMyCommands", commands=listed, language_code=code)
    for user, word in (("ana", "Hello"), ("ira", "Привет")):
        [command] = (await play.chat(user))["commands"]
        assert command["description"] == word
    scope = {"type": "all_group_chats"}
    await play.bot("setMyCommands", commands=[], scope=scope)
    assert (await play.chat("ana", chat=GROUP))["commands"] == []


@pytest.mark.parametrize(
    ("command", "description", "why"),
    [
        ("Top", "x", "BOT_COMMAND_INVALID"),
        ("", "x", "BOT_COMMAND_INVALID"),
        ("top", "", "BOT_COMMAND_DESCRIPTION_INVALID"),
        ("top", "x" * 257, "BOT_COMMAND_DESCRIPTION_INVALID"),
    ],
)
async def test_a_command_is_refused_as_telegram_refuses_it(
    play: Playground, command: str, description: str, why: str
) -> None:
    listed = [{"command": command, "description": description}]
    refused = await play.bot("setMyCommands", commands=listed)
    assert refused["description"] == f"Bad Request: {why}"


async def test_a_menu_has_at_most_a_hundred_commands(play: Playground) -> None:
    listed = [{"command": f"c{number}", "description": "x"} for number in range(101)]
    refused = await play.bot("setMyCommands", commands=listed)
    assert refused["description"] == "Bad Request: BOT_COMMANDS_TOO_MUCH"
    assert (await play.bot("setMyCommands", commands=listed[:100]))["ok"]
    private = [{"command": "mine", "description": "x"}]
    scope = {"type": "all_private_chats"}
    await play.bot("setMyCommands", commands=private, scope=scope)
    assert (await play.chat("ana"))["commands"] == private
    assert len((await play.chat("ana", chat=GROUP))["commands"]) == 100


async def test_a_method_that_telegram_does_not_have_is_not_found(play: Playground) -> None:
    unknown = await play.bot("sendMoney")
    assert (unknown["error_code"], unknown["description"]) == (404, "Not Found")


async def test_a_chat_and_its_people_are_described(play: Playground) -> None:
    for chat_id, status in ((ANA, "member"), (GROUP_ID, "creator")):
        if chat_id == GROUP_ID:
            await play.post("groups", user="ana", event="add_bot")
        chat = (await play.bot("getChat", chat_id=chat_id))["result"]
        assert validator_of(types.ChatFullInfo).validate_python(chat).id == chat_id
        member = (await play.bot("getChatMember", chat_id=chat_id, user_id=ANA))["result"]
        kind = types.ChatMemberMember if status == "member" else types.ChatMemberOwner
        assert validator_of(kind).validate_python(member).user.first_name == "Ana"
        assert member["status"] == status
    bot = (await play.bot("getMe"))["result"]
    itself = await play.bot("getChatMember", chat_id=GROUP_ID, user_id=bot["id"])
    assert itself["result"]["status"] == "member"
    for parameters, why in (
        ({"chat_id": ANA}, "invalid user_id specified"),
        ({"chat_id": ANA, "user_id": -1}, "invalid user_id specified"),
        ({"chat_id": ANA, "user_id": 7}, "user not found"),
        ({"chat_id": ANA, "user_id": BEN}, "member not found"),
        ({"chat_id": 7, "user_id": ANA}, "chat not found"),
    ):
        refused = await play.bot("getChatMember", **parameters)
        assert refused["description"] == f"Bad Request: {why}"
    assert (await play.bot("sendChatAction", chat_id=ANA, action="typing"))["result"] is True
    wrong = await play.bot("sendChatAction", chat_id=ANA)
    assert wrong["description"] == "Bad Request: wrong parameter action in request"


async def test_a_message_replies_to_another_of_its_chat(play: Playground) -> None:
    [hello] = (await play.chat("ana"))["messages"]

    async def reply(message_id: int, **more: Any) -> Json:
        parameters = {"message_id": message_id, **more}
        return await play.bot("sendMessage", chat_id=ANA, text="x", reply_parameters=parameters)

    sent = (await reply(hello["message_id"]))["result"]
    assert sent["reply_to_message"]["text"] == "hello"
    assert (await reply(99))["description"] == "Bad Request: message to be replied not found"
    assert "reply_to_message" not in (await reply(99, allow_sending_without_reply=True))["result"]


async def test_deleting_is_refused_as_telegram_refuses_it(
    play: Playground, monkeypatch: pytest.MonkeyPatch
) -> None:
    [hello] = (await play.chat("ana"))["messages"]
    own = (await play.bot("sendMessage", chat_id=ANA, text="x"))["result"]

    async def delete(message: Json) -> Any:
        where = {"chat_id": message["chat"]["id"], "message_id": message["message_id"]}
        answer = await play.bot("deleteMessage", **where)
        return answer.get("result") or answer["description"].removeprefix("Bad Request: ")

    later = SimpleNamespace(time=lambda: time.time() + 48 * 3600 + 1)
    with monkeypatch.context() as patched:
        patched.setattr(messages, "time", later)
        assert await delete(own) == "message can't be deleted"
    assert await delete(hello) is True
    assert await delete(own) is True
    assert await delete(own) == "message to delete not found"
    where = {"chat_id": ANA, "message_id": own["message_id"]}
    edited = await play.bot("editMessageText", text="y", **where)
    assert edited["description"] == "Bad Request: message to edit not found"
    assert [each["text"] for each in (await play.chat("ana"))["messages"]] == ["(deleted)"] * 2
    await play.post("groups", user="ana", event="add_bot")
    of_ana = await play.write("ana", "/balance", chat=GROUP)
    assert await delete(of_ana) == "message can't be deleted"
    own = (await play.bot("sendMessage", chat_id=GROUP_ID, text="x"))["result"]
    assert await delete(own) is True


async def test_a_poll_can_count_from_the_end_and_asks_for_any_number(play: Playground) -> None:
    await play.write("ana", "second")
    await play.write("ana", "third")
    last = await play.updates(offset=-1, limit=1000)
    assert [each["message"]["text"] for each in last] == ["third"]
    assert await play.updates() == last
    assert (await play.bot("deleteWebhook", drop_pending_updates=True))["ok"]
    assert await play.updates() == []

"""The local Bot API refuses what the real one refuses, in the same words."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from sandbox.personas import GROUP
from tests.sandbox.telegram.playground import TOKEN, Json, Playground, local_telegram

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


UNPARSABLE = "can't parse entities: "
REFUSED_MESSAGES: dict[str, tuple[Json, str]] = {
    "no text": ({"chat_id": ANA}, "text: "),
    "blank text": ({"chat_id": ANA, "text": " \n "}, "text must be non-empty"),
    "long text": ({"chat_id": ANA, "text": "x" * 4097}, "message is too long"),
    "long emoji": ({"chat_id": ANA, "text": "💶" * 2049}, "message is too long"),
    "no chat": ({"text": "x"}, "chat_id: "),
    "unknown chat": ({"chat_id": 7, "text": "x"}, "chat not found"),
    "tag": (html("é<script>"), UNPARSABLE + "Unsupported start tag at byte offset 2"),
    "open tag": (html("<b>x"), UNPARSABLE + "Can't find end tag of b"),
    "crossed tags": (html("<b><i>test</b></i>"), UNPARSABLE + "Unexpected end tag b"),
    "lonely end": (html("x</b>"), UNPARSABLE + "Unexpected end tag b"),
    "bare less-than": (html("1 < 2"), UNPARSABLE + "Unsupported start tag at byte offset 2"),
    "half an end": (html("<b>x</b"), UNPARSABLE + "Unsupported start tag at byte offset 4"),
    "long data": (button(text="b", callback_data="é" * 33), "BUTTON_DATA_INVALID"),
    "no data": (button(text="b", callback_data=""), "BUTTON_DATA_INVALID"),
    "two actions": (button(text="b", callback_data="1", url="https://a.bc"), "can't parse inline"),
    "no action": (button(text="b"), "can't parse inline keyboard button"),
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


async def test_html_becomes_entities_counted_in_utf16(play: Playground) -> None:
    source = "💶 <b>Paid <i>EUR 5</i></b> &lt;&amp;&gt; <code>/x</code><i></i>"
    message = (await play.bot("sendMessage", **html(source)))["result"]
    assert message["text"] == "💶 Paid EUR 5 <&> /x"
    assert message["entities"] == [
        {"type": "bold", "offset": 3, "length": 10},
        {"type": "italic", "offset": 8, "length": 5},
        {"type": "code", "offset": 18, "length": 2},
    ]


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
        ("sendMessage", {"chat_id": ANA, "text": "x", "reply_parameters": {"message_id": 1}}),
        ("sendMessage", {"chat_id": ANA, "text": "*x*", "parse_mode": "MarkdownV2"}),
        ("sendMessage", {"chat_id": ANA, "text": "x", "reply_markup": {"force_reply": True}}),
        ("sendMessage", html("x<b> </b>")),
        ("deleteWebhook", {"drop_pending_updates": True}),
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


async def test_parameters_come_as_a_query_or_as_a_form_and_never_unread(play: Playground) -> None:
    url = f"{play.url}/bot{TOKEN}/SENDmessage"
    query = {"chat_id": str(ANA), "text": "as a query"}
    form = {"text": "as a form", "reply_markup": '{"inline_keyboard": []}'}
    async with play.http.get(url, params=query) as response:
        assert (await response.json())["result"]["text"] == "as a query"
    async with play.http.post(url, params=query, data=form) as response:
        assert (await response.json())["result"]["text"] == "as a form"
    async with play.http.post(url, json={"chat_id": ANA, "text": "as JSON"}) as unknown:
        assert unknown.status == 501


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


async def test_commands_have_names_of_small_letters(play: Playground) -> None:
    refused = await play.bot("setMyCommands", commands=[{"command": "Top", "description": "x"}])
    assert refused["error_code"] == 400
    assert "commands[0][command]" in refused["description"]

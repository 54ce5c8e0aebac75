"""The local Bot API refuses what the real one refuses, in the same words."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from tests.sandbox.telegram_playground import TOKEN, Json, Playground, local_telegram

ANA, BEN = 1001, 1002


@pytest.fixture
async def play(tmp_path: Path) -> AsyncIterator[Playground]:
    async with local_telegram(tmp_path) as playground:
        await playground.say("ana", "hello")
        yield playground


def keyboard(*buttons: Json) -> Json:
    return {"inline_keyboard": [list(buttons)]}


def link(url: str) -> Json:
    return {"chat_id": ANA, "text": "x", "reply_markup": keyboard({"text": "Pay", "url": url})}


def html(text: str) -> Json:
    return {"chat_id": ANA, "text": text, "parse_mode": "HTML"}


UNPARSABLE = "can't parse entities: "
NO_BUTTON = "can't parse inline keyboard button: "
REFUSED_MESSAGES: dict[str, tuple[Json, str]] = {
    "no text": ({"chat_id": ANA}, "message text is empty"),
    "blank text": ({"chat_id": ANA, "text": " \n "}, "text must be non-empty"),
    "long text": ({"chat_id": ANA, "text": "x" * 4097}, "message is too long"),
    "long emoji": ({"chat_id": ANA, "text": "💶" * 2049}, "message is too long"),
    "no chat": ({"text": "x"}, "chat_id is empty"),
    "unknown chat": ({"chat_id": 7, "text": "x"}, "chat not found"),
    "channel name": ({"chat_id": "@someone", "text": "x"}, "chat not found"),
    "parse mode": ({"chat_id": ANA, "text": "x", "parse_mode": "BBCode"}, "unsupported parse_mode"),
    "tag": (html("é<script>"), UNPARSABLE + 'Unsupported start tag "script" at byte offset 2'),
    "open tag": (
        html("<b>x"),
        UNPARSABLE + 'Can\'t find end tag corresponding to start tag "b"',
    ),
    "crossed tags": (
        html("<b><i>test</b></i>"),
        UNPARSABLE + 'Unmatched end tag at byte offset 10, expected "</i>", found "</b>"',
    ),
    "lonely end": (html("x</b>"), UNPARSABLE + "Unexpected end tag at byte offset 1"),
    "bare less-than": (html("1 < 2"), UNPARSABLE + "Unclosed start tag at byte offset 2"),
    "half an end": (html("<b>x</b"), UNPARSABLE + "Unclosed end tag at byte offset 4"),
    "button data": (
        {
            "chat_id": ANA,
            "text": "x",
            "reply_markup": keyboard({"text": "b", "callback_data": "é" * 33}),
        },
        "BUTTON_DATA_INVALID",
    ),
    "button without action": (
        {"chat_id": ANA, "text": "x", "reply_markup": keyboard({"text": "b", "callback_data": ""})},
        NO_BUTTON + "Text buttons are unallowed in the inline keyboard",
    ),
    "button with two": (
        {
            "chat_id": ANA,
            "text": "x",
            "reply_markup": keyboard({"text": "b", "callback_data": "1", "url": "a.bc"}),
        },
        NO_BUTTON + "Exactly one action must be used",
    ),
    "button without text": (
        {"chat_id": ANA, "text": "x", "reply_markup": keyboard({"callback_data": "1"})},
        "inline keyboard button text must be non-empty",
    ),
    "half a character": ({"chat_id": ANA, "text": "\ud83d"}, "strings must be encoded in UTF-8"),
    "no rows": (
        {"chat_id": ANA, "text": "x", "reply_markup": {"inline_keyboard": "bad"}},
        'field "inline_keyboard" must be of type Array',
    ),
}
REFUSED_LINKS = {
    "http://localhost:8090/pay": "Wrong HTTP URL",
    "http://127.0.0.1:8090/pay": "Wrong HTTP URL",
    "http://[::1]/pay": "Wrong HTTP URL",
    "https://backend/pay": "Wrong HTTP URL",
    "not-a-url": "Wrong HTTP URL",
    "https://a.bc:port/": "Wrong HTTP URL",
    "https:///pay": "URL host is empty",
    "ftp://example.com": "Unsupported URL protocol",
    "javascript://a.bc/%0aalert(1)": "Unsupported URL protocol",
}


@pytest.mark.parametrize("name", REFUSED_MESSAGES)
async def test_a_message_is_refused_as_telegram_refuses_it(play: Playground, name: str) -> None:
    parameters, why = REFUSED_MESSAGES[name]
    answer = await play.bot("sendMessage", **parameters)
    assert (answer["error_code"], answer["description"]) == (400, f"Bad Request: {why}")


@pytest.mark.parametrize("url", REFUSED_LINKS)
async def test_a_button_with_a_link_that_telegram_would_not_open(
    play: Playground, url: str
) -> None:
    answer = await play.bot("sendMessage", **link(url))
    why = f"inline keyboard button URL '{url}' is invalid: {REFUSED_LINKS[url]}"
    assert answer["description"] == f"Bad Request: {why}"


async def test_a_button_with_a_link_that_it_would(play: Playground) -> None:
    answer = await play.bot("sendMessage", **link("https://Pay.Example.com"))
    rows = answer["result"]["reply_markup"]["inline_keyboard"]
    assert rows == [[{"text": "Pay", "url": "https://pay.example.com/"}]]


async def test_html_becomes_entities_counted_in_utf16(play: Playground) -> None:
    source = (
        "💶 <b>Paid <i>EUR&nbsp;5</i></b> &lt;&amp;&gt; <code>/x</code>"
        ' <a href="https://a.bc?x=1&amp;y=2">see</a> <a href="http://localhost/">here</a><u></u>'
    )
    message = (await play.bot("sendMessage", **html(source)))["result"]
    assert message["text"] == "💶 Paid EUR&nbsp;5 <&> /x see here"
    assert message["entities"] == [
        {"type": "bold", "offset": 3, "length": 15},
        {"type": "italic", "offset": 8, "length": 10},
        {"type": "code", "offset": 23, "length": 2},
        {"type": "text_link", "offset": 26, "length": 3, "url": "https://a.bc/?x=1&y=2"},
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
        await edit(message_id=sent["message_id"] - 1),
        await edit(message_id=99),
        await edit(message_id=0),
        await edit(text="x" * 4097),
    ]
    assert [refusal["description"] for refusal in refusals] == [
        "Bad Request: message can't be edited",
        "Bad Request: message to edit not found",
        "Bad Request: message identifier is not specified",
        "Bad Request: MESSAGE_TOO_LONG",
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
        ("sendMessage", html('<tg-emoji emoji-id="1">x</tg-emoji>')),
        ("sendMessage", html("x<b> </b>")),
        ("setMyCommands", {"commands": [], "scope": {"type": "all_group_chats"}}),
        ("getUpdates", {"offset": -1}),
    ],
)
async def test_what_is_not_modelled_says_so(
    play: Playground, method: str, parameters: Json
) -> None:
    answer = await play.bot(method, **parameters)
    assert answer["error_code"] == 501
    assert "does not model" in answer["description"]


async def test_the_token_is_checked(play: Playground) -> None:
    for token, status in (("nonsense", 404), ("424242:other", 401)):
        async with play.http.get(f"{play.url}/bot{token}/getMe") as response:
            assert response.status == status
            assert (await response.json())["error_code"] == status


async def test_parameters_come_in_every_form_that_telegram_takes(play: Playground) -> None:
    url = f"{play.url}/bot{TOKEN}/SENDmessage"
    query = {"chat_id": str(ANA), "text": "as a query"}
    form = {"text": "as a form", "reply_markup": '{"inline_keyboard": []}'}
    async with play.http.get(url, params=query) as response:
        assert (await response.json())["result"]["text"] == "as a query"
    async with play.http.post(url, params=query, data=form) as response:
        assert (await response.json())["result"]["text"] == "as a form"
    async with play.http.post(
        url, data="{", headers={"Content-Type": "application/json"}
    ) as broken:
        assert broken.status == 400


async def test_commands_are_registered_by_scope_and_language(play: Playground) -> None:
    listed = [{"command": "topup", "description": "Add money"}]
    scope = {"type": "all_private_chats"}
    for_all: Json = {"commands": [{"command": "balance", "description": "Balance"}]}
    for_some: Json = {"commands": listed, "scope": scope, "language_code": "en"}
    for parameters in (for_all, for_some):
        assert (await play.bot("setMyCommands", **parameters))["result"] is True
    assert (await play.chat("ana"))["commands"] == listed
    refused = await play.bot("setMyCommands", commands=[{"command": "Top", "description": "x"}])
    assert refused["description"] == "Bad Request: BOT_COMMAND_INVALID"


async def test_the_thirty_first_message_within_a_second_is_flood(play: Playground) -> None:
    answers = [await play.bot("sendMessage", chat_id=ANA, text=str(i)) for i in range(31)]
    flood = next(answer for answer in answers if not answer["ok"])
    assert flood["parameters"] == {"retry_after": 1}
    assert flood["description"] == "Too Many Requests: retry after 1"

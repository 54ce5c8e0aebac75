"""The local Bot API takes parameters in each way that Telegram does, and leaves none unread.

https://core.telegram.org/bots/api#making-requests
"""

import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import FormData

from sandbox.telegram.keyboards import OTHER_FIELDS, Button
from sandbox.telegram.methods import METHODS, NAMES
from tests.sandbox.telegram.contract import methods, types
from tests.sandbox.telegram.playground import TOKEN, Json, Playground, local_telegram

ANA = 1001
BUTTONS: Json = {"inline_keyboard": [[{"text": "b", "callback_data": "1"}]]}
EXPECTED: Json = {"text": "bold", "bold": True, "silent": True, "buttons": BUTTONS}
PARAMETERS: Json = {
    "chat_id": ANA,
    "text": "<b>bold</b>",
    "parse_mode": "HTML",
    "disable_notification": True,
    "reply_markup": BUTTONS,
}
AS_TEXT = {
    name: value if isinstance(value, str) else json.dumps(value)
    for name, value in PARAMETERS.items()
}


@pytest.fixture
async def play(tmp_path: Path) -> AsyncIterator[Playground]:
    async with local_telegram(tmp_path) as playground:
        await playground.write("ana", "hello")
        yield playground


async def newest(play: Playground) -> Json:
    """Return what Ana sees of the newest message, in the form of EXPECTED."""
    message = (await play.chat("ana"))["messages"][-1]
    bold = message.get("entities") == [{"type": "bold", "offset": 0, "length": 4}]
    return {
        "text": message["text"],
        "bold": bold,
        "silent": message["silent"],
        "buttons": message.get("reply_markup"),
    }


def multipart() -> FormData:
    form = FormData(default_to_multipart=True)
    for name, value in AS_TEXT.items():
        # Some clients give each field a type of its own.
        form.add_field(name, value, content_type="application/json" if name == "chat_id" else None)
    return form


@pytest.mark.parametrize(
    "way", ["query", "query of a GET", "form", "multipart", "json", "json text"]
)
async def test_a_call_is_the_same_in_each_way(play: Playground, way: str) -> None:
    url = f"{play.url}/bot{TOKEN}/SENDmessage"
    match way:
        case "query":
            call = play.http.post(url, params=AS_TEXT)
        case "query of a GET":
            call = play.http.get(url, params=AS_TEXT)
        case "form":
            call = play.http.post(url, data=AS_TEXT, params={"text": "the body wins"})
        case "multipart":
            call = play.http.post(url, data=multipart())
        case "json":
            call = play.http.post(url, json={**PARAMETERS, "message_thread_id": None})
        case _:
            call = play.http.post(url, json=AS_TEXT)
    async with call as response:
        assert response.status == 200, await response.text()
    assert await newest(play) == EXPECTED


async def test_a_file_is_its_own_field_or_one_that_a_field_names(play: Playground) -> None:
    url = f"{play.url}/bot{TOKEN}/sendDocument"
    for document in ("attach://the_file", None):
        form = FormData({"chat_id": str(ANA), "caption": "May"})
        if document:
            form.add_field("document", document)
        name = "the_file" if document else "document"
        form.add_field(name, b"a,b", filename="may.csv", content_type="text/csv")
        async with play.http.post(url, data=form) as response:
            sent = (await response.json())["result"]
        assert (sent["document"]["file_name"], sent["caption"]) == ("may.csv", "May")
        async with play.http.get(
            f"{play.url}/telegram/files/{sent['document']['file_id']}"
        ) as file:
            assert await file.read() == b"a,b"


async def test_a_body_that_is_not_read_is_said_to_be_so(play: Playground) -> None:
    url = f"{play.url}/bot{TOKEN}/sendMessage"
    for body, type, status, why in (
        ("{", "application/json", 400, "Bad Request: can't parse JSON object"),
        ("[]", "application/json", 400, "Bad Request: can't parse JSON object"),
        ("x", "text/plain", 501, "Not Implemented: the sandbox does not model a body of the type"),
    ):
        async with play.http.post(url, data=body, headers={"Content-Type": type}) as response:
            answer = await response.json()
        assert (response.status, answer["error_code"]) == (status, status)
        assert answer["description"].startswith(why)
    async with play.http.post(url, json={"chat_id": ANA, "text": "x", "effect": 1}) as unknown:
        description = (await unknown.json())["description"]
    assert description == "Not Implemented: the sandbox does not model effect of sendMessage"


def test_the_other_fields_of_a_button_are_those_of_the_bot_api() -> None:
    modelled = Button.model_fields.keys()
    assert types.InlineKeyboardButton.model_fields.keys() - modelled == OTHER_FIELDS


def test_the_listed_methods_are_those_of_the_bot_api() -> None:
    others = ("TelegramMethod", "Request", "Response")
    known = [name[0].lower() + name[1:] for name in methods.__all__ if name not in others]
    assert sorted(known) == NAMES
    assert {name.lower() for name in NAMES} > METHODS.keys()

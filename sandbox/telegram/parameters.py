"""The parameters of a call, however a client sends them.

https://core.telegram.org/bots/api#making-requests: in the query, as a form, as JSON, or as
multipart, where a file is the field itself or a field that `attach://<name>` names. Values are text
here, as in Telegram's own server: what is no string in JSON stays JSON text.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from aiohttp import web
from pydantic import ValidationError

from sandbox.refusals import NOT_MODELLED_ERRORS, Refusal, first_error, not_modelled

Parameters = dict[str, str | web.FileField]
FORMS = ("application/x-www-form-urlencoded", "multipart/form-data")
ATTACHED = "attach://"

# What Telegram says of a parameter that is missing or no number, where that is not our words.
MISSING = {
    "chat_id": "chat_id is empty",
    "message_id": "message identifier is not specified",
    "text": "message text is empty",
    "user_id": "invalid user_id specified",
    "action": "wrong parameter action in request",
    "callback_query_id": "query is too old and response timeout expired or query ID is invalid",
}
WRONG = MISSING | {"chat_id": "chat not found"}


async def read_parameters(request: web.Request) -> Parameters:
    """Return the parameters of a call; those in the body win over those in the query.

    Raises Refusal: 400 for JSON that is none, 501 for a body of another type.
    """
    parameters: Parameters = dict(request.query)
    if request.body_exists:
        parameters |= await _read_body(request)
    parameters.pop("method", None)  # it stands in the path; telegraf sends it as well
    return _with_attached_files(parameters)


async def _read_body(request: web.Request) -> Parameters:
    if request.content_type == "application/json":
        return _of_json(await request.read())
    if request.content_type in FORMS:
        return {name: _as_text(value) for name, value in (await request.post()).items()}
    raise not_modelled(f"a body of the type {request.content_type}")


def _of_json(body: bytes) -> Parameters:
    try:
        fields = json.loads(body or b"{}")
    except ValueError:
        fields = None
    if not isinstance(fields, dict):
        raise Refusal(400, "can't parse JSON object")
    return {
        name: value if isinstance(value, str) else json.dumps(value)
        for name, value in fields.items()
        if value is not None
    }


def _as_text(value: str | bytes | bytearray | web.FileField) -> str | web.FileField:
    """Return a form's field; one with a content type of its own comes as bytes."""
    return value.decode() if isinstance(value, bytes | bytearray) else value


def _with_attached_files(fields: Parameters) -> Parameters:
    """Put each file in the place of the parameter that names it."""
    files = {name: value for name, value in fields.items() if isinstance(value, web.FileField)}
    attached = {
        name: value.removeprefix(ATTACHED)
        for name, value in fields.items()
        if isinstance(value, str) and value.startswith(ATTACHED)
    }
    used = {name for name in attached.values() if name in files}
    placed = {name: files[file] for name, file in attached.items() if file in files}
    return {name: value for name, value in (fields | placed).items() if name not in used}


@contextmanager
def refusing_as_telegram(method: str) -> Iterator[None]:
    """Turn pydantic's ValidationError into a Refusal: 501 for what the sandbox does not have.

    A missing or wrong parameter is a 400, in Telegram's words where they are known.
    """
    try:
        yield
    except ValidationError as error:
        parameter, first = first_error(error)
        if first["type"] in NOT_MODELLED_ERRORS:
            raise not_modelled(f"{parameter} of {method}") from None
        is_missing = first["type"].startswith("missing")
        words = (MISSING if is_missing else WRONG).get(parameter)
        raise Refusal(400, words or f"{parameter}: {first['msg']}") from None


def clamped(value: Any, least: int, most: int) -> int:
    """Return a number between two limits: Telegram takes any, and uses the nearest it allows."""
    return min(max(int(value), least), most)

"""Parsing of requests: a body or query as its model, ids, `wait`, the Idempotency-Key.

The application's keys for services and settings are here, too.
"""

import asyncio
from collections.abc import Callable
from typing import TypeVar
from uuid import UUID

from aiohttp import web
from pydantic import BaseModel, ValidationError

from backend.errors import BadRequest, BodyTooLarge, NotJson
from backend.schemas import mask_card_numbers, without_card_numbers
from backend.services import Services
from backend.settings import Settings

SERVICES = web.AppKey("services", Services)
SETTINGS = web.AppKey("settings", Settings)
MAX_JSON_BYTES = 64 * 1024
CLOSING = web.AppKey("closing", asyncio.Event)

MAX_WAIT_SECONDS = 30.0
MAX_KEY_LENGTH = 255
MAX_COMPLAINT_LENGTH = 1000  # bounds the search for card numbers in it
NO_BODY = ("GET", "HEAD", "DELETE")

M = TypeVar("M", bound=BaseModel)


async def parse_request(request: web.Request, model: type[M]) -> M:
    """Parse the body as `model`; the query where the method has no body.

    A DELETE may have either. Raises NotJson, BodyTooLarge, and BadRequest, which names the wrong
    fields or says that a card number was sent.
    """
    sent = request.method == "DELETE" and request.can_read_body
    without = request.method in NO_BODY and not sent
    try:
        if without:
            parsed = model.model_validate(query_parameters(request))
        else:
            parsed = model.model_validate_json(await read_json_body(request))
    except ValidationError as error:
        raise BadRequest(validation_message(error)) from None
    dumped = parsed.model_dump(mode="json")  # SecretStr, where a card number is allowed, is masked
    if mask_card_numbers(dumped) != dumped:
        raise BadRequest("Never send card numbers. Nothing of this was kept.")
    return parsed


async def read_json_body(request: web.Request) -> bytes:
    """Read the bytes of a JSON body, not parsed. Raises NotJson, BodyTooLarge."""
    if request.content_type != "application/json":
        raise NotJson
    raw = await request.read()
    if len(raw) > MAX_JSON_BYTES:
        raise BodyTooLarge(most=str(MAX_JSON_BYTES))
    return raw


def query_parameters(request: web.Request) -> dict[str, str]:
    """Return the query's parameters; a name that comes several times is joined by commas.

    `a=1&a=2` is `a=1,2`, which the models split.
    """
    return {name: ",".join(request.query.getall(name)) for name in request.query}


def validation_message(error: ValidationError) -> str:
    """Say which fields are wrong and why, without repeating their values."""
    message = "; ".join(
        f"{'.'.join(str(part) for part in problem['loc']) or 'body'}: {problem['msg']}"
        for problem in error.errors(include_input=False, include_context=False, include_url=False)
    )
    return without_card_numbers(message[:MAX_COMPLAINT_LENGTH])


def path_id(request: web.Request, name: str = "id") -> UUID:
    """Return an id in the path. Raises BadRequest if it is no UUID."""
    try:
        return UUID(request.match_info[name])
    except ValueError:
        raise BadRequest(f"The {name} in the path is not a UUID.") from None


def path_number(request: web.Request, name: str) -> int:
    """Return an integer in the path (a group's id is negative). Raises BadRequest."""
    number = request.match_info[name]
    if not (number.isascii() and number.removeprefix("-").isdigit() and len(number) <= 18):
        raise BadRequest(f"The {name} in the path is not a number.")
    return int(number)


def wait_seconds(request: web.Request) -> float:
    """Return how many seconds a long poll may wait: `?wait=`, from 0 to 30. Raises BadRequest."""
    try:
        return min(max(float(request.query.get("wait", "0")), 0), MAX_WAIT_SECONDS)
    except ValueError:
        raise BadRequest("wait is a number of seconds.") from None


def is_waiting(request: web.Request) -> Callable[[], bool]:
    """Return a function: whether the client is still connected, and the server not closing."""
    closing = request.app[CLOSING]
    return lambda: not closing.is_set() and request.transport is not None


def idempotency_key(request: web.Request) -> str | None:
    """Return the Idempotency-Key; None if there is none.

    Raises BadRequest if it cannot be stored.
    """
    key = request.headers.get("Idempotency-Key")
    if key is not None and not (1 <= len(key) <= MAX_KEY_LENGTH and key.isascii()):
        raise BadRequest(f"The Idempotency-Key takes 1 to {MAX_KEY_LENGTH} ASCII characters.")
    if key is not None and without_card_numbers(key) != key:
        raise BadRequest("Never send card numbers, nor as an Idempotency-Key.")
    return key


def required_idempotency_key(request: web.Request) -> str:
    """Return the Idempotency-Key. Raises BadRequest if there is none, or it cannot be stored."""
    if (key := idempotency_key(request)) is None:
        raise BadRequest("Send an Idempotency-Key header, so that a repeat does not act twice.")
    return key


def json_response(model: BaseModel | None, status: int = 200) -> web.Response:
    """Make a JSON response of a model, or one without a body."""
    if model is None:
        return web.Response(status=status)
    return web.Response(
        status=status, text=model.model_dump_json(), content_type="application/json"
    )

"""The door of the local Bot API: /bot<token>/<method>, answered as api.telegram.org would.

https://core.telegram.org/bots/api#making-requests: GET or POST; parameters in the query string, as
a form, as multipart or as JSON; objects inside a form are JSON text.
"""

import asyncio
import json
import re
from collections.abc import Callable
from typing import Any

from aiohttp import web

from sandbox.settings import SETTINGS
from sandbox.store import STORE, Json
from sandbox.telegram_chats import Chats
from sandbox.telegram_errors import Refused, not_modelled
from sandbox.telegram_faults import strikes
from sandbox.telegram_methods import METHODS
from sandbox.telegram_people import CHATS, PEOPLES_ROUTES

_WRITTEN_AS: dict[type, Callable[[str], Any]] = {
    str: str,
    int: int,
    bool: lambda word: word.lower() in {"true", "yes", "1"},
}


def add_telegram(app: web.Application) -> None:
    """Adds the Bot API, the people's doors and the chat page; needs app[STORE], app[SETTINGS]."""
    app[CHATS] = Chats(app[STORE], app[SETTINGS].telegram_bot_token)
    app.add_routes([web.route("*", "/bot{token:[^/]+}/{method}", call), *PEOPLES_ROUTES])
    app.on_shutdown.append(_let_everyone_go)


async def _let_everyone_go(app: web.Application) -> None:
    app[CHATS].bell.hang_up()


async def call(request: web.Request) -> web.StreamResponse:
    """One Bot API call, with the faults that are in force."""
    chats = request.app[CHATS]
    method = request.match_info["method"].lower()
    try:
        _check_token(chats, request.match_info["token"])
        if strikes(flood := chats.faults.too_many_requests, method):
            raise Refused(429, f"retry after {flood.retry_after}", retry_after=flood.retry_after)
        if strikes(trouble := chats.faults.server_error, method):
            raise Refused(trouble.code)
        answer = {"ok": True, "result": await _result(chats, method, await _parameters(request))}
    except Refused as refused:
        body: Json = {"ok": False, "error_code": refused.code, "description": refused.description}
        parameters = {"parameters": refused.parameters} if refused.parameters else {}
        return web.json_response(body | parameters, status=refused.code)
    if strikes(silence := chats.faults.timeout_after_delivery, method):
        deadline = asyncio.get_running_loop().time() + silence.seconds
        while await chats.bell.wait(deadline):
            pass  # whatever happens, no answer
        if request.transport is not None:
            request.transport.abort()
    return web.json_response(answer)


def _check_token(chats: Chats, token: str) -> None:
    if not re.fullmatch(r"\d+:[\w-]+", token, re.ASCII):
        raise Refused(404)
    if token != chats.bot_token:
        raise Refused(401)


async def _parameters(request: web.Request) -> Json:
    """Parameters as sent, named once; those in the body win over those in the query string."""
    if request.content_type != "application/json":
        return {**request.query, **await request.post()}
    try:
        body = json.loads(await request.text() or "{}")
        return {
            **request.query,
            **{name: value for name, value in body.items() if value is not None},
        }
    except (ValueError, AttributeError):
        raise Refused(400, "can't parse JSON object") from None


async def _result(chats: Chats, method: str, sent: Json) -> Any:
    if method not in METHODS:
        raise not_modelled(f"the method {method}")
    function, types = METHODS[method]
    if unknown := sent.keys() - types.keys():
        raise not_modelled(f"{', '.join(sorted(unknown))} of {method}")
    asked = {name: _typed(name, value, types[name]) for name, value in sent.items()}
    try:
        json.dumps(asked, ensure_ascii=False).encode()
    except UnicodeEncodeError:  # half a surrogate pair
        raise Refused(400, "strings must be encoded in UTF-8") from None
    return await function(chats, asked)


def _typed(name: str, value: Any, wanted: type) -> Any:
    """A parameter in the type that the method wants, from a form's text or from JSON."""
    try:
        if wanted in _WRITTEN_AS and isinstance(value, str | int | float):
            return _WRITTEN_AS[wanted](str(value))
        decoded = json.loads(value) if isinstance(value, str) else value
        if isinstance(decoded, wanted):
            return decoded
    except ValueError:
        pass
    raise Refused(400, f'field "{name}" must be of type {wanted.__name__}')

"""The local Bot API: /bot<token>/<method>, with the answers of api.telegram.org.

https://core.telegram.org/bots/api#making-requests: GET or POST; what parameters look like is in
`parameters.py`.
"""

import asyncio
import base64
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

from aiohttp import web

from sandbox.refusals import Refusal
from sandbox.routes import add_people_routes
from sandbox.settings import SETTINGS
from sandbox.store import STORE, Json
from sandbox.telegram.chats import CHATS, Chats
from sandbox.telegram.faults import TelegramFaults
from sandbox.telegram.memberships import Memberships
from sandbox.telegram.methods import method_named
from sandbox.telegram.parameters import read_parameters, refusing_as_telegram
from sandbox.telegram.people import PAGES, PEOPLE_ROUTES
from sandbox.telegram.starting import START_PAGES, START_ROUTES
from sandbox.telegram.webhook import webhook_poster


def add_telegram(app: web.Application) -> None:
    """Add the Bot API, the people's routes and the chat page; needs app[STORE], app[SETTINGS]."""
    memberships = Memberships(app[SETTINGS].database_url)
    app[CHATS] = Chats(app[STORE], app[SETTINGS].telegram_bot_token, memberships)
    app.on_cleanup.append(close_memberships)
    app.cleanup_ctx.append(webhook_poster)
    app.router.add_route("*", "/bot{token:[^/]+}/{method}", handle_call)
    app.router.add_get("/telegram/files/{id}", download)
    add_people_routes(app, CHATS, PEOPLE_ROUTES | START_ROUTES, PAGES | START_PAGES)


async def close_memberships(app: web.Application) -> None:
    """Close the connection over which the personas' roles are read."""
    app[CHATS].memberships.close()


async def handle_call(request: web.Request) -> web.StreamResponse:
    """Answer a Bot API call, with the faults in force."""
    chats, name = request.app[CHATS], request.match_info["method"]
    method = name.lower()
    try:
        if request.match_info["token"] != chats.bot_token:
            raise Refusal(401, "")
        refuse_on_purpose(chats.faults, method)
        answer = {"ok": True, "result": await call_method(request, chats, name)}
    except web.HTTPRequestEntityTooLarge:  # a file over the application's client_max_size
        return refused(Refusal(413, ""))
    except Refusal as refusal:
        return refused(refusal)
    garbled, timeout = chats.faults.garbled, chats.faults.timeout_after_delivery
    if garbled and garbled.hits(method):
        return web.Response(text=garbled.body, content_type="text/html")
    if timeout and timeout.hits(method):
        await asyncio.sleep(timeout.seconds)
        if request.transport is not None:
            request.transport.abort()
    return web.json_response(answer)


def refuse_on_purpose(faults: TelegramFaults, method: str) -> None:
    """Raise the Refusal of a fault in force for this call, before it is carried out."""
    if faults.too_many_requests and faults.too_many_requests.hits(method):
        seconds = faults.too_many_requests.retry_after
        raise Refusal(429, f"retry after {seconds}", retry_after=seconds)
    if faults.server_error and faults.server_error.hits(method):
        raise Refusal(faults.server_error.code, "")
    if faults.refused and faults.refused.hits(method):
        raise Refusal(faults.refused.code, "")


async def call_method(request: web.Request, chats: Chats, name: str) -> Any:
    """Carry out a method; return its result: Any, since each method has a type of its own."""
    call = method_named(name)
    parameters = await read_parameters(request)
    with refusing_as_telegram(name):
        return await call(chats, **parameters)


async def download(request: web.Request) -> web.Response:
    """Answer a document that the bot sent, to be saved: GET /telegram/files/{id}."""
    file = request.app[STORE].get("telegram_file", request.match_info["id"])
    if file is None:
        raise web.HTTPNotFound
    saved = f"attachment; filename*=UTF-8''{quote(file['name'], safe='')}"
    headers = {"Content-Disposition": saved, "X-Content-Type-Options": "nosniff"}
    return web.Response(body=base64.b64decode(file["content"]), headers=headers)


def refused(refusal: Refusal) -> web.Response:
    """Return `{"ok": false, ...}` with the descriptions of Telegram's own server, which bots parse.

    The status line says it as well: telegraf shows nothing else of a 5xx.
    https://github.com/tdlib/telegram-bot-api
    """
    phrase = HTTPStatus(refusal.status).phrase
    description = f"{phrase}: {refusal.message}".removesuffix(": ")
    body: Json = {"ok": False, "error_code": refusal.status, "description": description}
    if refusal.fields:
        body["parameters"] = refusal.fields
    reason = description.encode("ascii", "replace").decode().partition("\n")[0]
    return web.json_response(body, status=refusal.status, reason=reason)

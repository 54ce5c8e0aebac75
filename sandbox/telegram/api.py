"""The door of the local Bot API: /bot<token>/<method>, answered as api.telegram.org would.

https://core.telegram.org/bots/api#making-requests: GET or POST; parameters in the query string or
as a form; objects inside a form are JSON text. A body that is JSON itself is not modelled.
"""

import asyncio
import base64
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

from aiohttp import web

from sandbox.refusals import Refusal, not_modelled, refusing_invalid
from sandbox.routes import add_people_routes
from sandbox.settings import SETTINGS
from sandbox.store import STORE, Json
from sandbox.telegram.chats import CHATS, Chats
from sandbox.telegram.methods import METHODS
from sandbox.telegram.people import PAGES, PEOPLE_ROUTES
from sandbox.telegram.webhook import postman


def add_telegram(app: web.Application) -> None:
    """Adds the Bot API, the people's doors and the chat page; needs app[STORE], app[SETTINGS]."""
    app[CHATS] = Chats(app[STORE], app[SETTINGS].telegram_bot_token)
    app.cleanup_ctx.append(postman)
    app.router.add_route("*", "/bot{token:[^/]+}/{method}", call)
    app.router.add_get("/telegram/files/{id}", download)
    add_people_routes(app, CHATS, PEOPLE_ROUTES, PAGES)


async def call(request: web.Request) -> web.StreamResponse:
    """One Bot API call, with the faults that are in force."""
    chats, method = request.app[CHATS], request.match_info["method"].lower()
    try:
        if request.match_info["token"] != chats.bot_token:
            raise Refusal(401, "")
        if (flood := chats.faults.too_many_requests) and flood.strikes(method):
            raise Refusal(429, f"retry after {flood.retry_after}", retry_after=flood.retry_after)
        if (trouble := chats.faults.server_error) and trouble.strikes(method):
            raise Refusal(trouble.code, "")
        if (denial := chats.faults.refused) and denial.strikes(method):
            raise Refusal(denial.code, "")
        answer = {"ok": True, "result": await result(request, chats, method)}
    except web.HTTPRequestEntityTooLarge:  # a file over the application's client_max_size
        return refused(Refusal(413, ""))
    except Refusal as refusal:
        return refused(refusal)
    if (garble := chats.faults.garbled) and garble.strikes(method):
        return web.Response(text=garble.body, content_type="text/html")
    if (silence := chats.faults.timeout_after_delivery) and silence.strikes(method):
        await asyncio.sleep(silence.seconds)
        if request.transport is not None:
            request.transport.abort()
    return web.json_response(answer)


async def result(request: web.Request, chats: Chats, method: str) -> Any:
    """What the method answers; parameters in the body win over those in the query string."""
    if method not in METHODS:
        raise not_modelled(f"the method {method}")
    if request.content_type == "application/json":
        raise not_modelled("parameters as JSON")
    sent = {**request.query, **await request.post()}
    with refusing_invalid():
        return await METHODS[method](chats, **sent)


async def download(request: web.Request) -> web.Response:
    """GET /telegram/files/{file_id}: what the bot sent as a document, to be saved, never shown."""
    file = request.app[STORE].get("telegram_file", request.match_info["id"])
    if file is None:
        raise web.HTTPNotFound
    saved = f"attachment; filename*=UTF-8''{quote(file['name'], safe='')}"
    headers = {"Content-Disposition": saved, "X-Content-Type-Options": "nosniff"}
    return web.Response(body=base64.b64decode(file["content"]), headers=headers)


def refused(refusal: Refusal) -> web.Response:
    """`{"ok": false, ...}` in the words of Telegram's own server, by which bots tell errors apart.

    See github.com/tdlib/telegram-bot-api.
    """
    phrase = HTTPStatus(refusal.status).phrase
    description = f"{phrase}: {refusal.message}".removesuffix(": ")
    body: Json = {"ok": False, "error_code": refusal.status, "description": description}
    if refusal.fields:
        body["parameters"] = refusal.fields
    return web.json_response(body, status=refusal.status)

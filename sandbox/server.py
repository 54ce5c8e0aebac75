"""The sandbox's one server: local Stripe, local Telegram, their pages, and the record of calls."""

import json
import re
import time
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from typing import Any

from aiohttp import web

from sandbox.routes import Handler, people_handler
from sandbox.settings import SETTINGS, SandboxSettings
from sandbox.store import STORE, Json, Store
from sandbox.stripe.api import add_stripe
from sandbox.telegram.api import add_telegram

# A call of a real SDK. A bot's token is its id and a secret; only the id is recorded.
BOT_CALL = re.compile(r"/bot(?P<id>\d*)[^/]*/(?P<method>\w+)")
CALLS_KEPT = 1000
LARGEST_BODY = 50 * 2**20  # bytes: Telegram takes no larger file from a bot
LONGEST_TEXT = 20_000  # characters kept of one body or answer
RECORDED = web.AppKey("recorded", deque[Json])


def create_sandbox(store: Store, settings: SandboxSettings) -> web.Application:
    """Everything the stand-ins serve, as one application that listens nowhere yet."""
    app = web.Application(middlewares=[record], client_max_size=LARGEST_BODY)
    app[STORE] = store
    app[SETTINGS] = settings
    app[RECORDED] = deque(maxlen=CALLS_KEPT)
    app.router.add_get("/recorded", people_handler(RECORDED, recorded))
    app.on_response_prepare.append(say_what_this_is)
    add_stripe(app)
    add_telegram(app)
    return app


@asynccontextmanager
async def running_sandbox(settings: SandboxSettings, port: int) -> AsyncIterator[None]:
    """The sandbox on 127.0.0.1 (never anywhere else) with its memory in the data folder."""
    with closing(Store(settings.data_dir / "sandbox.sqlite3")) as store:
        app = create_sandbox(store, settings)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.5)
        await runner.setup()
        try:
            await web.TCPSite(runner, "127.0.0.1", port).start()
            yield
        finally:
            await runner.cleanup()


async def say_what_this_is(_: web.Request, response: web.StreamResponse) -> None:
    """A header on every answer, whoever gives it."""
    response.headers["X-Sandbox"] = "SANDBOX: nothing here is real money"


async def recorded(kept: deque[Json], after: int = 0, limit: int = CALLS_KEPT) -> Json:
    """GET /recorded: calls as received, oldest first.

    `after` is the `seq` of the last call already seen, also the `after` of the last answer. The
    newest 1000 calls are remembered, until the sandbox stops.
    """
    calls = [call for call in kept if call["seq"] > after][:limit]
    return {"calls": calls, "after": calls[-1]["seq"] if calls else after}


@web.middleware
async def record(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Remember a Bot API or Stripe call as received, and what it was answered."""
    bot_call = BOT_CALL.fullmatch(request.path)
    if bot_call is None and not request.path.startswith(("/v1/", "/v2/")):
        return await handler(request)
    call: Json = {
        "at": time.time(),
        "method": request.method,
        "path": f"/bot{bot_call['id']}/{bot_call['method']}" if bot_call else request.path,
        "query": request.rel_url.raw_query_string,
        "headers": {k: v for k, v in request.headers.items() if k != "Authorization"},
        # Reading a multipart body here would leave nothing for the handler.
        "body": None if request.content_type.startswith("multipart/") else await request.text(),
        "status": None,  # None: the caller got no answer
        "answer": None,
    }
    try:
        response = await handler(request)
        if request.transport is not None and not request.transport.is_closing():
            call |= {"status": response.status, "answer": _said(response)}
        return response
    finally:
        call["seconds"] = round(time.time() - call["at"], 3)
        _keep(request.app[RECORDED], call)


def _keep(calls: deque[Json], call: Json) -> None:
    """Long polls that brought nothing are no news."""
    waited_in_vain = call["answer"] == {"ok": True, "result": []} or call["status"] is None
    if call["path"].endswith("/getUpdates") and waited_in_vain:
        return
    call["body"] = call["body"] and call["body"][:LONGEST_TEXT]
    calls.append({"seq": calls[-1]["seq"] + 1 if calls else 1, **call})


def _said(response: web.StreamResponse) -> Any:
    text = (response.text or "") if isinstance(response, web.Response) else ""
    try:
        return json.loads(text) if len(text) <= LONGEST_TEXT else text[:LONGEST_TEXT]
    except ValueError:
        return text

"""The record of API calls and their answers, without secrets: GET /recorded, and its page."""

import json
import re
import time
from collections import deque
from typing import Any

from aiohttp import web

from sandbox.masking import mask
from sandbox.routes import Handler
from sandbox.store import Json

# A call of a real SDK. A bot's token is its id and a secret; only the id is recorded.
BOT_CALL = re.compile(r"/bot(?P<id>\d*)[^/]*/(?P<method>\w+)")
CREDENTIALS = {"Authorization", "Cookie"}
MAX_CALLS = 1000
MAX_TEXT = 20_000  # characters kept of one body or answer
# By path: the file of `pages/`; `records.js` and `records.css` are those of the events, too.
PAGES = {"/calls": "calls.html", "/calls.js": "calls.js"}
RECORDED = web.AppKey("recorded", deque[Json])


def new_record() -> deque[Json]:
    """Make an empty record; it forgets the oldest calls."""
    return deque(maxlen=MAX_CALLS)


async def list_recorded_calls(
    recorded: deque[Json], after: int = 0, limit: int = MAX_CALLS
) -> Json:
    """Return `{"calls", "after"}`: calls as received, oldest first.

    `after` is the `seq` of the last call that was read, which each answer has as `after`. The
    newest 1000 calls are remembered until the sandbox stops.
    """
    calls = [call for call in recorded if call["seq"] > after][:limit]
    return {"calls": calls, "after": calls[-1]["seq"] if calls else after}


@web.middleware
async def record(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Record a Bot API or Stripe call as received, with its answer."""
    bot_call = BOT_CALL.fullmatch(request.path)
    if bot_call is None and not request.path.startswith(("/v1/", "/v2/")):
        return await handler(request)
    is_text = not request.content_type.startswith("multipart/")
    call: Json = {
        "at": time.time(),
        "method": request.method,
        "path": f"/bot{bot_call['id']}/{bot_call['method']}" if bot_call else request.path,
        "query": mask(request.rel_url.raw_query_string),
        "headers": {
            name: mask(value) for name, value in request.headers.items() if name not in CREDENTIALS
        },
        # Reading a multipart body here would leave nothing for the handler.
        "body": mask(await request.text()) if is_text else None,
        "status": None,  # None: the caller got no answer
        "answer": None,
    }
    try:
        response = await handler(request)
        if request.transport is not None and not request.transport.is_closing():
            call |= {"status": response.status, "answer": _answer_body(response)}
        return response
    finally:
        call["seconds"] = round(time.time() - call["at"], 3)
        _append_call(request.app[RECORDED], call)


def _append_call(calls: deque[Json], call: Json) -> None:
    """Keep a call under the next `seq`, unless it is a long poll that brought nothing."""
    brought_nothing = call["answer"] == {"ok": True, "result": []} or call["status"] is None
    if call["path"].endswith("/getUpdates") and brought_nothing:
        return
    call["body"] = call["body"] and call["body"][:MAX_TEXT]
    calls.append({"seq": calls[-1]["seq"] + 1 if calls else 1, **call})


def _answer_body(response: web.StreamResponse) -> Any:
    text = mask(response.text or "") if isinstance(response, web.Response) else ""
    try:
        return json.loads(text) if len(text) <= MAX_TEXT else text[:MAX_TEXT]
    except ValueError:
        return text

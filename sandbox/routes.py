"""The people's routes: handlers made of functions, and the static pages.

Calls of Stripe's API and of the Bot API are parsed elsewhere: `stripe/api.py`, `telegram/api.py`.
"""

from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path
from typing import Any

from aiohttp import web
from pydantic import TypeAdapter

from sandbox.refusals import Refusal, refusing_invalid, validated
from sandbox.store import Json

PAGES = Path(__file__).parent / "pages"
PAGE_HEADERS = {
    "Cache-Control": "no-cache",
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self';"
    " connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none';"
    " frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
JSON_OBJECT = TypeAdapter(Json)

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
# By method and path: the function that handles it. Its first argument is the stand-in.
Routes = dict[tuple[str, str], Callable[..., Awaitable[Json]]]


def people_handler(stand_in: web.AppKey[Any], function: Callable[..., Awaitable[Json]]) -> Handler:
    """Make a handler that calls `function(app[stand_in], **arguments)` and answers its JSON.

    The arguments are the query, the fields of the JSON body and the names in the path, by the
    function's signature. A body must be declared as JSON, else 415: a page of another site can not
    send that here and act as a person.
    """
    call = validated(function)

    async def handle(request: web.Request) -> web.StreamResponse:
        try:
            if request.can_read_body and request.content_type != "application/json":
                raise Refusal(415, "send application/json")
            with refusing_invalid():
                body = JSON_OBJECT.validate_json(await request.read() or b"{}")
                arguments = {**request.query, **body, **request.match_info}
                return web.json_response(await call(request.app[stand_in], **arguments))
        except Refusal as refusal:
            return refusal.response()

    return handle


async def send_page(name: str, _: web.Request) -> web.StreamResponse:
    """Answer a file of `pages/`."""
    return web.FileResponse(PAGES / name, headers=PAGE_HEADERS)


def add_people_routes(
    app: web.Application, stand_in: web.AppKey[Any], routes: Routes, pages: dict[str, str]
) -> None:
    """Add the people's routes of a stand-in, and the files of `pages/` by path."""
    for (method, path), function in routes.items():
        app.router.add_route(method, path, people_handler(stand_in, function))
    for path, name in pages.items():
        app.router.add_get(path, partial(send_page, name))

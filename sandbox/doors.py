"""What all doors of the sandbox share: how they refuse, how they read, and the pages' files.

Whoever calls, a person or an SDK: what is asked is read by pydantic, by the signature of the
function that answers it. What is missing or wrong there is a 400, what it does not name a 501.
"""

from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from functools import cache, partial
from pathlib import Path
from typing import Any, TypeVar

from aiohttp import web
from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError, validate_call

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
# Names and choices that are not ours: the real service may know them.
UNKNOWN_HERE = {"extra_forbidden", "unexpected_keyword_argument", "literal_error", "too_long"}
BODY = TypeAdapter(Json)
Function = TypeVar("Function", bound=Callable[..., Any])
# A function's signature becomes the shape of what may be asked of it.
# The shape is made once for each function, not for each sandbox of a process: it takes a while.
READ: Callable[[Function], Function] = cache(
    validate_call(config=ConfigDict(arbitrary_types_allowed=True))
)
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
Doors = dict[tuple[str, str], Callable[..., Awaitable[Json]]]


class Refusal(Exception):
    """An answer that is not what was asked for: HTTP's status, a sentence, the service's `facts`.

    Facts of Stripe's are `code` and `type` (docs.stripe.com/api/errors); Telegram's are the Bot
    API's ResponseParameters. What no caller may see never enters one.
    """

    def __init__(self, status: int, message: str, **facts: Any) -> None:
        super().__init__(message)
        self.status, self.message, self.facts = status, message, facts

    def response(self) -> web.Response:
        """`{"error": {"type", "message", ...}}`, as Stripe and the people's doors write it."""
        kind = "api_error" if self.status >= 500 else "invalid_request_error"
        error = {"type": kind, "message": self.message, **self.facts}
        return web.json_response({"error": error}, status=self.status)


def not_modelled(what: str) -> Refusal:
    """501, said out loud, so that nobody takes silence for success."""
    return Refusal(501, f"the sandbox does not model {what}")


class Shape(BaseModel):
    """A body, or a part of one; unknown fields are mistakes."""

    model_config = ConfigDict(extra="forbid")


class Faults(Shape):
    """What goes wrong on purpose. Each fault that a request names is set anew, the others stay.

    `{}` ends all.
    """

    def change(self, wanted: Json) -> None:
        """Put in force what is wanted."""
        asked = type(self).model_validate(wanted)
        for name in wanted or type(self).model_fields:
            setattr(self, name, getattr(asked, name))


@contextmanager
def read_strictly() -> Iterator[None]:
    """Around a call of what `validate_call` made: 400 for a mistake, 501 for an unknown name."""
    try:
        yield
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        name, *inner = first["loc"] or ("body",)
        where = str(name) + "".join(f"[{part}]" for part in inner)  # line_items[0][quantity]
        if first["type"] in UNKNOWN_HERE:
            raise not_modelled(where) from None
        raise Refusal(400, f"{where}: {first['msg']}") from None


def peoples_door(subject: web.AppKey[Any], act: Callable[..., Awaitable[Json]]) -> Handler:
    """The handler of a door that people use: calls `act(app[subject], **what_was_asked)`.

    That is a JSON body, a query and the names in the path. JSON must say that it is JSON: no other
    site's page can send that here and play a person.
    """
    read = READ(act)

    async def handle(request: web.Request) -> web.StreamResponse:
        try:
            if request.can_read_body and request.content_type != "application/json":
                raise Refusal(415, "send application/json")
            with read_strictly():
                body = BODY.validate_json(await request.read() or b"{}")
                asked = {**request.query, **body, **request.match_info}
                return web.json_response(await read(request.app[subject], **asked))
        except Refusal as refusal:
            return refusal.response()

    return handle


async def page(name: str, _: web.Request) -> web.StreamResponse:
    """One file of `pages/`, the same for everyone."""
    return web.FileResponse(PAGES / name, headers=PAGE_HEADERS)


def open_to_people(
    app: web.Application, subject: web.AppKey[Any], doors: Doors, pages: dict[str, str]
) -> None:
    """All that people have of one stand-in: what they ask and press, and the pages to do so."""
    for (method, path), act in doors.items():
        app.router.add_route(method, path, peoples_door(subject, act))
    for path, name in pages.items():
        app.router.add_get(path, partial(page, name))


async def see_faults(subject: Any) -> Json:
    """Those of a stand-in that are in force, and what is left of the counted ones."""
    return dict(subject.faults.model_dump())


async def set_faults(subject: Any, **wanted: Any) -> Json:
    """Set those that the body names, or end all; answers those in force."""
    subject.faults.change(wanted)
    return await see_faults(subject)

"""The backend's documented routes as an aiohttp application, over any answering functions."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import jwt
from aiohttp import web
from pydantic import BaseModel, ValidationError

from backend import schemas
from tests.bot.documented_routes import ROUTES, DocumentedRoute
from tests.bot.fake_backend.examples import SECRET

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Refused(Exception):
    """A refusal of a route, with one of the codes that the document has for it."""

    def __init__(self, code: str, **facts: str) -> None:
        """Take the code, and the facts of the refusal."""
        super().__init__(code)
        self.code, self.facts = code, facts


@dataclass(frozen=True)
class Call:
    """A request as an answering function takes it.

    `user` is the acting person, `body` is parsed by its model, `query` is what follows `?`, `key`
    the idempotency key, `path` the names in the path.
    """

    user: int
    body: Any
    query: dict[str, str]
    key: str
    path: dict[str, str]

    def id(self, name: str = "id") -> UUID:
        """Return an id in the path."""
        return UUID(self.path[name])

    @property
    def chat_id(self) -> int:
        """The group in the path."""
        return int(self.path["chat_id"])


Answer = Callable[[Call], BaseModel | None]


@dataclass
class Server:
    """Serves documented routes, with refusals and lost connections where a test sets them."""

    calls: list[str] = field(default_factory=list)  # for people: "PUT /api/me", in their order
    unanswered: list[str] = field(default_factory=list)  # calls that `answers` has no function for
    _refusals: dict[str, Refused] = field(default_factory=dict)
    _lost: dict[str, int] = field(default_factory=dict)

    def refuse(self, route: str, code: str, **facts: str) -> None:
        """Make the route ("PUT /api/me") refuse from now on, with a code that it documents."""
        [documented] = [each for each in ROUTES if each.name == route]
        assert code in documented.statuses, f"{route} never answers {code}"
        self._refusals[route] = Refused(code, **facts)

    def refuse_no_more(self) -> None:
        """Let every route answer again."""
        self._refusals.clear()

    def lose_connections(self, route: str, times: int) -> None:
        """Drop the next `times` requests to the route without an answer."""
        self._lost[route] = times

    def answers(self) -> dict[str, Answer]:
        """Return the function that answers each documented route, by the route's name."""
        raise NotImplementedError

    def internal_routes(self) -> list[web.RouteDef]:
        """Return the routes of the bot itself, which are in no document."""
        raise NotImplementedError

    def app(self) -> web.Application:
        """Return the application."""
        app = web.Application(middlewares=[self._trouble])
        answers = self.answers()
        for route in ROUTES:
            if answer := answers.pop(route.name, None):
                app.router.add_route(route.method, route.path, self._handler(route, answer))
            else:
                app.router.add_route(route.method, route.path, self._unanswered)
        assert not answers, f"no routes of the backend: {[*answers]}"
        app.add_routes(self.internal_routes())
        return app

    @web.middleware
    async def _trouble(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Note the call; drop the connection where the test wants that."""
        resource = request.match_info.route.resource
        name = f"{request.method} {resource.canonical if resource else request.path}"
        if "/internal/" not in name:  # of the bot itself, which never stops calling
            self.calls.append(name)
        if self._lost.get(name, 0) > 0:
            self._lost[name] -= 1
            if request.transport is not None:
                request.transport.abort()
            return web.Response()
        return await handler(request)

    async def _unanswered(self, request: web.Request) -> web.Response:
        """Record a call of a documented route that `answers` lacks; the test fails at its end."""
        self.unanswered.append(f"{request.method} {request.path}")
        return web.Response(status=501)

    def _handler(self, route: DocumentedRoute, answer: Answer) -> Handler:
        """Parse by the document, answer, and validate the answer by it."""

        async def handle(request: web.Request) -> web.StreamResponse:
            try:
                if route.name in self._refusals:
                    raise self._refusals[route.name]
                answered = answer(await parse(route, request))
            except Refused as refused:
                status = route.statuses[refused.code]
                return refusal_response(status, refused.code, refused.facts)
            if route.answer_model is None:
                assert answered is None, route.name
                return web.Response(status=route.status)
            assert type(answered) is route.answer_model, route.name
            text = answered.model_dump_json()
            route.answer_model.model_validate_json(text)
            return web.Response(status=route.status, text=text, content_type="application/json")

        return handle


async def parse(route: DocumentedRoute, request: web.Request) -> Call:
    """Parse a request as the backend does. Raises Refused; AssertionError for a bot's bug."""
    key = request.headers.get("Idempotency-Key", "")
    assert key or not route.requires_key, f"{route.name} without its key"
    assert route.takes_key or not key, f"{route.name} takes no key"
    assert set(request.query) <= set(route.query), f"{route.name}: {request.query}"
    required = {name for name, is_required in route.query.items() if is_required}
    assert required <= set(request.query), f"{route.name}: {request.query}"
    body = None
    if route.request_model:
        try:
            body = route.request_model.model_validate_json(await request.read())
        except ValidationError as error:
            raise Refused("invalid_request") from error
    query = {name: ",".join(request.query.getall(name)) for name in request.query}
    return Call(acting_user(request), body, query, key, dict(request.match_info))


def acting_user(request: web.Request) -> int:
    """Return the Telegram id in a request's token."""
    return int(token_claims(request, schemas.ACTOR_AUDIENCE)["sub"])


def require_bot(request: web.Request) -> None:
    """Assert that a request has the bot's own token."""
    assert token_claims(request, schemas.SERVICE_AUDIENCE)["sub"] == "bot"


def token_claims(request: web.Request, audience: str) -> dict[str, Any]:
    """Return the claims of a request's token, which must be valid for this audience."""
    token = request.headers["Authorization"].removeprefix("Bearer ")
    claims = jwt.decode(
        token, SECRET, algorithms=["HS256"], audience=audience, issuer=schemas.BOT_ISSUER
    )
    assert claims["exp"] - claims["iat"] <= schemas.TOKEN_LIFETIME_SECONDS
    return claims


def refusal_response(status: int, code: str, facts: dict[str, str]) -> web.Response:
    """Return an error answer in the backend's form."""
    error = schemas.ErrorFacts(code=code, message=code, request_id="r1", facts=facts)
    body = schemas.ErrorAnswer(error=error).model_dump_json()
    return web.Response(status=status, text=body, content_type="application/json")

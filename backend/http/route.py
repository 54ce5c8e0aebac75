"""The type of a route, and the functions that make one for people and one for the bot.

From the tables in `backend/http/routes/` come aiohttp's routes, `/openapi.json` and `/docs`. A
service function is called by a lambda over a `Call`, so that mypy compares what the function takes
with what the request has, and an editor follows the way from a path to the function.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Generic, Literal, TypeVar
from uuid import UUID

from aiohttp import web
from aiohttp.typedefs import Handler
from pydantic import BaseModel

from backend import errors, failures
from backend.database.protocol import Database, Person
from backend.errors import PursebotError
from backend.http import requests
from backend.http.authentication import acting_user, require_bot
from backend.http.rate_limits import change_limit, rate_limit
from backend.schemas import Role
from backend.services import Services

Body = TypeVar("Body", bound=BaseModel)
Answer = TypeVar("Answer", bound=BaseModel | None)
Errors = tuple[type[PursebotError], ...]
Key = Literal["optional", "required"]

STRIPE: Errors = (
    failures.StripeRefused,
    failures.StripeConflict,
    failures.StripeFailed,
    failures.StripeUnavailable,
)
ORDER: Errors = (
    errors.IdempotencyKeyReused,
    errors.PaymentClosed,
    *errors.tree(errors.AmountRefused),
    failures.AmountTooSmallConverted,
    *STRIPE,
)
REFUND: Errors = (
    errors.IdempotencyKeyReused,
    errors.NothingToRefund,
    errors.RefundTooLarge,
    errors.AmountUnreadable,
    errors.AmountAmbiguous,
    errors.AmountTooSmall,
    errors.AmountTooPrecise,
    *STRIPE,
)


@dataclass(frozen=True)
class Call(Generic[Body]):
    """One request, as the lambdas of routes see it; `body` is the parsed body or query."""

    request: web.Request
    body: Body

    @property
    def services(self) -> Services:
        """The container of adapters."""
        return self.request.app[requests.SERVICES]

    @property
    def database(self) -> Database:
        """The database."""
        return self.services.database

    @property
    def actor(self) -> Person:
        """The person who is signed in; raises Unauthorized."""
        return acting_user(self.request)

    @property
    def idempotency_key(self) -> str | None:
        """The Idempotency-Key, if the caller sent one; raises BadRequest."""
        return requests.idempotency_key(self.request)

    @property
    def required_idempotency_key(self) -> str:
        """The Idempotency-Key; raises BadRequest where there is none."""
        return requests.required_idempotency_key(self.request)

    def id(self, name: str = "id") -> UUID:
        """Return an id in the path. Raises BadRequest if it is no UUID."""
        return requests.path_id(self.request, name)

    def number(self, name: str = "id") -> int:
        """Return an integer in the path (a group's id is negative). Raises BadRequest."""
        return requests.path_number(self.request, name)


@dataclass(frozen=True)
class Route:
    """A route, as `route` makes it: what aiohttp and the OpenAPI document need."""

    method: str
    path: str
    handler: Handler
    summary: str
    request_model: type[BaseModel] | None
    response_model: type[Any] | None  # a model; mypy cannot say that it is no NoneType
    status: int
    role: Role | None
    key: Key | None
    raises: Errors
    rate_limited: bool
    media_type: str | None

    @property
    def for_aiohttp(self) -> web.RouteDef:
        """The route definition for aiohttp."""
        return web.route(self.method, self.path, self.handler)


@dataclass(frozen=True)
class OtherForm(Generic[Answer]):
    """A file of `media_type` that the answer is also available as.

    `response` makes the response, in the form that the request asks for.
    """

    media_type: str
    response: Callable[[Any, Answer], web.Response]


def route(
    method: str,
    path: str,
    service: Callable[[Call[Body]], Awaitable[Answer]],
    summary: str,
    *,
    request_model: type[Body] | None = None,
    response_model: type[Answer] | None = None,
    status: int = 200,
    role: Role | None = None,
    key: Key | None = None,
    raises: Errors = (),
    rate_limited: bool = False,
    other_form: OtherForm[Answer] | None = None,
) -> Route:
    """Make a route for people and for engineers' programs.

    `request_model` is the JSON body or, of a GET, the query; `response_model` the answer. `role` is
    the lowest that a member of the organization needs, None where no organization is involved.
    `key`: whether an Idempotency-Key is used. `raises` are errors that do not follow from the other
    arguments (see `openapi.errors_of`). `rate_limited`: for what costs money or a call to Stripe;
    every other route that is no GET has the limit of changes.
    """

    async def answer_request(request: web.Request) -> web.StreamResponse:
        acting_user(request)  # 401 comes before any error of the body
        answer = await service(await _call(request, request_model))
        if other_form:
            return other_form.response(request, answer)
        return requests.json_response(answer, status)

    is_change = method != "GET"
    handler: Handler = answer_request
    if rate_limited:
        handler = rate_limit(handler, keyed=key is not None)
    elif is_change:
        handler = change_limit(handler, keyed=key is not None)
    return Route(
        method, path, handler, summary, request_model, response_model, status, role, key, raises,
        rate_limited or is_change, other_form.media_type if other_form else None,
    )  # fmt: skip


def bot_route(
    method: str,
    path: str,
    service: Callable[[Call[Body]], Awaitable[BaseModel | None]],
    *,
    request_model: type[Body] | None = None,
    status: int = 200,
) -> web.RouteDef:
    """Make a route for the bot's service token; it is in no document."""

    async def handler(request: web.Request) -> web.StreamResponse:
        require_bot(request)
        return requests.json_response(await service(await _call(request, request_model)), status)

    return web.route(method, path, handler)


async def _call(request: web.Request, request_model: type[Body] | None) -> Call[Body]:
    # A lambda of a route without `request_model` does not use `call.body`, so None is never seen.
    body: Any = await requests.parse_request(request, request_model) if request_model else None
    return Call(request, body)

"""Every method of the client against the backend's OpenAPI document.

A method is called over real HTTP. The route that its request names must be in the document, with
the models that the method takes and returns. The routes of the bot itself (`/internal`) are not in
the document: `tests/backend` calls them.
"""

import inspect
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from types import NoneType
from typing import Any, get_type_hints
from uuid import UUID

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from pydantic import BaseModel, SecretStr

from backend import schemas
from bot.backend_api.client import BackendClient
from bot.backend_api.errors import BackendRefusal
from bot.backend_api.transport import BackendTransport, new_session
from tests.bot.documented_routes import route_of

Json = dict[str, Any]
EXAMPLES: dict[Any, Any] = {int: -1001, UUID: UUID(int=1), str: "a-text", schemas.Role: "member"}
OF_A_USER = [
    name
    for name, method in inspect.getmembers(BackendClient, inspect.iscoroutinefunction)
    if not hasattr(BackendTransport, name) and "user" in inspect.signature(method).parameters
]


@dataclass
class Request:
    """What arrived: the route, and the names of what it carried."""

    method: str
    path: str
    query: set[str]
    body: set[str]
    has_key: bool


@pytest.fixture
def requests() -> list[Request]:
    return []


@pytest.fixture
async def recorded(requests: list[Request]) -> AsyncIterator[BackendClient]:
    """A client of a server that keeps each request and refuses it."""

    async def refuse(request: web.Request) -> web.Response:
        body: Json = json.loads(await request.text() or "{}")
        has_key = "Idempotency-Key" in request.headers
        requests.append(Request(request.method, request.path, {*request.query}, {*body}, has_key))
        error = schemas.ErrorFacts(code="recorded", message="", request_id="")
        return web.Response(status=418, text=schemas.ErrorAnswer(error=error).model_dump_json())

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", refuse)
    async with TestServer(app) as server, new_session() as session:
        yield BackendClient(session, str(server.make_url("")).rstrip("/"), SecretStr("x" * 32))


def example(kind: Any) -> Any:
    """An argument of this type; a model has no fields, which the recording server takes."""
    if inspect.isclass(kind) and issubclass(kind, BaseModel):
        return kind.model_construct()
    return EXAMPLES[kind]


@pytest.mark.parametrize("name", OF_A_USER)
async def test_a_method_calls_a_route_that_the_backend_documents_with_its_models(
    name: str, recorded: BackendClient, requests: list[Request]
) -> None:
    method = getattr(recorded, name)
    hints = get_type_hints(method)
    answer = hints.pop("return")
    with pytest.raises(BackendRefusal):
        await method(**{parameter: example(kind) for parameter, kind in hints.items()})
    [request] = requests
    route = route_of(request.method, request.path)

    assert answer is (route.answer_model or NoneType)
    classes = [kind for kind in hints.values() if inspect.isclass(kind)]
    models = [kind for kind in classes if issubclass(kind, BaseModel)]
    if route.request_model and models:
        assert models == [route.request_model]
    elif route.request_model:  # the client builds it from its arguments
        fields = route.request_model.model_fields.items()
        assert request.body == {name for name, field in fields if field.is_required()}

    if route.query and models:
        assert set(models[0].model_fields) == set(route.query)
    else:
        assert request.query == {name for name, required in route.query.items() if required}
    assert request.has_key or not route.requires_key
    assert route.takes_key or not request.has_key

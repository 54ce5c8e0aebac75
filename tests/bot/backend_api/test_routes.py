"""Every method of the client against the backend's OpenAPI document.

A method is called over real HTTP. The route that its request names must be in the document, with
the models that the method takes and returns. The routes of the bot itself (`/internal`) are not in
the document: `tests/backend` calls them.
"""

import inspect
import json
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
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

Json = dict[str, Any]
DOCUMENT: Json = json.loads(
    (Path(__file__).parents[2] / "snapshots" / "openapi.json").read_text(encoding="utf-8")
)
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


def operation(request: Request) -> Json:
    """What the document says of a request's route; of two that fit, the more literal path."""
    fitting = [
        (path.count("{"), operations)
        for path, operations in DOCUMENT["paths"].items()
        if re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", path), request.path)
    ]
    assert fitting, f"{request.path} is no route of the backend"
    found: Json = min(fitting, key=lambda each: each[0])[1][request.method.lower()]
    return found


def model_name(content: Json | None) -> str | None:
    """The model of a body or an answer, by the name it has in the document."""
    if content is None:
        return None
    reference: str = content["content"]["application/json"]["schema"]["$ref"]
    return reference.rpartition("/")[2]


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
    documented = operation(request)

    success = next(said for status, said in documented["responses"].items() if status[0] == "2")
    expected = model_name(success) if "content" in success else None
    assert answer.__name__ == (expected or "NoneType")

    classes = [kind for kind in hints.values() if inspect.isclass(kind)]
    models = [kind for kind in classes if issubclass(kind, BaseModel)]
    body_model = model_name(documented.get("requestBody"))
    if body_model and models:
        assert [model.__name__ for model in models] == [body_model]
    elif body_model:  # the client builds it from its arguments
        shape = DOCUMENT["components"]["schemas"][body_model]
        assert request.body == set(shape["required"])

    documented_query = {
        each["name"]: each["required"] for each in documented["parameters"] if each["in"] == "query"
    }
    if documented_query and models:
        assert set(models[0].model_fields) == set(documented_query)
    else:
        assert request.query == {one for one, required in documented_query.items() if required}

    keys = [each for each in documented["parameters"] if each["name"] == "Idempotency-Key"]
    is_needed = any(each["required"] for each in keys)
    assert request.has_key or not is_needed
    assert keys or not request.has_key

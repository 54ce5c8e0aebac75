"""The table of doors as an OpenAPI 3.1 document, its shapes from the models that the doors use."""

import re
from functools import cache
from http import HTTPStatus
from typing import Any

from aiohttp import web
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from backend import errors, failures
from backend.http import errors as http_errors
from backend.http.handlers import needs_key, sentence_about
from backend.http.requests import NO_BODY
from backend.http.route_table import DOORS, Door, Errors
from backend.schemas import ErrorAnswer, Json

WHO = {
    None: "For whoever is signed in.",
    "member": "For everybody in the organization.",
    "admin": "For admins and owners of the organization.",
    "owner": "For owners of the organization.",
}
REF = "#/components/schemas/"
IN_PATH = re.compile(r"{(\w+)(?::((?:[^{}]|{[^{}]*})*))?}")  # {name} or {name:pattern}


async def answer(_request: web.Request) -> web.Response:
    """GET /openapi.json."""
    return web.json_response(document())


@cache
def document() -> Json:
    """The whole of it: https://spec.openapis.org/oas/v3.1.0."""
    models: list[type[BaseModel]] = [
        ErrorAnswer,
        *(m for door in DOORS for m in (door.takes, door.gives) if m),
    ]
    _, shapes = models_json_schema(
        [(model, "validation") for model in models], ref_template=REF + "{model}"
    )
    paths: Json = {}
    for door in DOORS:
        path = IN_PATH.sub(r"{\1}", door.path)
        paths.setdefault(path, {})[door.method.lower()] = operation(door, path, shapes["$defs"])
    token = {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}
    return {
        "openapi": "3.1.0",
        "info": {"title": "Pursebot", "version": "1", "description": "Shared wallets."},
        "security": [{"token": []}],
        "paths": paths,
        "components": {"schemas": shapes["$defs"], "securitySchemes": {"token": token}},
    }


def operation(door: Door, path: str, shapes: Json) -> Json:
    """One door."""
    made: Json = {
        "summary": sentence_about(door.use_case),
        "operationId": re.sub(r"\W+", "_", door.method.lower() + path).strip("_"),
        "description": WHO[door.role],
        "parameters": list(parameters(door, shapes)),
        "responses": {str(door.status): said(HTTPStatus(door.status).phrase, door.gives)},
    }
    if door.also:
        made["responses"][str(door.status)]["content"][door.also] = {"schema": {"type": "string"}}
    if door.takes and door.method not in NO_BODY:
        made["requestBody"] = {"required": True, **said("", door.takes)}
    for status in sorted({refusal.status for refusal in refusals(door)}):
        codes = sorted(refusal.code for refusal in refusals(door) if refusal.status == status)
        made["responses"][str(status)] = said(" or ".join(codes), ErrorAnswer)
    return made


def parameters(door: Door, shapes: Json) -> Any:
    """What stands in the path, after `?` and in headers."""
    for name, pattern in IN_PATH.findall(door.path):
        kind = {"pattern": f"^{pattern}$"} if pattern else {"format": "uuid"}
        schema = {"type": "string", **kind}
        yield {"name": name, "in": "path", "required": True, "schema": schema}
    if door.takes and door.method in NO_BODY:
        asked = shapes[door.takes.__name__]
        for name, shape in asked["properties"].items():
            required = name in asked.get("required", [])
            yield {"name": name, "in": "query", "required": required, "schema": without_null(shape)}
    if errors.IdempotencyKeyReused in door.refuses:
        key = {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]+$"}
        needed = needs_key(door.use_case)
        yield {"name": "Idempotency-Key", "in": "header", "required": needed, "schema": key}


def without_null(shape: Json) -> Json:
    """What may stand in an address, where nothing can be null: it is left out."""
    kept = [each for each in shape.get("anyOf", []) if each != {"type": "null"}]
    return kept[0] if len(kept) == 1 else shape


def refusals(door: Door) -> set[type[errors.PursebotError]]:
    """Everything that a caller may hear instead."""
    found: Errors = (
        errors.Unauthorized,
        failures.DatabaseUnavailable,
        failures.SupabaseUnavailable,
    )
    if door.takes and door.method not in NO_BODY:
        found += (errors.BodyTooLarge, errors.NotJson, http_errors.EncodedBody, http_errors.TooSlow)
    if door.takes or IN_PATH.search(door.path):
        found += (errors.BadRequest,)
    if door.role:
        found += (errors.NotFound,)
    if door.role in ("admin", "owner"):
        found += (errors.RoleTooLow,)
    if door.costs:
        found += (errors.TooManyRequests,)
    return {*found, *door.refuses}


def said(description: str, model: type[BaseModel] | None) -> Json:
    """A body that is a model."""
    described: Json = {"description": description} if description else {}
    if model is None:
        return described
    return described | {"content": {"application/json": {"schema": {"$ref": REF + model.__name__}}}}

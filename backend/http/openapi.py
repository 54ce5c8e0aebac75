"""The OpenAPI 3.1 document of the routes, made from their table and their models."""

import re
from functools import cache
from http import HTTPStatus
from typing import Any

from aiohttp import web
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from backend import errors, failures
from backend.http import errors as http_errors
from backend.http.requests import NO_BODY
from backend.http.route import Errors, Route
from backend.http.routes import ROUTES
from backend.schemas import ErrorAnswer, Json

ROLE_DESCRIPTIONS = {
    None: "For whoever is signed in.",
    "member": "For everybody in the organization.",
    "admin": "For admins and owners of the organization.",
    "owner": "For owners of the organization.",
}
REF = "#/components/schemas/"
IN_PATH = re.compile(r"{(\w+)(?::((?:[^{}]|{[^{}]*})*))?}")  # {name} or {name:pattern}


async def get_openapi(_request: web.Request) -> web.Response:
    """Answer GET /openapi.json."""
    return web.json_response(document())


@cache
def document() -> Json:
    """Build the whole document, once: https://spec.openapis.org/oas/v3.1.0."""
    models: list[type[BaseModel]] = [ErrorAnswer]
    for route in ROUTES:
        models += [model for model in (route.request_model, route.response_model) if model]
    _, shapes = models_json_schema(
        [(model, "validation") for model in models], ref_template=REF + "{model}"
    )
    paths: Json = {}
    for route in ROUTES:
        path = IN_PATH.sub(r"{\1}", route.path)
        paths.setdefault(path, {})[route.method.lower()] = operation(route, path, shapes["$defs"])
    token = {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}
    return {
        "openapi": "3.1.0",
        "info": {"title": "Pursebot", "version": "1", "description": "Shared wallets."},
        "security": [{"token": []}],
        "paths": paths,
        "components": {"schemas": shapes["$defs"], "securitySchemes": {"token": token}},
    }


def operation(route: Route, path: str, shapes: Json) -> Json:
    """Describe one route as an operation object; `shapes` are the JSON schemas of all models."""
    described: Json = {
        "summary": route.summary,
        "operationId": re.sub(r"\W+", "_", route.method.lower() + path).strip("_"),
        "description": ROLE_DESCRIPTIONS[route.role],
        "parameters": list(parameters(route, shapes)),
        "responses": {
            str(route.status): response_object(
                HTTPStatus(route.status).phrase, route.response_model
            )
        },
    }
    if route.media_type:
        described["responses"][str(route.status)]["content"][route.media_type] = {
            "schema": {"type": "string"}
        }
    if route.request_model and route.method not in NO_BODY:
        described["requestBody"] = {"required": True, **response_object("", route.request_model)}
    for status in sorted({refusal.status for refusal in errors_of(route)}):
        codes = sorted(refusal.code for refusal in errors_of(route) if refusal.status == status)
        described["responses"][str(status)] = response_object(" or ".join(codes), ErrorAnswer)
    return described


def parameters(route: Route, shapes: Json) -> Any:
    """Yield the parameters of a route: in the path, in the query and in headers."""
    for name, pattern in IN_PATH.findall(route.path):
        kind = {"pattern": f"^{pattern}$"} if pattern else {"format": "uuid"}
        schema = {"type": "string", **kind}
        yield {"name": name, "in": "path", "required": True, "schema": schema}
    if route.request_model and route.method in NO_BODY:
        query_schema = shapes[route.request_model.__name__]
        for name, shape in query_schema["properties"].items():
            required = name in query_schema.get("required", [])
            yield {"name": name, "in": "query", "required": required, "schema": without_null(shape)}
    if route.key:
        key = {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]+$"}
        key_required = route.key == "required"
        yield {"name": "Idempotency-Key", "in": "header", "required": key_required, "schema": key}


def without_null(shape: Json) -> Json:
    """Return a schema without `null`: a query parameter is left out instead."""
    non_null = [each for each in shape.get("anyOf", []) if each != {"type": "null"}]
    return non_null[0] if len(non_null) == 1 else shape


def errors_of(route: Route) -> set[type[errors.PursebotError]]:
    """Collect every error that a route can answer: common ones, and those of its line."""
    possible: Errors = (
        errors.Unauthorized,
        failures.DatabaseUnavailable,
        failures.SupabaseUnavailable,
    )
    if route.request_model and route.method not in NO_BODY:
        possible += (
            errors.BodyTooLarge,
            errors.NotJson,
            http_errors.EncodedBody,
            http_errors.TooSlow,
        )
    if route.request_model or IN_PATH.search(route.path):
        possible += (errors.BadRequest,)
    if route.role:
        possible += (errors.NotFound,)
    if route.role in ("admin", "owner"):
        possible += (errors.RoleTooLow,)
    if route.rate_limited:
        possible += (errors.TooManyRequests,)
    return {*possible, *route.raises}


def response_object(description: str, model: type[BaseModel] | None) -> Json:
    """Describe a body that is a model."""
    response: Json = {"description": description} if description else {}
    if model is None:
        return response
    return response | {"content": {"application/json": {"schema": {"$ref": REF + model.__name__}}}}

"""The backend's routes from its OpenAPI document: models, statuses, codes of refusals.

The document is `tests/snapshots/openapi.json`; a test compares it with the backend's route table.
"""

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from pydantic import BaseModel

from backend import schemas

Json = dict[str, Any]

DOCUMENT: Final[Json] = json.loads(
    (Path(__file__).parents[1] / "snapshots" / "openapi.json").read_text(encoding="utf-8")
)
# What every route can answer without saying so.
UNDOCUMENTED: Final = {"internal_error": 500}


@dataclass(frozen=True)
class DocumentedRoute:
    """One route. `statuses` are those of the codes that it refuses with.

    `query` are the parameters after `?`, and whether each is required.
    """

    method: str
    path: str
    request_model: type[BaseModel] | None
    query: dict[str, bool]  # parameters after `?`, and whether each is required
    takes_key: bool
    requires_key: bool
    answer_model: type[BaseModel] | None
    status: int
    statuses: dict[str, int]

    @property
    def name(self) -> str:
        """The route as tests and the log of calls name it: `PUT /api/me`."""
        return f"{self.method} {self.path}"

    def fits(self, path: str) -> bool:
        """Return whether a request's path is one of this route."""
        return re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", self.path), path) is not None


def documented_route(method: str, path: str, operation: Json) -> DocumentedRoute:
    """Return a route from its part of the document."""
    statuses, success = dict(UNDOCUMENTED), ""
    for status, response in operation["responses"].items():
        if status.startswith("2"):
            success = status
        else:
            statuses |= dict.fromkeys(response["description"].split(" or "), int(status))
    parameters = operation["parameters"]
    keys = [each for each in parameters if each["name"] == "Idempotency-Key"]
    return DocumentedRoute(
        method=method.upper(),
        path=path,
        request_model=model_of(operation.get("requestBody", {})),
        query={each["name"]: each["required"] for each in parameters if each["in"] == "query"},
        takes_key=bool(keys),
        requires_key=any(each["required"] for each in keys),
        answer_model=model_of(operation["responses"][success]),
        status=int(success),
        statuses=statuses,
    )


def model_of(described: Json) -> type[BaseModel] | None:
    """Return the model of a body or an answer, by its name in the document, or None."""
    if "content" not in described:
        return None
    reference: str = described["content"]["application/json"]["schema"]["$ref"]
    model: type[BaseModel] = getattr(schemas, reference.rpartition("/")[2])
    return model


# Those with the fewest placeholders first: `/api/payments/packages` is no `/api/payments/{id}`.
ROUTES: Final = sorted(
    (
        documented_route(method, path, operation)
        for path, operations in DOCUMENT["paths"].items()
        for method, operation in operations.items()
    ),
    key=lambda route: route.path.count("{"),
)


def route_of(method: str, path: str) -> DocumentedRoute:
    """Return the route of a request. Raises LookupError where the backend has none."""
    for route in ROUTES:
        if route.method == method and route.fits(path):
            return route
    raise LookupError(f"{method} {path} is no route of the backend")

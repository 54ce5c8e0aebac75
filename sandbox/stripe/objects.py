"""New objects of Stripe, from a template of each kind.

`templates/` has a file for each kind of object, by Stripe's name of the kind. It has the fields
that never vary here; an `id` there is the prefix of the ids. A test compares every object that
leaves the sandbox with Stripe's OpenAPI document.
"""

import json
import secrets
import time
from copy import deepcopy
from pathlib import Path

from sandbox.store import Json

TEMPLATES: dict[str, Json] = {
    file.name.removesuffix(".json"): json.loads(file.read_text("utf-8"))
    for file in sorted((Path(__file__).parent / "templates").glob("*.json"))
}
API_VERSION = str(TEMPLATES["event"]["api_version"])  # what the pinned SDK speaks


def new_id(prefix: str) -> str:
    """Return an id like Stripe's: `pi_3e0a41f...`."""
    return prefix + secrets.token_hex(12)


def new(kind: str, **fields: object) -> Json:
    """Return a new object of `kind`: its template with an id, the time, and `fields`."""
    template = deepcopy(TEMPLATES[kind])
    return {**template, "id": new_id(template["id"]), "created": int(time.time()), **fields}


def list_object(objects: list[Json], url: str, limit: int) -> Json:
    """Return the first `limit` objects in Stripe's form of a list, and whether there are more."""
    more = len(objects) > limit
    return {"object": "list", "data": objects[:limit], "has_more": more, "url": url}


def new_part(kind: str, **fields: object) -> Json:
    """Return a new part of another object, such as an invoice's line, without a time."""
    template = deepcopy(TEMPLATES[kind])
    return {**template, "id": new_id(template["id"]), **fields}

"""How Stripe's objects are made: from a template of each kind, with an id and the time.

`templates/` has one file for each kind of object, by the name that Stripe gives the kind. It holds
the fields that never vary here; an `id` there is what the ids begin with. A test holds every object
that leaves the sandbox against Stripe's own OpenAPI document.
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
    """Return an id that looks like Stripe's: `pi_3e0a41f...`."""
    return prefix + secrets.token_hex(12)


def new(kind: str, **fields: object) -> Json:
    """Return a fresh object of `kind`: its template, an id, the time, and `fields`."""
    template = deepcopy(TEMPLATES[kind])
    return {**template, "id": new_id(template["id"]), "created": int(time.time()), **fields}


def list_object(objects: list[Json], url: str, limit: int) -> Json:
    """Return the first `limit` objects as Stripe answers a list, and whether there are more."""
    more = len(objects) > limit
    return {"object": "list", "data": objects[:limit], "has_more": more, "url": url}


def new_part(kind: str, **fields: object) -> Json:
    """Return a fresh part of another object, such as a line of an invoice: no time of its own."""
    template = deepcopy(TEMPLATES[kind])
    return {**template, "id": new_id(template["id"]), **fields}

"""Stripe's objects as data: templates, tables, and the one way to make any of them.

`stripe_templates.json` holds what never varies here (an `id` is what the ids begin with),
`stripe_tables.toml` what can happen; a test holds every object that leaves the sandbox against
Stripe's own OpenAPI document.
"""

import json
import secrets
import string
import time
import tomllib
from copy import deepcopy
from pathlib import Path

from sandbox.doors import Refusal
from sandbox.store import Json, Store

ROOM = Path(__file__).parent
TEMPLATES: dict[str, Json] = json.loads((ROOM / "stripe_templates.json").read_text("utf-8"))
TABLES = tomllib.loads((ROOM / "stripe_tables.toml").read_text("utf-8"))
CURRENCIES: dict[str, Json] = TABLES["currencies"]
METHODS: dict[str, Json] = TABLES["methods"]
CLAWBACKS: dict[str, Json] = TABLES["clawbacks"]
TRANSITIONS: dict[str, Json] = TABLES["transitions"]
INVOICES: dict[str, Json] = TABLES["invoices"]
LETTERS = string.ascii_letters + string.digits


def new_id(prefix: str) -> str:
    """An id that looks like Stripe's: `pi_3QxkzB...`."""
    return prefix + "".join(secrets.choice(LETTERS) for _ in range(24))


def new(kind: str, **fields: object) -> Json:
    """A fresh object of `kind`: its template, an id, the time, and `fields`."""
    template = deepcopy(TEMPLATES[kind])
    return {**template, "id": new_id(template["id"]), "created": int(time.time()), **fields}


def stored(store: Store, kind: str, id: str) -> Json:
    """The object as it is now, or Stripe's 404."""
    thing = store.get(kind, id)
    if thing is None:
        raise Refusal(404, f"No such {kind}: '{id}'", code="resource_missing")
    return thing


def newest(store: Store, kind: str, **of: str) -> list[Json]:
    """The objects with these fields, newest first."""
    return [thing for _, thing in store.list(kind) if of.items() <= thing.items()][::-1]


def listed(found: list[Json], url: str, limit: int) -> Json:
    """As Stripe answers a list: a page of it, and whether there is more."""
    return {"object": "list", "data": found[:limit], "has_more": len(found) > limit, "url": url}


def step_of(number: str, moment: str = "charged") -> str:
    """What a saved card with this number causes, or one that is being saved (`saving`)."""
    return str(METHODS[number].get(moment) or METHODS[number]["step"])

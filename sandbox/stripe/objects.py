"""Stripe's objects as data: templates, tables, and the one way to make any of them.

`templates.json` holds what never varies here (an `id` is what the ids begin with),
`tables.toml` what can happen; a test holds every object that leaves the sandbox against
Stripe's own OpenAPI document.
"""

import json
import secrets
import time
import tomllib
from copy import deepcopy
from functools import reduce
from operator import getitem
from pathlib import Path
from typing import Any

from sandbox.store import Json

ROOM = Path(__file__).parent
TEMPLATES: dict[str, Json] = json.loads((ROOM / "templates.json").read_text("utf-8"))
TABLES = tomllib.loads((ROOM / "tables.toml").read_text("utf-8"))
CURRENCIES: dict[str, Json] = TABLES["currencies"]
RATES: dict[str, float] = TABLES["rates"]
FEES: dict[str, float] = TABLES["fees"]
METHODS: dict[str, Json] = TABLES["methods"]
CLAWBACKS: dict[str, Json] = TABLES["clawbacks"]
TRANSITIONS: dict[str, Json] = TABLES["transitions"]
READABLE: dict[str, Json] = TABLES["readable"]
INVOICES: dict[str, Json] = TABLES["invoices"]


def new_id(prefix: str) -> str:
    """An id that looks like Stripe's: `pi_3e0a41f...`."""
    return prefix + secrets.token_hex(12)


def new(kind: str, **fields: object) -> Json:
    """A fresh object of `kind`: its template, an id, the time, and `fields`."""
    template = deepcopy(TEMPLATES[kind])
    return {**template, "id": new_id(template["id"]), "created": int(time.time()), **fields}


def made(kind: str, facts: Json) -> Json:
    """A fresh object whose template names some of `facts` as "$name"."""
    thing = new(kind)
    return dict(filled(thing, {**facts, "id": thing["id"]}))


def filled(part: Any, facts: Json) -> Any:
    """A template or changes with "$name" and "$name.of_that" replaced, at any depth."""
    if isinstance(part, dict):
        return {name: filled(value, facts) for name, value in part.items()}
    if isinstance(part, list):
        return [filled(value, facts) for value in part]
    if not isinstance(part, str) or not part.startswith("$"):
        return part
    return reduce(getitem, part[1:].split("."), facts)


def listed(found: list[Json], url: str, limit: int) -> Json:
    """As Stripe answers a list: a page of it, and whether there is more."""
    return {"object": "list", "data": found[:limit], "has_more": len(found) > limit, "url": url}


def step_of(number: str, moment: str = "charged") -> str:
    """What a saved card with this number causes, or one that is being saved (`saving`)."""
    return str(METHODS[number].get(moment) or METHODS[number]["step"])

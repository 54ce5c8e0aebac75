"""Stripe's objects as data: templates, tables, ids, and the one way to make or expand any of them.

`stripe_templates.json` holds what never varies here, `stripe_tables.toml` what can happen; a test
holds every object that leaves the sandbox against Stripe's own OpenAPI document.
"""

import json
import secrets
import string
import time
import tomllib
from copy import deepcopy
from decimal import Decimal
from pathlib import Path

from sandbox.store import Json, Store
from sandbox.stripe_errors import StripeRefusal

ROOM = Path(__file__).parent
TEMPLATES: dict[str, Json] = json.loads((ROOM / "stripe_templates.json").read_text("utf-8"))
TABLES = tomllib.loads((ROOM / "stripe_tables.toml").read_text("utf-8"))
CURRENCIES: dict[str, Json] = TABLES["currencies"]
METHODS: dict[str, Json] = TABLES["methods"]
TRANSITIONS: dict[str, Json] = TABLES["transitions"]

# What an id begins with, and how many letters and digits follow.
IDS = {
    "checkout.session": ("cs_test_a1", 56),
    "payment_intent": ("pi_3", 23),
    "charge": ("ch_3", 23),
    "event": ("evt_1", 23),
    "item": ("li_1", 23),
    "price": ("price_1", 23),
    "product": ("prod_", 14),
    "payment_method": ("pm_1", 23),
    "request": ("req_", 14),
}
# Fields that expand[] may ask for, and what kind of object is behind each.
EXPANDABLE = {"payment_intent": "payment_intent", "latest_charge": "charge"}


def new_id(kind: str) -> str:
    """An id that looks like Stripe's: `pi_3QxkzB...`."""
    prefix, length = IDS[kind]
    alphabet = string.ascii_letters + string.digits
    return prefix + "".join(secrets.choice(alphabet) for _ in range(length))


def new(kind: str, **fields: object) -> Json:
    """A fresh object of `kind`: its template, an id, the time, and `fields`."""
    stamp = {} if kind == "item" else {"created": int(time.time())}
    return {"id": new_id(kind), **deepcopy(TEMPLATES[kind]), **stamp, **fields}


def expanded(store: Store, thing: Json, paths: list[str]) -> Json:
    """`thing` with the ids at `paths` ("payment_intent.latest_charge") replaced by the objects."""
    for path in paths:
        name, _, rest = path.partition(".")
        if name not in EXPANDABLE or name not in thing:
            raise StripeRefusal(400, f"This property cannot be expanded ({path}).", param="expand")
        if isinstance(thing[name], str):
            thing[name] = store.get(EXPANDABLE[name], thing[name])
        if thing[name] and rest:
            expanded(store, thing[name], [rest])
    return thing


def decimal(amount: int, currency: str) -> str:
    """5000 eur as "50.00"; 5000 jpy as "5000"."""
    return str(Decimal(amount).scaleb(-CURRENCIES[currency]["digits"]))

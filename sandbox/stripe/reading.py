"""The calls that only read: an object by its id, or those with something in common, newest first.

What can be expanded stands in one table; anything else is a 501
(docs.stripe.com/api/expanding_objects, docs.stripe.com/api/pagination).
"""

from typing import Annotated, Literal

from sandbox.doors import READ, Refusal, not_modelled
from sandbox.store import Json
from sandbox.stripe.calls import Call, Limit, Listed, Whole
from sandbox.stripe.objects import listed
from sandbox.stripe.sessions import LocalStripe

Paths = Annotated[list[str], Listed]
Times = dict[Literal["gt", "gte", "lt", "lte"], Whole]
# By kind of object: what can be expanded in it, and what kind of object that is.
EXPANDABLE = {
    "checkout.session": {
        "customer": "customer",
        "invoice": "invoice",
        "payment_intent": "payment_intent",
        "setup_intent": "setup_intent",
        "subscription": "subscription",
    },
    "payment_intent": {
        "customer": "customer",
        "latest_charge": "charge",
        "payment_method": "payment_method",
    },
    "charge": {
        "balance_transaction": "balance_transaction",
        "customer": "customer",
        "payment_intent": "payment_intent",
    },
    "refund": {
        "balance_transaction": "balance_transaction",
        "charge": "charge",
        "failure_balance_transaction": "balance_transaction",
        "payment_intent": "payment_intent",
    },
    "dispute": {"charge": "charge", "payment_intent": "payment_intent"},
    "radar.early_fraud_warning": {"charge": "charge", "payment_intent": "payment_intent"},
    "setup_intent": {"customer": "customer", "payment_method": "payment_method"},
    "subscription": {
        "customer": "customer",
        "default_payment_method": "payment_method",
        "latest_invoice": "invoice",
    },
    "invoice": {"customer": "customer"},
    "invoice_payment.payment": {"payment_intent": "payment_intent"},
}
# Lists that an object has only where they are asked for: what of, and by which field it is theirs.
LISTS = {
    ("charge", "refunds"): ("refund", "charge"),
    ("invoice", "payments"): ("invoice_payment", "invoice"),
}


def expanded(stripe: LocalStripe, thing: Json, paths: list[str]) -> Json:
    """The object with objects in place of the ids that these paths name."""
    for path in paths:
        expand(stripe, thing, thing["object"], path)
    return thing


def expand(stripe: LocalStripe, part: Json, kind: str, path: str) -> None:
    """One path, from this part of an object on."""
    name, _, further = path.partition(".")
    if kind == "list" and name == "data":
        for each in part["data"]:
            expand(stripe, each, each["object"], further)
        return
    if (kind, name) in LISTS and "object" not in (part.get(name) or {}):
        of, by = LISTS[kind, name]
        part[name] = listed(stripe.newest(of, **{by: part["id"]}), f"/v1/{name}", 10)
    elif target := EXPANDABLE.get(kind, {}).get(name):
        inside = part.get(name)
        if isinstance(inside, str):
            part[name] = stripe.stored(target, inside)
    elif f"{kind}.{name}" not in EXPANDABLE:
        raise not_modelled(f"expand[{path[:50]}]")
    inner = part.get(name)
    if further and inner:
        expand(stripe, inner, inner.get("object", f"{kind}.{name}"), further)


def retrieving(kind: str) -> Call:
    """The GET of one object."""

    def retrieve(stripe: LocalStripe, id: str, *, expand: Paths | None = None) -> Json:
        return expanded(stripe, stripe.stored(kind, id), expand or [])

    return READ(retrieve)


def listing(kind: str, *filters: str, url: str) -> Call:
    """The GET of those objects that have these fields in common."""

    def find(
        stripe: LocalStripe,
        *,
        limit: Limit = 10,
        starting_after: str | None = None,
        created: Times | None = None,
        expand: Paths | None = None,
        **of: str,
    ) -> Json:
        for name in of.keys() - set(filters):
            raise not_modelled(name)
        if of.get("status") == "all":  # of subscriptions: those that have ended as well
            del of["status"]
        found = page(stripe, stripe.newest(kind, **of), kind, starting_after, created)
        return expanded(stripe, listed(found, url, limit), expand or [])

    return READ(find)


def page(
    stripe: LocalStripe, found: list[Json], kind: str, after: str | None, created: Times | None
) -> list[Json]:
    """Those of the objects that come after this one, and were made then."""
    if after:
        ids = [it["id"] for it in found]
        if stripe.stored(kind, after)["id"] not in ids:
            raise Refusal(400, f"`starting_after` is not on this list: '{after}'")
        found = found[ids.index(after) + 1 :]
    then = created or {}
    return [
        it
        for it in found
        if then.get("gte", 0) <= it["created"] <= then.get("lte", 2**53)
        and then.get("gt", -1) < it["created"] < then.get("lt", 2**53)
    ]


def list_events(
    stripe: LocalStripe,
    *,
    types: Paths | None = None,
    created: Times | None = None,
    limit: Limit = 10,
    starting_after: str | None = None,
) -> Json:
    """GET /v1/events, newest first, by cursor (docs.stripe.com/api/pagination)."""
    events = page(stripe, stripe.newest("event"), "event", starting_after, created)
    return listed([e for e in events if not types or e["type"] in types], "/v1/events", limit)

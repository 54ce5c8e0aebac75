"""Calls that only read: an object by its id, or those with fields in common, newest first.

One table has what can be expanded; anything else is a 501
(https://docs.stripe.com/api/expanding_objects, https://docs.stripe.com/api/pagination).
"""

from typing import Annotated, Literal

from pydantic import Field

from sandbox.refusals import Refusal, not_modelled
from sandbox.store import Json
from sandbox.stripe.local_stripe import LocalStripe
from sandbox.stripe.objects import list_object
from sandbox.stripe.parameters import Call, Limit, TextList, WholeNumber
from sandbox.stripe.readable import Readable

Times = dict[Literal["gt", "gte", "lt", "lte"], WholeNumber]
MAX_LEVELS = 4
END_OF_TIME = 2**53  # in seconds since 1970, after every time that there is
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
    "setup_intent": {
        "customer": "customer",
        "latest_attempt": "setup_attempt",
        "payment_method": "payment_method",
    },
    "subscription": {
        "customer": "customer",
        "default_payment_method": "payment_method",
        "latest_invoice": "invoice",
    },
    "customer.invoice_settings": {"default_payment_method": "payment_method"},
    "invoice": {"customer": "customer"},
    "payment_method": {"customer": "customer"},
    "invoice_payment.payment": {"payment_intent": "payment_intent"},
}
# Lists that an object has only where they are asked for: the kind of object in them, and the field
# by which those name the object.
EXPANDABLE_LISTS = {
    ("charge", "refunds"): ("refund", "charge"),
    ("invoice", "payments"): ("invoice_payment", "invoice"),
}


def expand_paths(stripe: LocalStripe, stripe_object: Json, paths: list[str]) -> Json:
    """Return the object with objects in place of the ids that these paths name.

    Raises Refusal: 400 for a path of more than four levels, 501 for one that is not in the table.
    """
    for path in paths:
        if path.count(".") >= MAX_LEVELS:
            message = (
                f"You cannot expand more than {MAX_LEVELS} levels of a property. Property: {path}"
            )
            raise Refusal(400, message, param="expand")
        try:
            _expand(stripe, stripe_object, stripe_object.get("object", ""), path)
        except LookupError:
            raise not_modelled(f"expand[{path[:50]}]") from None
    return stripe_object


def _expand(stripe: LocalStripe, part: Json, kind: str, path: str) -> None:
    """Expand one path, from this part of an object on. Raises LookupError where it cannot be."""
    name, _, further = path.partition(".")
    if kind == "list" and name == "data":
        for each in part["data"]:
            _expand(stripe, each, each["object"], further)
        return
    _expand_field(stripe, part, kind, name)
    inner = part.get(name)
    if further and inner:
        _expand(stripe, inner, inner.get("object", f"{kind}.{name}"), further)


def _expand_field(stripe: LocalStripe, part: Json, kind: str, name: str) -> None:
    """Put an object, or a list of them, into one field. Raises LookupError where it cannot be."""
    if (kind, name) in EXPANDABLE_LISTS and "object" not in (part.get(name) or {}):
        listed_kind, owner_field = EXPANDABLE_LISTS[kind, name]
        objects = stripe.newest(listed_kind, **{owner_field: part["id"]})
        part[name] = list_object(objects, f"/v1/{name}", 10)
    elif target := EXPANDABLE.get(kind, {}).get(name):
        id = part.get(name)
        if isinstance(id, str):
            part[name] = stripe.stored(target, id)
    elif f"{kind}.{name}" not in EXPANDABLE:
        raise LookupError


def retrieve_call(kind: str) -> Call:
    """Make the call GET of one object of a kind."""

    def retrieve(stripe: LocalStripe, id: str) -> Json:
        return stripe.stored(kind, id)

    return retrieve


def list_call(kind: str, readable: Readable) -> Call:
    """Make the call GET of the objects of a kind that have fields in common, newest first.

    One that was deleted is retrieved by its id, and in no list.
    """

    def list_objects(
        stripe: LocalStripe,
        *,
        limit: Limit = 10,
        starting_after: str | None = None,
        created: Times | None = None,
        **fields: str,
    ) -> Json:
        for name in fields.keys() - set(readable.filters):
            raise not_modelled(f"the parameter {name}")
        if fields.get("status") == "all":  # of subscriptions: those that have ended as well
            del fields["status"]
        there = [each for each in stripe.newest(kind, **fields) if not each.get("deleted")]
        objects = _page(stripe, there, kind, starting_after, created)
        return list_object(objects, readable.path, limit)

    return list_objects


def list_events(
    stripe: LocalStripe,
    *,
    types: Annotated[TextList, Field(max_length=20)] | None = None,
    created: Times | None = None,
    limit: Limit = 10,
    starting_after: str | None = None,
) -> Json:
    """Answer GET /v1/events, newest first (https://docs.stripe.com/api/events/list)."""
    times = created or {}
    listed = stripe.store.list_created("event", times.get("gte", 0), times.get("lt", END_OF_TIME))
    events = _page(stripe, list(listed)[::-1], "event", starting_after, created)
    selected = [event for event in events if not types or event["type"] in types]
    return list_object(selected, "/v1/events", limit)


def _page(
    stripe: LocalStripe, objects: list[Json], kind: str, after: str | None, created: Times | None
) -> list[Json]:
    """Return those of the objects that come after the one with id `after`, and were made then."""
    if after:
        ids = [each["id"] for each in objects]
        if stripe.referenced(kind, after, "starting_after")["id"] not in ids:
            raise Refusal(400, f"`starting_after` is not on this list: '{after}'")
        objects = objects[ids.index(after) + 1 :]
    times = created or {}
    return [
        each
        for each in objects
        if times.get("gte", 0) <= each["created"] <= times.get("lte", END_OF_TIME)
        and times.get("gt", -1) < each["created"] < times.get("lt", END_OF_TIME)
    ]

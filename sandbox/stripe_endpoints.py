"""The calls of Stripe's API that the local one answers, as one table at the end of the file."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from math import inf

from sandbox.store import Json
from sandbox.stripe_checkout import LocalStripe
from sandbox.stripe_errors import StripeRefusal, no_such
from sandbox.stripe_objects import CURRENCIES, TEMPLATES, decimal, expanded, new, new_id

LARGEST_TOTAL = 99_999_999  # eight digits, docs.stripe.com/currencies
HALF_AN_HOUR, A_DAY = 1_800, 86_400


@dataclass(frozen=True)
class Call:
    """One call, read: `id` from the path ("" where there is none), `form` typed by its shape.

    `cause` has the request's id and idempotency key, as events quote them.
    """

    stripe: LocalStripe
    id: str
    form: Json
    api_version: str
    cause: Json

    def answer(self, thing: Json) -> Json:
        """The object with what `expand[]` asks for."""
        return expanded(self.stripe.store, thing, self.form.get("expand", []))


def create_session(call: Call) -> Json:
    """POST /v1/checkout/sessions (docs.stripe.com/api/checkout/sessions/create)."""
    form, id = call.form, new_id("checkout.session")
    items = [line_item(line, place) for place, line in enumerate(form["line_items"])]
    total = checked_total(items)
    own = {name: form[name] for name in form.keys() & TEMPLATES["checkout.session"].keys()}
    own |= {"id": id, "expires_at": expiry(form.get("expires_at"))}
    session = new(
        "checkout.session",
        **own,
        amount_subtotal=total,
        amount_total=total,
        currency=items[0]["currency"],
        url=f"{call.stripe.settings.url}/pay/{id}",
    )
    backstage = {"intent": form.get("payment_intent_data", {}), "api_version": call.api_version}
    call.stripe.store.put("backstage", id, {**backstage, "line_items": items})
    call.stripe.store.put("checkout.session", id, session)
    call.stripe.expect(session)
    return call.answer(session)


def line_item(form: Json, place: int) -> Json:
    """One line with its inline price."""
    data, quantity = form["price_data"], form["quantity"]
    currency, unit_amount = data["currency"].lower(), data["unit_amount"]
    if currency not in CURRENCIES:
        message = f"Invalid currency: {currency}. The local Stripe has: {', '.join(CURRENCIES)}"
        raise StripeRefusal(400, message, param=f"line_items[{place}][price_data][currency]")
    amounts = {"unit_amount": unit_amount, "unit_amount_decimal": str(unit_amount)}
    price = new("price", currency=currency, product=new_id("product"), **amounts)
    name, own = data["product_data"]["name"], form.get("metadata", {})
    sums = dict.fromkeys(("amount_subtotal", "amount_total"), unit_amount * quantity)
    about = {"description": name, "metadata": own, "price": price, "quantity": quantity}
    return new("item", currency=currency, **sums, **about)


def checked_total(items: list[Json]) -> int:
    """The sum of the lines; refuses what Stripe does not charge."""
    currencies = {item["currency"] for item in items}
    if len(currencies) != 1:
        message = "There must be line items, all of them in one currency."
        raise StripeRefusal(400, message, param="line_items")
    currency, total = currencies.pop(), int(sum(item["amount_total"] for item in items))
    least, step = CURRENCIES[currency]["minimum"], CURRENCIES[currency].get("step", 1)
    if not least <= total <= LARGEST_TOTAL:
        limits = f"from {decimal(least, currency)} to {decimal(LARGEST_TOTAL, currency)} {currency}"
        message = f"The Checkout Session's total amount due must be {limits}"
        raise StripeRefusal(400, message, f"amount_too_{'small' if total < least else 'large'}")
    if total % step:
        message = f"Amounts in {currency} must be multiples of {step}"
        raise StripeRefusal(400, message, "parameter_invalid_integer", "line_items")
    return total


def expiry(wanted: int | None) -> int:
    """When a session that is made now expires: from 30 minutes to 24 hours, a day by default."""
    left = A_DAY if wanted is None else wanted - int(time.time())
    if not HALF_AN_HOUR <= left <= A_DAY:
        limit = "at least 30 minutes" if left < HALF_AN_HOUR else "less than 24 hours"
        message = f"The `expires_at` timestamp must be {limit} from Checkout Session creation."
        raise StripeRefusal(400, message, param="expires_at")
    return int(time.time()) + left


def retrieve_session(call: Call) -> Json:
    """GET /v1/checkout/sessions/{id}."""
    return call.answer(call.stripe.session(call.id))


def expire_session(call: Call) -> Json:
    """POST /v1/checkout/sessions/{id}/expire."""
    status = call.stripe.session(call.id)["status"]
    if status != "open":
        message = (
            'Only Checkout Sessions with a status in ["open"] can be expired. '
            f"This Checkout Session has a status of `{status}`."
        )
        raise StripeRefusal(400, message, param="session")
    return call.answer(call.stripe.expire(call.id, call.cause))


def retrieve(kind: str, param: str) -> Callable[[Call], Json]:
    """GET of any stored object by its id."""

    def endpoint(call: Call) -> Json:
        thing = call.stripe.store.get(kind, call.id)
        if thing is None:
            raise no_such(kind, call.id, param)
        return call.answer(thing)

    return endpoint


def list_events(call: Call) -> Json:
    """GET /v1/events, newest first, by cursor (docs.stripe.com/api/pagination)."""
    form, events = call.form, list(call.stripe.store.list("event"))
    cursors = {name: form[name] for name in ("ending_before", "starting_after") if name in form}
    seqs = {event["id"]: seq for seq, event in events}
    for name, id in cursors.items():
        if id not in seqs:
            raise no_such("event", id, name)
    newer, older = (seqs.get(cursors.get(name)) for name in ("ending_before", "starting_after"))
    types = form.get("types", []) + [form[name] for name in ("type",) if name in form]
    created = {"gte": 0, "gt": -1, "lte": inf, "lt": inf, **form.get("created", {})}
    found = [
        event
        for seq, event in events
        if (newer or 0) < seq < (older or inf)
        and created["gt"] < event["created"] < created["lt"]
        and created["gte"] <= event["created"] <= created["lte"]
        and (not types or event["type"] in types)
    ]
    limit = form.get("limit", 10)
    page = found[:limit] if newer else found[-limit:]
    more = len(found) > limit
    return {"object": "list", "data": page[::-1], "has_more": more, "url": "/v1/events"}


@dataclass(frozen=True)
class Route:
    """One call: where, what it does, and the shape by which its form is read."""

    method: str
    path: str
    endpoint: Callable[[Call], Json]
    shape: str = "retrieve"


ROUTES = (
    Route("POST", "/v1/checkout/sessions", create_session, "create_session"),
    Route("GET", "/v1/checkout/sessions/{id}", retrieve_session),
    Route("POST", "/v1/checkout/sessions/{id}/expire", expire_session),
    Route("GET", "/v1/payment_intents/{id}", retrieve("payment_intent", "intent")),
    Route("GET", "/v1/events", list_events, "list_events"),
    Route("GET", "/v1/events/{id}", retrieve("event", "id")),
)

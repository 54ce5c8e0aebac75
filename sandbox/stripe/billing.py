"""Subscriptions and their invoices, on a clock of their own that people move forward.

The clock runs ahead of this machine's (docs.stripe.com/billing/testing/test-clocks); the periods
that it reaches are renewed, a month being 30 days. An invoice is paid on the page of its intent;
`backstage`, beside that and beside a session on which a subscription begins, names the `invoice`
and the `interval`.
"""

import time
from typing import Annotated, Any, Literal

from pydantic import Field

from sandbox.doors import Refusal
from sandbox.store import Json
from sandbox.stripe.calls import A_DAY, Line, Listed, Metadata, Text, create_intent
from sandbox.stripe.cards import new_method, number_behind
from sandbox.stripe.charges import give_page
from sandbox.stripe.objects import INVOICES, filled, made, new_id, step_of
from sandbox.stripe.products import priced
from sandbox.stripe.reading import Paths, expanded
from sandbox.stripe.sessions import LocalStripe
from sandbox.stripe.taxes import fix_invoice, sums_of

DAYS = {"week": 7, "month": 30}
PRODUCT = "items[0][price_data][product]"  # the parameter that names it


def now(stripe: LocalStripe) -> int:
    """What the clock says, in seconds of the epoch."""
    ahead = (stripe.store.get("clock", "billing") or {"ahead": 0})["ahead"]
    return int(time.time() + ahead)


def begin(stripe: LocalStripe, page: Json, wanted: Json) -> Json:
    """The first invoice of the subscription that a session is for."""
    asked, item = wanted["price"], new_id("si_")
    others = stripe.newest("subscription", customer=page["customer"])
    if any(it["currency"] != asked["currency"] and it["status"] != "canceled" for it in others):
        raise Refusal(400, "You cannot combine currencies on a single customer.")
    ids = {"item": item, "method": wanted.get("method")}
    facts = {**page, **asked, **asked["recurring"], **ids, "decimal": str(asked["unit_amount"])}
    about = {"price": made("price", facts), "start": now(stripe), **wanted["intent"]}
    return bill(stripe, made("subscription", facts | about), "subscription_create", ids["method"])


def bill(stripe: LocalStripe, subscription: Json, reason: str, method: str | None) -> Json:
    """The open invoice of the next period, with its intent and that one's page.

    `method` is the saved card that will be tried, if there is one.
    """
    [item] = subscription["items"]["data"]
    item["current_period_start"] = start = item["current_period_end"]
    item["current_period_end"] = start + DAYS[item["price"]["recurring"]["interval"]] * A_DAY
    more = {"line": new_id("il_1"), "reason": reason}
    invoice = made("invoice", {**item["price"], **item, **subscription, **more})
    if not subscription["pause_collection"]:  # what is void counts nothing in
        fix_invoice(stripe, invoice)
    subscription["latest_invoice"] = invoice["id"]
    if invoice["amount_due"]:
        invoice_intent(stripe, invoice, item["price"], method)
    stripe.tell([], subscription, invoice)
    return invoice


def invoice_intent(stripe: LocalStripe, invoice: Json, price: Json, method: str | None) -> None:
    """What will pay an invoice, on a page of its own; where nothing is due there is none."""
    product = stripe.stored("product", price["product"])
    money: Any = {"amount": invoice["amount_due"], "currency": invoice["currency"]}
    money |= {"automatic_payment_methods": {"enabled": "true"}, "description": product["name"]}
    paid_by = {"customer": invoice["customer"], "payment_method": method}
    intent = create_intent(stripe, **money) | paid_by
    about = {"invoice": invoice["id"], "interval": price["recurring"]["interval"]}
    page = give_page(stripe, intent, stripe.settings.url, **about)
    invoice |= {"hosted_invoice_url": page, "invoice_pdf": f"{page}?pdf"}
    stripe.tell([], intent)


def pay_invoice(stripe: LocalStripe, page: Json, card: str, step: str) -> Json:
    """Try to pay a session on which a subscription begins, or an open invoice, on its page."""
    backstage = stripe.backstage(page["id"])
    if "invoice" not in backstage:
        invoice = begin(stripe, page, backstage)
        paying = intent_behind(invoice)
        backstage |= {"invoice": invoice["id"], "paying": paying}
        stripe.store.put("backstage", page["id"], backstage)
    invoice = collect(stripe, backstage["invoice"], step, card)
    if invoice["status"] == "paid":
        due = "paid" if invoice["amount_due"] else "no_payment_required"
        page |= {"status": "complete", "payment_status": due, "url": None}
        if page["id"][:3] == "cs_":
            details = invoice["parent"]["subscription_details"]
            page |= {"subscription": details["subscription"], "invoice": invoice["id"]}
            page |= sums_of(invoice)
            stripe.changed(page, "completed")
    return page


def collect(stripe: LocalStripe, id: str, step: str, card: str) -> Json:
    """Try to have an invoice paid, unless there is no card ("") to try; tell what came of it.

    What pays the first one of a subscription that began on a page is saved for the others.
    """
    invoice = stripe.stored("invoice", id)
    details = invoice["parent"]["subscription_details"]
    subscription = stripe.stored("subscription", details["subscription"])
    intent_id = intent_behind(invoice)
    nothing = {"status": "succeeded", "payment_method": new_id("pm_1")}
    intent = stripe.store.get("payment_intent", intent_id) or nothing
    if card and intent_id:
        intent = stripe.move(intent, step, card)
    came = INVOICES[intent["status"]]
    tries = {"attempted": True, "attempt_count": invoice["attempt_count"] + bool(intent_id)}
    invoice |= filled(came["changes"], invoice) | tries
    if invoice["status"] == "paid" and intent_id:
        facts = {**invoice, "invoice": id, "intent": intent_id, "paid_at": now(stripe)}
        stripe.tell([], made("invoice_payment", facts))
    if invoice["status"] == "paid" and subscription["default_payment_method"] is None:
        method = intent["payment_method"]
        new_method(stripe, card, subscription["customer"], "limited", id=method)
        subscription["default_payment_method"] = method
    if events := came["begins" if subscription["status"] == "incomplete" else "events"]:
        subscription["status"] = came["subscription"]
    stripe.tell(events, subscription, invoice)
    return invoice


def intent_behind(invoice: Json) -> str:
    """The intent that an invoice's page is for, "" where nothing was due."""
    return str(invoice["hosted_invoice_url"] or "").rpartition("/")[2]


async def advance(stripe: LocalStripe, days: int) -> Json:
    """Move the clock forward, day by day, renewing what is due; answers what it says then."""
    for _ in range(days):
        ahead = now(stripe) + A_DAY - time.time()
        stripe.store.put("clock", "billing", {"ahead": ahead})
        for _, subscription in stripe.store.list("subscription"):
            end = subscription["items"]["data"][0]["current_period_end"]
            if subscription["status"] in ("active", "past_due") and end <= now(stripe):
                renew(stripe, subscription)
    return {"now": now(stripe)}


def renew(stripe: LocalStripe, subscription: Json) -> None:
    """The next period and its invoice, which is void where that was asked for."""
    method = paying(stripe, subscription)
    card = number_behind(stripe, method, subscription["customer"]) if method else ""
    invoice = bill(stripe, subscription, "subscription_cycle", method)
    if subscription["pause_collection"]:
        void = invoice | {"status": "void"}
        stripe.tell(["customer.subscription.updated", "invoice.voided"], subscription, void)
    else:
        collect(stripe, invoice["id"], card and step_of(card), card)


def paying(stripe: LocalStripe, subscription: Json) -> str | None:
    """Its own card or, where that was let go, the customer's default, if there is one."""
    own = stripe.stored("payment_method", subscription["default_payment_method"])
    settings = stripe.stored("customer", subscription["customer"])["invoice_settings"]
    method: str | None = own["id"] if own["customer"] else settings["default_payment_method"]
    return method


def create_subscription(
    stripe: LocalStripe,
    *,
    customer: Text,
    default_payment_method: Text,
    items: Annotated[list[Line], Listed, Field(min_length=1, max_length=1)],
    metadata: Metadata,
    payment_behavior: Literal["allow_incomplete"],
) -> Json:
    """POST /v1/subscriptions (docs.stripe.com/api/subscriptions/create)."""
    number = number_behind(stripe, default_payment_method, customer)
    price = items[0].price_data
    product = priced(stripe, price.product, price.product_data["name"], PRODUCT)
    asked = {**price.model_dump(), "product": product["id"]}
    wanted = {"price": asked, "intent": {"metadata": metadata}, "method": default_payment_method}
    invoice = begin(stripe, {"customer": customer, "currency": asked["currency"]}, wanted)
    collect(stripe, invoice["id"], step_of(number), number)
    made_for = invoice["parent"]["subscription_details"]["subscription"]
    return stripe.stored("subscription", made_for)


def update_subscription(
    stripe: LocalStripe,
    id: str,
    *,
    items: Annotated[list[Line], Listed, Field(max_length=1)] | None = None,
    proration_behavior: Literal["none"] | None = None,
    pause_collection: dict[Literal["behavior"], Literal["void"]] | Literal[""] | None = None,
    expand: Paths | None = None,
) -> Json:
    """POST /v1/subscriptions/{id} (docs.stripe.com/api/subscriptions/update)."""
    subscription = running(stripe, id)
    for asked in items or []:
        price = asked.price_data
        product = priced(stripe, price.product, price.product_data["name"], PRODUCT)
        amount = asked.price_data.unit_amount
        changed = {"unit_amount": amount, "unit_amount_decimal": str(amount)}
        changed["product"] = product["id"]
        subscription["items"]["data"][0]["price"] |= {"id": new_id("price_1"), **changed}
    if pause_collection is not None:
        paused = {"behavior": "void", "resumes_at": None}
        subscription["pause_collection"] = paused if pause_collection else None
    stripe.tell(["customer.subscription.updated"], subscription)
    return expanded(stripe, subscription, expand or [])


def cancel_subscription(stripe: LocalStripe, id: str) -> Json:
    """DELETE /v1/subscriptions/{id}."""
    ended = {"status": "canceled", "canceled_at": now(stripe), "ended_at": now(stripe)}
    subscription = running(stripe, id) | ended
    stripe.tell(["customer.subscription.deleted"], subscription)
    return subscription


def running(stripe: LocalStripe, id: str) -> Json:
    """A subscription that has not ended."""
    subscription = stripe.stored("subscription", id)
    if subscription["status"] == "canceled":
        raise Refusal(404, f"No such subscription: '{id}'", code="resource_missing")
    return subscription

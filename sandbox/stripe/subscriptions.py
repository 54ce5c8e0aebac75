"""Subscriptions: started on a page or with a saved card, changed, renewed, canceled.

A month has 30 days here. An invoice is paid on the page of its intent.
"""

from typing import Annotated, Literal

from pydantic import Field

from sandbox.refusals import Refusal
from sandbox.store import Json
from sandbox.stripe.clock import advance_a_day, now
from sandbox.stripe.hidden_state import Price
from sandbox.stripe.invoices import bill, collect, intent_id_of, subscription_of
from sandbox.stripe.local_stripe import LocalStripe
from sandbox.stripe.objects import new, new_id, new_part
from sandbox.stripe.parameters import (
    ExpandPaths,
    FormList,
    LineItem,
    Metadata,
    OneLineItem,
    PriceData,
    Text,
)
from sandbox.stripe.payment_methods import number_of
from sandbox.stripe.products import product_of_price
from sandbox.stripe.published_methods import METHODS, Step
from sandbox.stripe.retrieval import expand_paths
from sandbox.stripe.taxes import session_sums

PRODUCT_PARAMETER = "items[0][price_data][product]"
RENEWED = ("active", "past_due")  # the statuses of those that go on
OneItemOrNone = Annotated[list[LineItem], FormList, Field(max_length=1)]


def create_subscription(
    stripe: LocalStripe,
    *,
    customer: Text,
    default_payment_method: Text,
    items: OneLineItem,
    metadata: Metadata,
    payment_behavior: Literal["allow_incomplete"],
) -> Json:
    """Answer POST /v1/subscriptions (https://docs.stripe.com/api/subscriptions/create)."""
    number = number_of(stripe, default_payment_method, customer)
    price_data = items[0].price_data
    product = _product_of(stripe, price_data)
    if price_data.recurring is None:
        raise Refusal(400, "The price of a subscription must recur.")
    price = Price(
        currency=price_data.currency,
        unit_amount=price_data.unit_amount,
        product=product["id"],
        interval=price_data.recurring["interval"],
    )
    invoice = begin(stripe, customer, price, metadata, method=default_payment_method)
    collect(stripe, invoice["id"], METHODS[number].step_as_charged, number)
    return subscription_of(stripe, invoice)


def begin(
    stripe: LocalStripe,
    customer: str,
    price: Price,
    metadata: dict[str, str],
    *,
    method: str | None = None,
) -> Json:
    """Make a subscription that is not paid yet; return its first invoice.

    `method` is the id of the saved card that will pay it, if there is one. Raises Refusal (400)
    beside a running subscription in another currency.
    """
    others = stripe.newest("subscription", customer=customer)
    if any(each["currency"] != price.currency and each["status"] != "canceled" for each in others):
        raise Refusal(400, "You cannot combine currencies on a single customer.")
    subscription = _new_subscription(now(stripe), customer, price, metadata, method)
    return bill(stripe, subscription, "subscription_create", method)


def _new_subscription(
    start: int, customer: str, price: Price, metadata: dict[str, str], method: str | None
) -> Json:
    """Make a subscription whose first period begins at `start` (seconds of the epoch)."""
    price_object = new(
        "price",
        currency=price.currency,
        product=price.product,
        unit_amount=price.unit_amount,
        unit_amount_decimal=str(price.unit_amount),
    )
    price_object["recurring"]["interval"] = price.interval
    subscription = new(
        "subscription",
        billing_cycle_anchor=start,
        currency=price.currency,
        customer=customer,
        default_payment_method=method,
        metadata=metadata,
        start_date=start,
    )
    item = new_part(
        "subscription_item",
        created=start,
        current_period_end=start,
        current_period_start=start,
        price=price_object,
        subscription=subscription["id"],
    )
    subscription["items"]["data"] = [item]
    return subscription


def pay_on_page(stripe: LocalStripe, page: Json, card: str, step: Step) -> Json:
    """Try to pay a page on which a subscription starts, or an open invoice; return the page.

    `card` is the test number, `step` what trying it causes. Raises Refusal (409) for another page.
    """
    hidden = stripe.hidden_state(page["id"])
    if hidden.invoice is None:
        if hidden.price is None:
            raise Refusal(409, "No subscription begins on this page.")
        metadata = hidden.intent["metadata"]
        invoice = begin(stripe, page["customer"], hidden.price, metadata)
        hidden.invoice, hidden.first_intent = invoice["id"], intent_id_of(invoice)
        stripe.keep_hidden(hidden)
    invoice = collect(stripe, hidden.invoice, step, card)
    if invoice["status"] == "paid":
        _complete_page(stripe, page, invoice)
    return page


def _complete_page(stripe: LocalStripe, page: Json, invoice: Json) -> None:
    """Complete the page on which an invoice was paid; only a session has an event for that."""
    page |= {
        "status": "complete",
        "payment_status": "paid" if invoice["amount_due"] else "no_payment_required",
        "url": None,
    }
    if page["id"].startswith("cs_"):
        details = invoice["parent"]["subscription_details"]
        page |= {"subscription": details["subscription"], "invoice": invoice["id"]}
        page |= session_sums(invoice)
        stripe.changed(page, "checkout.session.completed")


def update_subscription(
    stripe: LocalStripe,
    id: str,
    *,
    items: OneItemOrNone | None = None,
    proration_behavior: Literal["none"] | None = None,
    pause_collection: dict[Literal["behavior"], Literal["void"]] | Literal[""] | None = None,
    expand: ExpandPaths | None = None,
) -> Json:
    """Answer POST /v1/subscriptions/{id} (https://docs.stripe.com/api/subscriptions/update).

    `items` set another price from the next period on; `pause_collection` makes invoices void, or
    ("") ends that.
    """
    subscription = _running_subscription(stripe, id)
    for item in items or []:
        product = _product_of(stripe, item.price_data)
        subscription["items"]["data"][0]["price"] |= {
            "id": new_id("price_1"),
            "product": product["id"],
            "unit_amount": item.price_data.unit_amount,
            "unit_amount_decimal": str(item.price_data.unit_amount),
        }
    if pause_collection is not None:
        paused = {"behavior": "void", "resumes_at": None}
        subscription["pause_collection"] = paused if pause_collection else None
    stripe.changed(subscription, "customer.subscription.updated")
    return expand_paths(stripe, subscription, expand or [])


def cancel_subscription(stripe: LocalStripe, id: str) -> Json:
    """Answer DELETE /v1/subscriptions/{id} (https://docs.stripe.com/api/subscriptions/cancel)."""
    ended = {"status": "canceled", "canceled_at": now(stripe), "ended_at": now(stripe)}
    subscription = _running_subscription(stripe, id) | ended
    return stripe.changed(subscription, "customer.subscription.deleted")


async def advance(stripe: LocalStripe, days: int) -> Json:
    """Advance the clock day by day, and renew what is due; return `{"now"}` in epoch seconds."""
    for _ in range(days):
        advance_a_day(stripe)
        for _, subscription in stripe.store.list("subscription"):
            [item] = subscription["items"]["data"]
            is_over = item["current_period_end"] <= now(stripe)
            if subscription["status"] in RENEWED and is_over:
                renew(stripe, subscription)
    return {"now": now(stripe)}


def renew(stripe: LocalStripe, subscription: Json) -> None:
    """Begin the next period of a subscription and collect its invoice; void it while paused."""
    method = _paying_method(stripe, subscription)
    invoice = bill(stripe, subscription, "subscription_cycle", method)
    if subscription["pause_collection"]:
        void = invoice | {"status": "void"}
        stripe.emit(["customer.subscription.updated", "invoice.voided"], subscription, void)
        return
    if method is None:
        collect(stripe, invoice["id"], None, "")
        return
    number = number_of(stripe, method, subscription["customer"])
    collect(stripe, invoice["id"], METHODS[number].step_as_charged, number)


def _paying_method(stripe: LocalStripe, subscription: Json) -> str | None:
    """Return the id of its own card or, where that was detached, of the customer's default."""
    own = stripe.stored("payment_method", subscription["default_payment_method"])
    settings = stripe.stored("customer", subscription["customer"])["invoice_settings"]
    method: str | None = own["id"] if own["customer"] else settings["default_payment_method"]
    return method


def _product_of(stripe: LocalStripe, price: PriceData) -> Json:
    """Return the product of an item's price."""
    return product_of_price(stripe, price.product, price.product_data["name"], PRODUCT_PARAMETER)


def _running_subscription(stripe: LocalStripe, id: str) -> Json:
    """Return a subscription that has not ended; raises Refusal (404) for one that has."""
    subscription = stripe.stored("subscription", id)
    if subscription["status"] == "canceled":
        raise Refusal(404, f"No such subscription: '{id}'", code="resource_missing")
    return subscription

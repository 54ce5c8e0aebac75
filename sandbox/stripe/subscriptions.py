"""Subscriptions: started with a saved card, changed, canceled, kept.

Those that start on a page are in `subscription_pages.py`; what time brings is in `renewals.py`.
"""

from typing import Literal

from sandbox.refusals import Refusal, not_modelled
from sandbox.store import Json
from sandbox.stripe.clock import now
from sandbox.stripe.currencies import CURRENCIES, check_currency, check_total
from sandbox.stripe.hidden_state import Price
from sandbox.stripe.invoices import bill, collect, subscription_of
from sandbox.stripe.local_stripe import LocalStripe
from sandbox.stripe.objects import new, new_id, new_part
from sandbox.stripe.parameters import Metadata, OneItem, SubscriptionItem, Text
from sandbox.stripe.payment_methods import number_of
from sandbox.stripe.products import product_of_price
from sandbox.stripe.published_methods import METHODS

PRODUCT_PARAMETER = "items[0][price_data][product]"
OVER = ("canceled", "incomplete_expired")  # the statuses of those that never charge again


def create_subscription(
    stripe: LocalStripe,
    *,
    customer: Text,
    items: OneItem,
    default_payment_method: Text | None = None,
    metadata: Metadata,
    payment_behavior: Literal["allow_incomplete"],
) -> Json:
    """Answer POST /v1/subscriptions (https://docs.stripe.com/api/subscriptions/create).

    Without `off_session` its payer is present. With `allow_incomplete` one whose first payment is
    declined, or has to be confirmed, is made all the same, as is its invoice, which stays open.
    """
    stripe.referenced("customer", customer, "customer")
    if default_payment_method is None:
        raise not_modelled("a subscription without default_payment_method")
    number = number_of(stripe, default_payment_method, customer, "default_payment_method")
    price_data = items[0].price_data
    product = _checked_product(stripe, items[0])
    price = Price(
        currency=price_data.currency,
        unit_amount=price_data.unit_amount,
        product=product["id"],
        interval=price_data.recurring.interval,
    )
    invoice = begin(stripe, customer, price, metadata, method=default_payment_method)
    collect(stripe, invoice["id"], METHODS[number].step_on_session, number)
    return subscription_of(stripe, invoice)


def begin(
    stripe: LocalStripe,
    customer: str,
    price: Price,
    metadata: dict[str, str],
    *,
    method: str | None = None,
    intent: Json | None = None,
) -> Json:
    """Make a subscription, `incomplete` for now; return its first invoice.

    `method` is the id of the saved card that will pay it, if there is one; `intent` the one that
    paid it on a page. Raises Refusal (400) beside a running subscription in another currency.
    """
    refuse_other_currency(stripe, customer, price.currency)
    subscription = _new_subscription(now(stripe), customer, price, metadata, method)
    return bill(stripe, subscription, "subscription_create", method, intent=intent)


def refuse_other_currency(stripe: LocalStripe, customer: str, currency: str) -> None:
    """Raise Refusal (400) where the customer has a running subscription in another currency."""
    others = stripe.newest("subscription", customer=customer)
    if any(each["currency"] != currency and each["status"] not in OVER for each in others):
        raise Refusal(400, "You cannot combine currencies on a single customer.")


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


def update_subscription(
    stripe: LocalStripe,
    id: str,
    *,
    items: OneItem | None = None,
    proration_behavior: Literal["none"] | None = None,
    pause_collection: dict[Literal["behavior"], Literal["void"]] | Literal[""] | None = None,
    cancel_at: Literal[""] | None = None,
    cancel_at_period_end: Literal["true", "false"] | None = None,
) -> Json:
    """Answer POST /v1/subscriptions/{id} (https://docs.stripe.com/api/subscriptions/update).

    `items` set another price from the next period on; `pause_collection` makes invoices void, or
    ("") ends that; `cancel_at` ("") and `cancel_at_period_end` (false) take back an end that is
    set. Raises Refusal (400) where both of these are sent.
    """
    subscription = _running_subscription(stripe, id)
    for item in items or []:
        _refuse_other_item(subscription, item)
        product = _checked_product(stripe, item)
        subscription["items"]["data"][0]["price"] |= {
            "id": new_id("price_1"),
            "product": product["id"],
            "unit_amount": item.price_data.unit_amount,
            "unit_amount_decimal": str(item.price_data.unit_amount),
        }
    if cancel_at is not None and cancel_at_period_end is not None:
        raise Refusal(400, "Send either `cancel_at` or `cancel_at_period_end`.")
    if cancel_at is not None or cancel_at_period_end is not None:
        set_end(stripe, subscription, cancel_at_period_end == "true", flexible=False)
    if pause_collection is not None:
        paused = {"behavior": "void", "resumes_at": None}
        subscription["pause_collection"] = paused if pause_collection else None
    return stripe.changed(subscription, "customer.subscription.updated")


def set_end(stripe: LocalStripe, subscription: Json, ends: bool, *, flexible: bool) -> None:
    """Have a subscription end with its period, or go on; nothing is stored or posted yet.

    `flexible`: the end is in `cancel_at` alone, as the portal sets it in flexible billing mode.
    https://docs.stripe.com/billing/subscriptions/cancel
    """
    [item] = subscription["items"]["data"]
    reason = "cancellation_requested" if ends else None
    subscription["cancellation_details"] |= {"reason": reason}
    subscription |= {
        "cancel_at": item["current_period_end"] if ends else None,
        "cancel_at_period_end": ends and not flexible,
        "canceled_at": now(stripe) if ends else None,
    }


def cancel_subscription(stripe: LocalStripe, id: str) -> Json:
    """Answer DELETE /v1/subscriptions/{id} (https://docs.stripe.com/api/subscriptions/cancel)."""
    ended = {"status": "canceled", "canceled_at": now(stripe), "ended_at": now(stripe)}
    subscription = _running_subscription(stripe, id) | ended
    return stripe.changed(subscription, "customer.subscription.deleted")


def _checked_product(stripe: LocalStripe, item: SubscriptionItem) -> Json:
    """Return the product of an item's price. Raises Refusal for a price that there cannot be."""
    if item.quantity != 1:
        raise not_modelled("the parameter items[0][quantity] other than 1")
    price = item.price_data
    check_currency(price.currency, "items[0][price_data][currency]")
    if price.unit_amount > CURRENCIES[price.currency].maximum:
        check_total(price.unit_amount, price.currency)
    return product_of_price(stripe, price.product, "", PRODUCT_PARAMETER)


def _refuse_other_item(subscription: Json, item: SubscriptionItem) -> None:
    """Raise Refusal unless an item is the subscription's own, with its currency and interval."""
    [existing] = subscription["items"]["data"]
    if item.id is None:
        raise not_modelled("a second item of a subscription (items[0][id] is missing)")
    if item.id != existing["id"]:
        message = f"No such subscription_item: '{item.id}'"
        raise Refusal(400, message, code="resource_missing", param="items[0][id]")
    expected, price = subscription["currency"], item.price_data
    if price.currency != expected:
        raise Refusal(
            400,
            f"The price specified only supports `{price.currency}`. This doesn't match the expected"
            f" currency: `{expected}`.",
        )
    if price.recurring.interval != existing["price"]["recurring"]["interval"]:
        raise not_modelled("another interval of a subscription")


def _running_subscription(stripe: LocalStripe, id: str) -> Json:
    """Return a subscription that has not ended; raises Refusal (404) for one that has."""
    subscription = stripe.stored("subscription", id)
    if subscription["status"] in OVER:
        raise Refusal(404, f"No such subscription: '{id}'", code="resource_missing")
    return subscription

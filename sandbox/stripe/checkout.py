"""Checkout Sessions: pages that take a payment or start a subscription.

Those that save a card are in `setup_sessions.py`; what payers see of all of them is in
`hosted_page.py`.
"""

import time
from typing import Annotated, Any, Literal

from pydantic import Field

from sandbox.refusals import Refusal, StrictModel, not_modelled
from sandbox.store import Json
from sandbox.stripe.balance import check_converted
from sandbox.stripe.currencies import check_total
from sandbox.stripe.hidden_state import EXPIRE, Due, HiddenState, Item, Price
from sandbox.stripe.local_stripe import LocalStripe
from sandbox.stripe.objects import TEMPLATES, new
from sandbox.stripe.parameters import (
    A_DAY,
    FormList,
    IntentData,
    Metadata,
    OneLineItem,
    PriceData,
    Text,
    Url,
    WholeNumber,
)
from sandbox.stripe.payments import expire, schedule
from sandbox.stripe.products import product_of_price

HALF_AN_HOUR = 1_800  # seconds
PRODUCT_PARAMETER = "line_items[0][price_data][product]"


class SavedMethodOptions(StrictModel):
    """What a page does with saved payment methods: which ones it shows, and whether it saves one.

    https://docs.stripe.com/payments/checkout/save-during-payment
    """

    allow_redisplay_filters: Annotated[
        list[Literal["always", "limited", "unspecified"]], FormList, Field(min_length=1)
    ] = Field(default=["always"])
    payment_method_remove: Literal["enabled", "disabled"] | None = None
    payment_method_save: Literal["enabled", "disabled"] | None = None


class PageParameters(StrictModel):
    """Parameters of sessions in all modes; `expires_at` is in seconds of the epoch."""

    success_url: Url
    cancel_url: Url | None = None
    client_reference_id: Annotated[str, Field(min_length=1, max_length=200)] | None = None
    expires_at: WholeNumber = Field(default_factory=lambda: int(time.time()) + A_DAY)
    locale: Literal["auto", "en", "ru"] | None = None
    metadata: Metadata = Field(default={})
    custom_text: dict[Literal["submit"], dict[Literal["message"], Text]] = Field(default={})


def create_session(
    stripe: LocalStripe,
    *,
    mode: Literal["payment", "subscription"],
    line_items: OneLineItem,
    payment_intent_data: IntentData | None = None,
    subscription_data: IntentData | None = None,
    customer: Text | None = None,
    saved_payment_method_options: SavedMethodOptions | None = None,
    **page: Any,
) -> Json:
    """Answer POST /v1/checkout/sessions (https://docs.stripe.com/api/checkout/sessions/create).

    `page` are the PageParameters. Raises Refusal (400) for a total that Stripe does not charge.
    """
    price, quantity = line_items[0].price_data, line_items[0].quantity
    total = price.unit_amount * quantity
    check_total(total, price.currency)
    check_converted(stripe, total, price.currency)
    options = saved_payment_method_options
    _check_mode(mode, price, customer, has_options=options is not None)
    name = price.product_data["name"]
    product = product_of_price(stripe, price.product, name, PRODUCT_PARAMETER)
    session: Json = {
        "mode": mode,
        "customer": customer,
        "amount_subtotal": total,
        "amount_total": total,
        "currency": price.currency,
    }
    if options:
        session["saved_payment_method_options"] = options.model_dump()
    data = payment_intent_data or subscription_data or IntentData()
    return open_page(
        stripe,
        session,
        page,
        items=[Item(description=product["name"], quantity=quantity, amount=total)],
        intent=data.model_dump(),
        price=_subscription_price(price, product["id"]),
    )


def _subscription_price(price: PriceData, product_id: str) -> Price | None:
    """Return what a subscription will cost; None for a price that does not recur."""
    if price.recurring is None:
        return None
    return Price(
        currency=price.currency,
        unit_amount=price.unit_amount,
        product=product_id,
        interval=price.recurring["interval"],
    )


def _check_mode(mode: str, price: PriceData, customer: str | None, *, has_options: bool) -> None:
    """Raise Refusal for a price or a customer that does not go with the mode."""
    if (mode == "subscription") != bool(price.recurring):
        raise Refusal(400, "A price recurs in `subscription` mode, and nowhere else.")
    if customer is None and (price.recurring or has_options):
        raise not_modelled("saving or subscribing without a customer")


def open_page(
    stripe: LocalStripe,
    session: Json,
    parameters: Json,
    *,
    items: list[Item],
    intent: Json,
    price: Price | None = None,
) -> Json:
    """Make a session of any mode and return it; `session` has the fields of its mode.

    `parameters` are the PageParameters as they came; `items`, `intent` and `price` go into the
    hidden state. Raises Refusal (400) for a time of expiry that Stripe does not take.
    """
    if customer := session.get("customer"):
        stripe.stored("customer", customer)
    page = PageParameters(**parameters)
    if not HALF_AN_HOUR <= page.expires_at - int(time.time()) <= A_DAY:
        raise Refusal(400, "`expires_at` must be from 30 minutes to 24 hours after creation.")
    made = new("checkout.session", **session, **page.model_dump())
    made["custom_text"] = TEMPLATES["checkout.session"]["custom_text"] | page.custom_text
    made["url"] = f"{stripe.settings.url}/pay/{made['id']}"
    stripe.keep(made)
    hidden = HiddenState(
        page=made["id"],
        items=items,
        intent=intent,
        price=price,
        interval=price.interval if price else None,
    )
    schedule(stripe, hidden, Due(at=page.expires_at, step=EXPIRE))
    return made


def expire_session(stripe: LocalStripe, id: str) -> Json:
    """Answer POST /v1/checkout/sessions/{id}/expire. Raises Refusal (400) unless it is open.

    https://docs.stripe.com/api/checkout/sessions/expire
    """
    session = stripe.stored("checkout.session", id)
    if session["status"] != "open":
        raise Refusal(400, f"Only open sessions can be expired; this one is {session['status']}.")
    return expire(stripe, session)

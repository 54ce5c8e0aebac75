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
from sandbox.stripe.currencies import TOTAL_DUE, check_total
from sandbox.stripe.form_encoding import FormList
from sandbox.stripe.hidden_state import EXPIRE, Due, HiddenState, Item, Price
from sandbox.stripe.local_stripe import LocalStripe
from sandbox.stripe.objects import TEMPLATES, new
from sandbox.stripe.parameters import (
    A_DAY,
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


class LinkOptions(StrictModel):
    """Whether a page offers Link, which the local Stripe does not have, so never does."""

    display: Literal["auto", "never"] | None = None


class WalletOptions(StrictModel):
    """Which wallets a page offers, of those that can be chosen."""

    link: LinkOptions | None = None


class Message(StrictModel):
    """A sentence on the page."""

    message: Annotated[str, Field(min_length=1, max_length=1200)]


class PageParameters(StrictModel):
    """Parameters of sessions in all modes; `expires_at` is in seconds of the epoch."""

    success_url: Url
    cancel_url: Url | None = None
    client_reference_id: Annotated[str, Field(min_length=1, max_length=200)] | None = None
    expires_at: WholeNumber = Field(default_factory=lambda: int(time.time()) + A_DAY)
    locale: Literal["auto", "en", "ru"] | None = None
    metadata: Metadata = Field(default={})
    custom_text: dict[Literal["submit"], Message] = Field(default={})
    wallet_options: WalletOptions | None = None


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
    _refuse_data_of_other_mode(mode, payment_intent_data, subscription_data)
    price, quantity = line_items[0].price_data, line_items[0].quantity
    if quantity is None:
        raise Refusal(400, "Quantity is required. Add `quantity` to `line_items[0]`")
    total = price.unit_amount * quantity
    check_total(total, price.currency, of=TOTAL_DUE)
    check_converted(stripe, total, price.currency)
    options = saved_payment_method_options
    _check_mode(mode, price, customer, has_options=options is not None)
    product = _product_of(stripe, price)
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
        interval=price.recurring.interval,
    )


def _product_of(stripe: LocalStripe, price: PriceData) -> Json:
    """Return the product of a price, or make it. Raises Refusal (400) unless there is one way."""
    if price.product and price.product_data:
        message = "You may only specify one of these parameters: product, product_data."
        raise Refusal(400, message, param=PRODUCT_PARAMETER)
    if price.product is None and price.product_data is None:
        missing = PRODUCT_PARAMETER.replace("[product]", "[product_data]")
        message = f"Missing required param: {missing}."
        raise Refusal(400, message, code="parameter_missing", param=missing)
    name = price.product_data.name if price.product_data else ""
    return product_of_price(stripe, price.product, name, PRODUCT_PARAMETER)


def _refuse_data_of_other_mode(
    mode: str, payment_intent_data: IntentData | None, subscription_data: IntentData | None
) -> None:
    """Raise Refusal (400) for fields of an object that a session of this mode does not make."""
    data = {"subscription_data": subscription_data, "payment_intent_data": payment_intent_data}
    other = "subscription_data" if mode == "payment" else "payment_intent_data"
    if data[other] is not None:
        raise Refusal(400, f"You can not pass `{other}` in `{mode}` mode.", param=other)


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
        stripe.referenced("customer", customer, "customer")
    page = PageParameters(**parameters)
    lasts = page.expires_at - int(time.time())
    if not HALF_AN_HOUR <= lasts <= A_DAY:
        limit = "at least 30 minutes" if lasts < A_DAY else "less than 24 hours"
        message = f"The `expires_at` timestamp must be {limit} from Checkout Session creation."
        raise Refusal(400, message, param="expires_at")
    made = new("checkout.session", **session, **page.model_dump())
    made["custom_text"] = TEMPLATES["checkout.session"]["custom_text"] | made["custom_text"]
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
        raise Refusal(
            400,
            'Only Checkout Sessions with a status in ["open"] can be expired. This Checkout Session'
            f" has a status of `{session['status']}`.",
        )
    return expire(stripe, session)

"""The calls of Stripe's API about pages, intents, customers and events.

A function's signature is the whole of what the call takes here, read from Stripe's form encoding:
what is missing or wrong is a 400, any other parameter a 501.
"""

import time
from collections.abc import Callable
from typing import Annotated, Any, Literal
from urllib.parse import parse_qsl

from pydantic import BeforeValidator, Field

from sandbox.doors import Refusal, Shape, not_modelled
from sandbox.store import Json
from sandbox.stripe.objects import CURRENCIES, TEMPLATES, new, new_id
from sandbox.stripe.products import priced
from sandbox.stripe.sessions import LocalStripe, allows

HALF_AN_HOUR, A_DAY = 1_800, 86_400

Call = Callable[..., Json]
Listed = BeforeValidator(lambda form: list(form.values()) if isinstance(form, dict) else form)
Whole = Annotated[int, Field(ge=0, le=2**53)]
Text = Annotated[str, Field(min_length=1, max_length=5000)]
Url = Annotated[str, Field(pattern=r"^https?://[^/\s]+")]
Saving = dict[Literal["payment_method_save"], Literal["enabled", "disabled"]]
Metadata = dict[str, Annotated[str, Field(max_length=500)]]
Limit = Annotated[int, Field(ge=1, le=100)]


class Price(Shape):
    """An inline price, in the charge unit."""

    currency: str
    unit_amount: Whole
    product_data: dict[Literal["name"], Text] = Field(default={"name": "Top-up"})
    product: str | None = None
    recurring: dict[Literal["interval"], Literal["week", "month"]] | None = None


class Line(Shape):
    """One line of a session, or (`id`) a subscription's with another price."""

    id: str | None = None
    quantity: Annotated[int, Field(ge=1)] = 1
    price_data: Price


class IntentData(Shape):
    """What the payment intent, or the subscription, will carry."""

    description: Text | None = None
    metadata: Metadata = Field(default={})


class PageAsked(Shape):
    """What pages of all modes have in common."""

    success_url: Url
    cancel_url: Url | None = None
    client_reference_id: Annotated[str, Field(min_length=1, max_length=200)] | None = None
    expires_at: Whole = Field(default_factory=lambda: int(time.time()) + A_DAY)
    locale: Literal["auto", "en", "ru"] | None = None
    metadata: Metadata = Field(default={})
    custom_text: dict[Literal["submit"], dict[Literal["message"], Text]] = Field(default={})


def create_session(
    stripe: LocalStripe,
    *,
    mode: Literal["payment", "subscription"],
    line_items: Annotated[list[Line], Listed, Field(min_length=1, max_length=1)],
    payment_intent_data: IntentData | None = None,
    subscription_data: IntentData | None = None,
    customer: Text | None = None,
    saved_payment_method_options: Saving | None = None,
    **page: Any,
) -> Json:
    """POST /v1/checkout/sessions (docs.stripe.com/api/checkout/sessions/create)."""
    price, quantity = line_items[0].price_data, line_items[0].quantity
    total = price.unit_amount * quantity
    check_total(total, price.currency)
    if (mode == "subscription") != bool(price.recurring):
        raise Refusal(400, "A price recurs in `subscription` mode, and nowhere else.")
    if customer is None and (price.recurring or saved_payment_method_options):
        raise not_modelled("saving or subscribing without a customer")
    param = "line_items[0][price_data][product]"
    product = priced(stripe, price.product, price.product_data["name"], param)
    price.product = product["id"]
    item = {"description": product["name"], "quantity": quantity, "amount": total}
    intent = (payment_intent_data or subscription_data or IntentData()).model_dump()
    money = {"amount_subtotal": total, "amount_total": total, "currency": price.currency}
    about: Json = {"mode": mode, "customer": customer, **money}
    if saved_payment_method_options:
        shown = {"allow_redisplay_filters": ["always"], "payment_method_remove": None}
        about["saved_payment_method_options"] = saved_payment_method_options | shown
    backstage = {"items": [item], "intent": intent, "price": price.model_dump()}
    return open_page(stripe, about, backstage | (price.recurring or {}), page)


def open_page(stripe: LocalStripe, about: Json, backstage: Json, asked: Json) -> Json:
    """A page of any mode: `about` is what its mode makes of it, `asked` what all modes take."""
    if customer := about.get("customer"):
        stripe.stored("customer", customer)
    page = PageAsked(**asked).model_dump()
    if not HALF_AN_HOUR <= page["expires_at"] - int(time.time()) <= A_DAY:
        raise Refusal(400, "`expires_at` must be from 30 minutes to 24 hours after creation.")
    page["custom_text"] = TEMPLATES["checkout.session"]["custom_text"] | page["custom_text"]
    session = new("checkout.session", **about, **page)
    session["url"] = f"{stripe.settings.url}/pay/{session['id']}"
    stripe.store.put("checkout.session", session["id"], session)
    due = {"at": page["expires_at"], "step": "expire", "card": None}
    stripe.expect({"session": session["id"], **backstage, "due": due})
    return session


def check_total(total: int, currency: str) -> None:
    """Refuse what Stripe does not charge."""
    check_currency(currency)
    step, least, most = (CURRENCIES[currency][name] for name in ("step", "minimum", "maximum"))
    if total % step:
        raise Refusal(400, f"Invalid integer: {total}. In {currency}, multiples of {step} only.")
    if not least <= total <= most:
        code = "amount_too_small" if total < least else "amount_too_large"
        raise Refusal(400, f"The total must be from {least} to {most} minor units.", code=code)


def check_currency(currency: str) -> None:
    """Refuse a currency that is not in the table."""
    if currency not in CURRENCIES:
        raise Refusal(400, f"Invalid currency: {currency}. Here are: {', '.join(CURRENCIES)}")


def expire_session(stripe: LocalStripe, id: str) -> Json:
    """POST /v1/checkout/sessions/{id}/expire."""
    session = stripe.stored("checkout.session", id)
    if session["status"] != "open":
        raise Refusal(400, f"Only open sessions can be expired; this one is {session['status']}.")
    return stripe.move(session, "expire")


def create_intent(
    stripe: LocalStripe,
    *,
    amount: Whole,
    currency: str,
    automatic_payment_methods: dict[Literal["enabled"], Literal["true"]],
    **carried: Any,
) -> Json:
    """POST /v1/payment_intents (docs.stripe.com/api/payment_intents/create)."""
    check_total(amount, currency)
    about = IntentData(**carried).model_dump()
    intent = new("payment_intent", amount=amount, currency=currency, **about)
    intent["automatic_payment_methods"] = {"allow_redirects": "always", "enabled": True}
    intent["client_secret"] = new_id(f"{intent['id']}_secret_")
    item = {"description": about["description"], "quantity": 1, "amount": amount}
    backstage = {"session": intent["id"], "items": [item], "due": {}}
    stripe.store.put("backstage", intent["id"], backstage)
    return stripe.changed(intent, "created")


def cancel_intent(stripe: LocalStripe, id: str) -> Json:
    """POST /v1/payment_intents/{id}/cancel: one that nobody has paid, and that has no session."""
    intent = stripe.stored("payment_intent", id)
    if intent["client_secret"] is None or not allows("cancel", intent, intent):
        message = f"This PaymentIntent's status is {intent['status']}: it cannot be canceled."
        raise Refusal(400, message, code="payment_intent_unexpected_state")
    return stripe.move(intent, "cancel")


def create_customer(stripe: LocalStripe, *, name: Text, metadata: Metadata | None = None) -> Json:
    """POST /v1/customers (docs.stripe.com/api/customers/create)."""
    return stripe.changed(new("customer", name=name, metadata=metadata or {}), "created")


def update_price(stripe: LocalStripe, id: str) -> Json:
    """POST /v1/prices/{id}: prices are made inline here, and nobody changes one."""
    return stripe.stored("price", id)


def decoded(form: str) -> Json:
    """Query or body text to nested dicts of text: `a[b][0]=1` to `{"a": {"b": {"0": "1"}}}`."""
    root: Json = {}
    for key, value in parse_qsl(form, keep_blank_values=True):
        *outer, last = key.replace("]", "").split("[")
        current = root
        for part in outer:
            current = current.setdefault(part, {})
        current[last] = value
    return root

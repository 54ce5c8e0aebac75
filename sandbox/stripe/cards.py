"""Saved cards: setup sessions, payment methods, the customer's default, and the billing portal."""

import time
from hashlib import sha256
from typing import Any, Literal

from sandbox.doors import Refusal
from sandbox.store import Json
from sandbox.stripe.calls import Limit, Metadata, Text, Url, open_page
from sandbox.stripe.objects import METHODS, TABLES, TEMPLATES, filled, listed, made, new, step_of
from sandbox.stripe.sessions import LocalStripe

TOKENS: dict[str, str] = TABLES["tokens"]
SETUPS: dict[str, Json] = TABLES["setups"]
InvoiceSettings = dict[Literal["default_payment_method"], Text]


def create_setup(
    stripe: LocalStripe,
    *,
    mode: Literal["setup"],
    customer: Text,
    currency: Text,
    setup_intent_data: dict[Literal["metadata"], Metadata] | None = None,
    **page: Any,
) -> Json:
    """POST /v1/checkout/sessions (docs.stripe.com/payments/save-and-reuse)."""
    intent = new("setup_intent", customer=customer) | (setup_intent_data or {})
    about: Json = {"mode": mode, "customer": customer, "currency": currency}
    about |= {"setup_intent": intent["id"], **TEMPLATES["saving"]}
    session = open_page(stripe, about, {"items": [], "intent": {}}, page)
    stripe.changed(intent, "created")
    return session


def save(stripe: LocalStripe, session: Json, card: str, step: str) -> Json:
    """Try to save a card on the page of a setup session; answers the session."""
    step = METHODS[card].get("saving", step)
    intent = stripe.stored("setup_intent", session["setup_intent"])
    intent |= filled(SETUPS[step]["changes"], {"null": None, "error": METHODS[card].get("error")})
    if step == "succeed":
        saved = new_method(stripe, card, session["customer"], "limited")
        intent["payment_method"] = saved["id"]
        session |= {"status": "complete", "url": None, "customer_details": TEMPLATES["nobody"]}
    stripe.tell(SETUPS[step]["events"], intent, session)
    return session


def new_method(
    stripe: LocalStripe, number: str, customer: str, redisplay: str, **more: str
) -> Json:
    """A card with this test number, attached; which number it has, Stripe never shows."""
    facts = {"last4": number[-4:], **METHODS[number], "customer": customer, "redisplay": redisplay}
    facts["exp_year"] = time.gmtime().tm_year + 5
    facts["fingerprint"] = sha256(number.encode()).hexdigest()[:16]
    method = made("payment_method", facts) | more
    stripe.store.put("number_behind", method["id"], {"number": number})
    return stripe.changed(method, "attached")


def number_behind(stripe: LocalStripe, method_id: str, customer: str) -> str:
    """The test number of this customer's saved card: how it behaves stands in the table."""
    if stripe.stored("payment_method", method_id)["customer"] != customer:
        raise Refusal(400, "The customer has no such payment method.", code="resource_missing")
    return str(stripe.stored("number_behind", method_id)["number"])


def update_method(
    stripe: LocalStripe, id: str, *, allow_redisplay: Literal["always", "limited"]
) -> Json:
    """POST /v1/payment_methods/{id}."""
    method = stripe.stored("payment_method", id)
    return stripe.changed(method | {"allow_redisplay": allow_redisplay}, "updated")


def attach(stripe: LocalStripe, id: str, *, customer: Text) -> Json:
    """POST /v1/payment_methods/{id}/attach: one of Stripe's test methods becomes a new one."""
    stripe.stored("customer", customer)
    if id not in TOKENS:
        number_behind(stripe, id, customer)
        return stripe.stored("payment_method", id)
    if step_of(TOKENS[id], "saving") == "decline":
        raise Refusal(402, **METHODS[TOKENS[id]]["error"])
    return new_method(stripe, TOKENS[id], customer, "unspecified")


def detach(stripe: LocalStripe, id: str) -> Json:
    """POST /v1/payment_methods/{id}/detach; it can never be attached again."""
    method = stripe.stored("payment_method", id)
    if method["customer"] is None:
        raise Refusal(400, "The payment method you provided is not attached to a customer.")
    customer = stripe.stored("customer", method["customer"])
    if customer["invoice_settings"]["default_payment_method"] == id:
        customer["invoice_settings"]["default_payment_method"] = None
        stripe.changed(customer, "updated")
    return stripe.changed(method | {"customer": None}, "detached")


def update_customer(
    stripe: LocalStripe, id: str, *, invoice_settings: InvoiceSettings | None = None
) -> Json:
    """POST /v1/customers/{id}: what is charged unless somebody says otherwise."""
    customer = stripe.stored("customer", id)
    if invoice_settings is None:
        return customer
    number_behind(stripe, invoice_settings["default_payment_method"], id)
    customer["invoice_settings"] |= invoice_settings
    return stripe.changed(customer, "updated")


def list_methods(stripe: LocalStripe, id: str, *, limit: Limit = 10) -> Json:
    """GET /v1/customers/{id}/payment_methods, newest first."""
    found = stripe.newest("payment_method", customer=id)
    return listed(found, f"/v1/customers/{id}/payment_methods", limit)


def list_portal_configurations(
    stripe: LocalStripe,
    *,
    active: Literal["true", "false"] | None = None,
    is_default: Literal["true", "false"] | None = None,
    limit: Limit = 10,
) -> Json:
    """GET /v1/billing_portal/configurations: the default one, once its settings were saved."""
    there = not stripe.faults.portal_unsaved and "false" not in (active, is_default)
    found = [TEMPLATES["billing_portal.configuration"]] if there else []
    return listed(found, "/v1/billing_portal/configurations", limit)


def create_portal(stripe: LocalStripe, *, customer: Text, return_url: Url) -> Json:
    """POST /v1/billing_portal/sessions."""
    stripe.stored("customer", customer)
    if stripe.faults.portal_unsaved:
        raise Refusal(
            400,
            "No configuration provided and your test mode default configuration has not been"
            " created. Provide a configuration or create your default by saving your customer"
            " portal settings in test mode at"
            " https://dashboard.stripe.com/test/settings/billing/portal.",
            param="configuration",
        )
    portal = new("billing_portal.session", customer=customer, return_url=return_url)
    portal["url"] = f"{stripe.settings.url}/portal/{portal['id']}"
    stripe.tell([], portal)
    return portal


async def see_portal(stripe: LocalStripe, id: str) -> Json:
    """What the portal's page shows: the customer's cards, and which is the default."""
    portal = stripe.stored("billing_portal.session", id)
    customer = stripe.stored("customer", portal["customer"])
    cards = stripe.newest("payment_method", customer=customer["id"])
    return {"return_url": portal["return_url"], "customer": customer, "cards": cards}


async def use_portal(
    stripe: LocalStripe, id: str, act: Literal["remove", "default"], card: str
) -> Json:
    """What its buttons do."""
    customer = stripe.stored("billing_portal.session", id)["customer"]
    if act == "default":
        update_customer(stripe, customer, invoice_settings={"default_payment_method": card})
    else:
        detach(stripe, card)
    return await see_portal(stripe, id)


async def see_cards(stripe: LocalStripe) -> Json:
    """Every card that somebody has, newest first, for the console."""
    return {"cards": [m for m in stripe.newest("payment_method") if m["customer"]]}


async def reissue(stripe: LocalStripe, id: str, exp_month: int, exp_year: int) -> Json:
    """The bank told the card network another expiry, and that told Stripe."""
    method = stripe.stored("payment_method", id)
    method["card"] |= {"exp_month": exp_month, "exp_year": exp_year}
    return stripe.changed(method, "automatically_updated")

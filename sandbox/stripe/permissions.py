"""Permissions that a restricted key needs for each call.

https://docs.stripe.com/keys/restricted-api-keys. The local key may do everything except what the
fault `lacks` names: `product_write`, or `product_read`, which includes writing.
"""

from dataclasses import dataclass
from typing import Literal

from sandbox.refusals import Refusal

DASHBOARD = "https://dashboard.stripe.com"
Level = Literal["read", "write"]


@dataclass(frozen=True)
class Resource:
    """A row of Stripe's form for restricted keys: its name in errors, and its title."""

    name: str
    title: str


CHECKOUT_SESSIONS = Resource("checkout_session", "Checkout Sessions")
PAYMENT_INTENTS = Resource("payment_intent", "Payment Intents")
PAYMENT_METHODS = Resource("payment_method", "Payment Methods")
CUSTOMERS = Resource("customer", "Customers")
CUSTOMER_PORTAL = Resource("customer_portal", "Customer Portal")
PRODUCTS = Resource("product", "Products")
PRICES = Resource("plan", "Prices")
SUBSCRIPTIONS = Resource("subscription", "Subscriptions")
CHARGES = Resource("charge", "Charges and Refunds")
SETUP_INTENTS = Resource("setup_intent", "Setup Intents")
INVOICES = Resource("invoice", "Invoices")
EVENTS = Resource("event", "Events")
WEBHOOK_ENDPOINTS = Resource("webhook", "Webhook Endpoints")
DISPUTES = Resource("dispute", "Disputes")
ACCOUNTS = Resource("account", "Accounts")
BALANCE = Resource("balance_transaction_source", "Balance Transaction Sources")

# By what a path begins with; a GET needs to read, all else to write.
RESOURCES = {
    "/v1/checkout/sessions": CHECKOUT_SESSIONS,
    "/v1/payment_intents": PAYMENT_INTENTS,
    "/v1/payment_methods": PAYMENT_METHODS,
    "/v1/customers/{id}/payment_methods": PAYMENT_METHODS,
    "/v1/customers": CUSTOMERS,
    "/v1/billing_portal": CUSTOMER_PORTAL,
    "/v1/products": PRODUCTS,
    "/v1/prices": PRICES,
    "/v1/subscriptions": SUBSCRIPTIONS,
    "/v1/refunds": CHARGES,
    "/v1/charges": CHARGES,
    "/v1/setup_intents": SETUP_INTENTS,
    "/v1/invoices": INVOICES,
    "/v1/events": EVENTS,
    "/v1/webhook_endpoints": WEBHOOK_ENDPOINTS,
    "/v1/disputes": DISPUTES,
    "/v1/account": ACCOUNTS,
    "/v1/balance_transactions": BALANCE,
}
# What a call needs beside that, by what its form or query names.
NEEDED_BY_PARAMETER: dict[str, tuple[Resource, Level]] = {
    "[price_data]": (PRICES, "write"),
    "payment_intent_data": (PAYMENT_INTENTS, "write"),
    "=setup_intent": (SETUP_INTENTS, "read"),
    "=payment_intent": (PAYMENT_INTENTS, "read"),
    "=latest_charge": (CHARGES, "read"),
    "=latest_invoice": (INVOICES, "read"),
}


def check_permission(lacks: list[str], key: str, method: str, path: str, form: str) -> None:
    """Raise Refusal (403), in Stripe's words, where the key lacks a permission for a call.

    `path` is the route's, with `{id}`; `form` the decoded query or body.
    """
    if not lacks:
        return
    for resource, level in _needed(method, path, form):
        allowing = ("read",) if level == "read" else ("read", "write")
        if any(f"{resource.name}_{each}" in lacks for each in allowing):
            raise _lacking(key, resource, level)


def _needed(method: str, path: str, form: str) -> list[tuple[Resource, Level]]:
    """Return what a call needs; nothing for a path that is not in the table."""
    beginnings = [each for each in RESOURCES if path.startswith(each)]
    if not beginnings:
        return []
    resource = RESOURCES[max(beginnings, key=len)]
    beside = [need for part, need in NEEDED_BY_PARAMETER.items() if part in form]
    return [(resource, "read" if method == "GET" else "write"), *beside]


def _lacking(key: str, resource: Resource, level: Level) -> Refusal:
    return Refusal(
        403,
        f"Permission denied. The provided key '{key[:8]}{'*' * 12}{key[-4:]}' does not have"
        " the required permissions for this endpoint on account 'acct_sandbox'. Enabling"
        f" \"{resource.title} {level.title()}\" ('{resource.name}_{level}') permissions on this"
        " key would allow this request to continue. You can edit permissions at"
        f" {DASHBOARD}/apikeys",
        code="more_permissions_required",
        doc_url="https://stripe.com/docs/error-codes/more-permissions-required",
    )

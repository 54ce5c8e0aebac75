"""Permissions that the key needs at Stripe, by the rows of the form for restricted keys.

`doctor` tries them, docs/going-live.md lists them, and tests prove that the backend makes no other
call. https://docs.stripe.com/keys/restricted-api-keys
"""

from typing import NamedTuple

from backend.schemas import Json

NOBODY = "pursebot_doctor"  # ends ids of objects that do not exist


class Permission(NamedTuple):
    """One row of the form.

    `calls` are those that need it. `probe` is a call that changes nothing, whatever the key may do:
    a list of one, or a change of an object that does not exist; Stripe checks the key first. `why`
    completes the sentence "it is needed".
    """

    name: str
    level: str  # write, which includes read, or read
    calls: tuple[str, ...]
    probe: str
    why: str
    sent: Json = {}  # noqa: RUF012  # parameters of the probe; never changed


PERMISSIONS = (
    Permission(
        "Checkout Sessions",
        "write",
        (
            "POST /v1/checkout/sessions",
            "GET /v1/checkout/sessions",
            "GET /v1/checkout/sessions/{session}",
            "POST /v1/checkout/sessions/{session}/expire",
        ),
        f"POST /v1/checkout/sessions/cs_{NOBODY}/expire",
        "for the pages that people pay on",
    ),
    Permission(
        "Payment Intents",
        "write",
        (
            "POST /v1/payment_intents",
            "GET /v1/payment_intents",
            "GET /v1/payment_intents/{intent}",
            "POST /v1/payment_intents/{intent}/cancel",
        ),
        f"POST /v1/payment_intents/pi_{NOBODY}/cancel",
        "to charge saved cards and to see what was paid",
    ),
    Permission(
        "Payment Methods",
        "write",
        (
            "GET /v1/customers/{customer}/payment_methods",
            "GET /v1/payment_methods/{payment_method}",
            "POST /v1/payment_methods/{payment_method}",
            "POST /v1/payment_methods/{payment_method}/attach",
            "POST /v1/payment_methods/{payment_method}/detach",
        ),
        f"POST /v1/payment_methods/pm_{NOBODY}/detach",
        "to save and remove cards",
    ),
    Permission(
        "Customers",
        "write",
        (
            "POST /v1/customers",
            "GET /v1/customers/{customer}",
            "POST /v1/customers/{customer}",
        ),
        f"POST /v1/customers/cus_{NOBODY}",
        "because saved cards and recurring top-ups belong to one",
    ),
    Permission(
        "Customer Portal",
        "write",
        ("POST /v1/billing_portal/sessions", "GET /v1/billing_portal/configurations"),
        "POST /v1/billing_portal/sessions",
        "for Stripe's page of cards and invoices",
        {"customer": f"cus_{NOBODY}"},
    ),
    Permission(
        "Products",
        "write",
        ("POST /v1/products", "GET /v1/products/{id}", "POST /v1/products/{id}"),
        f"POST /v1/products/{NOBODY}",
        "because every price belongs to one",
    ),
    Permission(
        "Prices",
        "write",
        (),  # created inline, with pages and subscriptions
        f"POST /v1/prices/price_{NOBODY}",
        "to name the amount of a page or a recurring top-up",
    ),
    Permission(
        "Subscriptions",
        "write",
        (
            "POST /v1/subscriptions",
            "GET /v1/subscriptions",
            "GET /v1/subscriptions/{subscription_exposed_id}",
            "POST /v1/subscriptions/{subscription_exposed_id}",
            "DELETE /v1/subscriptions/{subscription_exposed_id}",
        ),
        f"POST /v1/subscriptions/sub_{NOBODY}",
        "for recurring top-ups",
    ),
    Permission(
        "Charges and Refunds",
        "write",
        (
            "POST /v1/refunds",
            "GET /v1/refunds",
            "GET /v1/refunds/{refund}",
            "GET /v1/charges/{charge}",
            "GET /v1/radar/early_fraud_warnings/{early_fraud_warning}",
        ),
        "POST /v1/refunds",
        "for refunds and receipts",
        {"payment_intent": f"pi_{NOBODY}"},
    ),
    Permission(
        "Setup Intents",
        "read",
        ("GET /v1/setup_intents/{intent}",),
        "GET /v1/setup_intents",
        "to see which card was added",
        {"limit": 1},
    ),
    Permission(
        "Invoices",
        "read",
        ("GET /v1/invoices/{invoice}",),
        "GET /v1/invoices",
        "to credit recurring top-ups",
        {"limit": 1},
    ),
    Permission(
        "Disputes",
        "read",
        ("GET /v1/disputes", "GET /v1/disputes/{dispute}"),
        "GET /v1/disputes",
        "to see what a dispute took",
        {"limit": 1},
    ),
    Permission(
        "Accounts",
        "read",
        ("GET /v1/account",),
        "GET /v1/account",
        "to see whose account it is",
    ),
    Permission(
        "Events",
        "read",
        ("GET /v1/events", "GET /v1/events/{id}"),
        "GET /v1/events",
        "to find what no webhook brought",
        {"limit": 1},
    ),
    Permission(
        "Webhook Endpoints",
        "read",
        ("GET /v1/webhook_endpoints",),
        "GET /v1/webhook_endpoints",
        "for doctor, which looks whether Stripe posts its events here",
        {"limit": 1},
    ),
)


def permission_names(level: str) -> list[str]:
    """Return the rows of the form that need `level`, in the table's order."""
    return [permission.name for permission in PERMISSIONS if permission.level == level]

"""Permissions that the key needs at Stripe, by the rows of the form for restricted keys.

`doctor` tries them, docs/going-live.md lists them, and tests prove that the backend makes no other
call. https://docs.stripe.com/keys/restricted-api-keys
"""

import re
from typing import NamedTuple

from backend.schemas import Json

NOBODY = "pursebot_doctor"  # ends ids of objects that do not exist


class Permission(NamedTuple):
    """One row of the form.

    `slug` is the row in Stripe's refusals: `product` in "'product_write'". `calls` are those that
    need it. `probe` is a call that changes nothing, whatever the key may do: a list of one, or a
    change of an object that does not exist; Stripe checks the key first. `why` completes the
    sentence "it is needed".
    """

    name: str
    slug: str
    level: str  # write, which includes read, or read
    calls: tuple[str, ...]
    probe: str
    why: str
    sent: Json = {}  # noqa: RUF012  # parameters of the probe; never changed

    @property
    def title(self) -> str:
        """The row and what to choose in it: "Products: Write"."""
        return f"{self.name}: {self.level.title()}"

    def is_for(self, call: str) -> bool:
        """Return whether a call with its ids, such as "GET /v1/events/evt_1", needs it."""
        return any(
            re.fullmatch(re.sub(r"\\{\w+\\}", "[^/]+", re.escape(each)), call)
            for each in self.calls
        )


PERMISSIONS = (
    Permission(
        "Checkout Sessions",
        "checkout_session",
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
        "payment_intent",
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
        "payment_method",
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
        "customer",
        "write",
        (
            "POST /v1/customers",
            "GET /v1/customers",
            "GET /v1/customers/{customer}",
            "POST /v1/customers/{customer}",
        ),
        f"POST /v1/customers/cus_{NOBODY}",
        "because saved cards and recurring top-ups belong to one",
    ),
    Permission(
        "Customer Portal",
        "customer_portal",
        "write",
        ("POST /v1/billing_portal/sessions", "GET /v1/billing_portal/configurations"),
        "POST /v1/billing_portal/sessions",
        "for Stripe's page of cards and invoices",
        {"customer": f"cus_{NOBODY}"},
    ),
    Permission(
        "Products",
        "product",
        "write",
        ("POST /v1/products", "GET /v1/products/{id}", "POST /v1/products/{id}"),
        f"POST /v1/products/{NOBODY}",
        "because every price belongs to one",
    ),
    Permission(
        "Prices",
        "plan",
        "write",
        (),  # created inline, with pages and subscriptions
        f"POST /v1/prices/price_{NOBODY}",
        "to name the amount of a page or a recurring top-up",
    ),
    Permission(
        "Subscriptions",
        "subscription",
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
        "charge",
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
        "setup_intent",
        "read",
        ("GET /v1/setup_intents/{intent}",),
        "GET /v1/setup_intents",
        "to see which card was added",
        {"limit": 1},
    ),
    Permission(
        "Invoices",
        "invoice",
        "read",
        ("GET /v1/invoices/{invoice}",),
        "GET /v1/invoices",
        "to credit recurring top-ups",
        {"limit": 1},
    ),
    Permission(
        "Disputes",
        "dispute",
        "read",
        ("GET /v1/disputes", "GET /v1/disputes/{dispute}"),
        "GET /v1/disputes",
        "to see what a dispute took",
        {"limit": 1},
    ),
    Permission(
        "Accounts",
        "account",
        "read",
        ("GET /v1/account",),
        "GET /v1/account",
        "to see whose account it is",
    ),
    Permission(
        "Events",
        "event",
        "read",
        ("GET /v1/events", "GET /v1/events/{id}"),
        "GET /v1/events",
        "to find what no webhook brought",
        {"limit": 1},
    ),
    Permission(
        "Webhook Endpoints",
        "webhook",
        "read",
        ("GET /v1/webhook_endpoints",),
        "GET /v1/webhook_endpoints",
        "for doctor, which looks whether Stripe posts its events here",
        {"limit": 1},
    ),
)


# "Having the 'rak_charge_write' permission would allow this request to continue", and since 2026
# "Enabling Webhook Endpoints, Event Destinations Read ('webhook_read') permissions on this key".
SLUG = re.compile(r"['‘](?:rak_)?(?![rsp]k_)(?P<slug>[a-z_]+)_(?P<level>read|write)['’]")  # noqa: RUF001


def missing_permission(message: str, call: str) -> str | None:
    """Return which permission a refusal (403) of Stripe's is about, as "Products: Write".

    By its message, and where that names none by the `call` that it refused: "POST /v1/products".
    One that is not in the table is returned as Stripe names it. None where neither says it.
    """
    by_slug = {permission.slug: permission for permission in PERMISSIONS}
    names = []
    for match in SLUG.finditer(message):
        row = by_slug.get(match["slug"])
        names.append(row.title if row else f"{match['slug']}_{match['level']}")
    names = names or [each.title for each in PERMISSIONS if each.is_for(call)]
    return ", ".join(dict.fromkeys(names)) or None


def permission_names(level: str) -> list[str]:
    """Return the rows of the form that need `level`, in the table's order."""
    return [permission.name for permission in PERMISSIONS if permission.level == level]

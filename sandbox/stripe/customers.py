"""Customers: who has payment methods and subscriptions, and what they owe."""

from typing import Literal

from sandbox.store import Json
from sandbox.stripe.local_stripe import LocalStripe
from sandbox.stripe.objects import new
from sandbox.stripe.parameters import Metadata, Text
from sandbox.stripe.payment_methods import number_of

InvoiceSettings = dict[Literal["default_payment_method"], Text]


def create_customer(stripe: LocalStripe, *, name: Text, metadata: Metadata | None = None) -> Json:
    """POST /v1/customers (https://docs.stripe.com/api/customers/create)."""
    customer = new("customer", name=name, metadata=metadata or {})
    return stripe.changed(customer, "customer.created")


def update_customer(
    stripe: LocalStripe, id: str, *, invoice_settings: InvoiceSettings | None = None
) -> Json:
    """POST /v1/customers/{id}: set the payment method that is charged unless a call names another.

    https://docs.stripe.com/api/customers/update
    """
    customer = stripe.stored("customer", id)
    if invoice_settings is None:
        return customer
    return set_default_payment_method(stripe, customer, invoice_settings["default_payment_method"])


def set_default_payment_method(stripe: LocalStripe, customer: Json, method_id: str) -> Json:
    """Make one of a customer's payment methods their default; Refusal (400) for another's."""
    number_of(stripe, method_id, customer["id"])
    customer["invoice_settings"]["default_payment_method"] = method_id
    return stripe.changed(customer, "customer.updated")


async def set_balance(stripe: LocalStripe, id: str, balance: int) -> Json:
    """Set what a customer owes (below 0: is owed), in the charge unit of their next invoice."""
    customer = stripe.stored("customer", id) | {"balance": balance}
    stripe.changed(customer, "customer.updated")
    return {"id": customer["id"], "balance": customer["balance"]}

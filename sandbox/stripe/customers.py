"""Customers, their default payment method and their balance."""

import re
from typing import Annotated, Literal

from pydantic import Field

from sandbox.refusals import Refusal
from sandbox.store import Json
from sandbox.stripe.local_stripe import LocalStripe
from sandbox.stripe.objects import new
from sandbox.stripe.parameters import Metadata, Text
from sandbox.stripe.payment_methods import number_of

DEFAULT = "invoice_settings[default_payment_method]"
Name = Annotated[str, Field(min_length=1, max_length=256)]
InvoiceSettings = dict[Literal["default_payment_method"], Text]
Email = Annotated[str, Field(max_length=512)]
EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")


def create_customer(
    stripe: LocalStripe,
    *,
    name: Name | None = None,
    email: Email | None = None,
    metadata: Metadata | None = None,
) -> Json:
    """Answer POST /v1/customers (https://docs.stripe.com/api/customers/create)."""
    require_email(stripe, email)
    customer = new("customer", name=name, email=email, metadata=metadata or {})
    return stripe.changed(customer, "customer.created")


def update_customer(
    stripe: LocalStripe,
    id: str,
    *,
    email: Email | None = None,
    invoice_settings: InvoiceSettings | None = None,
) -> Json:
    """Answer POST /v1/customers/{id}: set the e-mail address, or the default payment method.

    Raises Refusal (404) for a customer who was deleted.

    https://docs.stripe.com/api/customers/update
    """
    customer = stripe.stored("customer", id)
    if customer.get("deleted"):
        raise Refusal(404, f"No such customer: '{id}'", code="resource_missing", param="id")
    require_email(stripe, email)
    if email is not None:
        customer = stripe.changed(customer | {"email": email}, "customer.updated")
    if invoice_settings is None:
        return customer
    return set_default_payment_method(stripe, customer, invoice_settings["default_payment_method"])


def require_email(stripe: LocalStripe, email: str | None) -> None:
    """Raise Refusal (400) for what Stripe takes for no address, or `refused_emails` has.

    https://docs.stripe.com/error-codes#email-invalid
    """
    if email is None or (EMAIL.fullmatch(email) and email not in stripe.faults.refused_emails):
        return
    message = f"Invalid email address: {email}"
    raise Refusal(400, message, code="email_invalid", param="email")


def set_default_payment_method(stripe: LocalStripe, customer: Json, method_id: str) -> Json:
    """Make a payment method its customer's default. Raises Refusal (400) for another customer's."""
    number_of(stripe, method_id, customer["id"], DEFAULT)
    customer["invoice_settings"]["default_payment_method"] = method_id
    return stripe.changed(customer, "customer.updated")


async def set_balance(stripe: LocalStripe, id: str, balance: int) -> Json:
    """Set a customer's balance in the charge unit: above 0 is owed to us, and due with an invoice.

    https://docs.stripe.com/billing/customer/balance
    """
    customer = stripe.stored("customer", id) | {"balance": balance}
    stripe.changed(customer, "customer.updated")
    return {"id": customer["id"], "balance": customer["balance"]}

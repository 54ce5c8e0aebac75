"""Invoices of subscriptions: what each came to, and which intents paid it."""

from typing import Any, Self

from pydantic import ModelWrapValidatorHandler, model_validator

from backend.stripe.metadata import INSTALLATION_METADATA, SUBSCRIPTION_METADATA, metadata_id
from backend.stripe.parsers.documented import Documented, Identified
from backend.stripe.parsers.facts import InvoiceFact, InvoiceOutcome


class PaidBy(Documented):
    """What paid, by the type of it: an intent, or a charge without one."""

    payment_intent: str | None = None


class InvoicePayment(Documented):
    """https://docs.stripe.com/api/invoice-payment/object; the amount in minor units."""

    status: str
    amount_paid: int | None = None
    payment: PaidBy


class InvoicePayments(Documented):
    """What was paid, or is to be."""

    data: list[InvoicePayment]


class SubscriptionDetails(Documented):
    """The subscription, with its metadata as it was when the invoice was made."""

    subscription: str | None = None
    metadata: dict[str, str] | None = None


class InvoiceParent(Documented):
    """What made the invoice."""

    subscription_details: SubscriptionDetails | None = None


class Invoice(Identified):
    """https://docs.stripe.com/api/invoices/object, of the API since 2025-03-31.

    Amounts in minor units. `payments` is there where Stripe was asked for it.
    """

    livemode: bool
    status: str | None
    currency: str
    amount_due: int
    amount_paid: int
    total: int
    total_excluding_tax: int | None
    billing_reason: str | None
    attempted: bool
    attempt_count: int
    hosted_invoice_url: str | None = None
    invoice_pdf: str | None = None
    parent: InvoiceParent | None = None
    payments: InvoicePayments | None = None

    @model_validator(mode="wrap")
    @classmethod
    def refuse_older(cls, source: Any, handler: ModelWrapValidatorHandler[Self]) -> Self:
        """Refuse an invoice of an older API, which names its subscription itself."""
        invoice = handler(source)
        if invoice.subscription_details is None and "subscription" in source:
            raise ValueError("an invoice of an API version before 2025-03-31")
        return invoice

    @property
    def subscription_details(self) -> SubscriptionDetails | None:
        """Whose it is, if a subscription made it."""
        return self.parent.subscription_details if self.parent else None

    @property
    def paid_by(self) -> dict[str, int]:
        """The intents that paid it, and how much of it in minor units."""
        made = self.payments.data if self.payments else []
        return {
            one.payment.payment_intent: one.amount_paid or 0
            for one in made
            if one.status == "paid" and one.payment.payment_intent
        }


def parse_invoice(invoice: Invoice, outcome: InvoiceOutcome | None) -> InvoiceFact:
    """Say that `outcome` happened on an invoice; only a subscription's is about us.

    An event does not say who paid it, so Stripe is asked, and what its intents paid counts: not
    what came from elsewhere (a balance, or out of band), nor what a discount left out. One that
    comes to less than Stripe charges is paid with nothing, and the next one carries it.
    """
    details, paid = invoice.subscription_details, invoice.paid_by
    concerns_us = details is not None and (invoice.amount_paid > 0 or outcome != "paid")
    net = invoice.total_excluding_tax
    metadata = details.metadata if details else None
    return InvoiceFact(
        about="invoice",
        source="invoice",
        outcome=outcome if concerns_us else None,
        installation=metadata_id(metadata, INSTALLATION_METADATA),
        subscription_id=metadata_id(metadata, SUBSCRIPTION_METADATA),
        stripe_subscription_id=details.subscription if details else None,
        invoice_id=invoice.id,
        refetched="payments" in invoice.model_fields_set,
        intents=list(paid),
        intent_id=next(iter(paid), None),
        received_minor=sum(paid.values()),
        tax_minor=0 if net is None else invoice.total - net,
        amount_minor=invoice.amount_due,
        currency=invoice.currency,
        first=invoice.billing_reason == "subscription_create",
        tries=invoice.attempt_count,
        url=invoice.hosted_invoice_url if outcome != "paid" else None,
    )

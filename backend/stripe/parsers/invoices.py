"""Invoices of subscriptions: amounts, and the intents that paid them."""

from typing import Any, Self

from pydantic import ModelWrapValidatorHandler, model_validator

from backend.stripe.metadata import INSTALLATION_METADATA, SUBSCRIPTION_METADATA, metadata_id
from backend.stripe.parsers.documented import Documented, Identified
from backend.stripe.parsers.facts import InvoiceFact, InvoiceOutcome


class PaidBy(Documented):
    """What paid: an intent, or something else without one."""

    payment_intent: str | None = None


class InvoicePayment(Documented):
    """One payment of an invoice; the amount in minor units.

    https://docs.stripe.com/api/invoice-payment/object
    """

    status: str
    amount_paid: int | None = None
    payment: PaidBy


class InvoicePayments(Documented):
    """The payments of an invoice, also those that are open."""

    data: list[InvoicePayment]


class SubscriptionDetails(Documented):
    """The subscription of an invoice, with its metadata when the invoice was created."""

    subscription: str | None = None
    metadata: dict[str, str] | None = None


class InvoiceParent(Documented):
    """What created an invoice."""

    subscription_details: SubscriptionDetails | None = None


class StatusTransitions(Documented):
    """When an invoice changed its status, in seconds since 1970."""

    paid_at: int | None = None


class Invoice(Identified):
    """An invoice, as in API versions since 2025-03-31; amounts in minor units of `currency`.

    `payments` is there if Stripe was asked to expand it.
    https://docs.stripe.com/api/invoices/object
    """

    livemode: bool
    status: str | None
    currency: str
    amount_due: int
    amount_paid: int
    starting_balance: int = 0
    ending_balance: int | None = None
    total: int
    total_excluding_tax: int | None
    billing_reason: str | None
    attempted: bool
    attempt_count: int
    hosted_invoice_url: str | None = None
    invoice_pdf: str | None = None
    parent: InvoiceParent | None = None
    payments: InvoicePayments | None = None
    status_transitions: StatusTransitions | None = None

    @model_validator(mode="wrap")
    @classmethod
    def refuse_older(cls, source: Any, handler: ModelWrapValidatorHandler[Self]) -> Self:
        """Refuse an invoice of an older API version, which has its subscription elsewhere."""
        invoice = handler(source)
        if invoice.subscription_details is None and "subscription" in source:
            raise ValueError("an invoice of an API version before 2025-03-31")
        return invoice

    @property
    def subscription_details(self) -> SubscriptionDetails | None:
        """The subscription that created the invoice, if one did."""
        return self.parent.subscription_details if self.parent else None

    @property
    def paid_by_balance(self) -> int:
        """What the customer's credit balance paid of the total; 0 where they owed something.

        A balance below 0 is credit: https://docs.stripe.com/billing/customer/balance. What else
        makes the amount due differ from the total (a credit note) is not counted.
        """
        applied = (self.ending_balance or 0) - self.starting_balance
        return max(0, applied) if applied == self.total - self.amount_due else 0

    @property
    def paid_by(self) -> dict[str, int]:
        """The intents that paid it, and how much each did, in minor units."""
        paid: dict[str, int] = {}
        for invoice_payment in self.payments.data if self.payments else []:
            stripe_payment_intent_id = invoice_payment.payment.payment_intent
            if invoice_payment.status == "paid" and stripe_payment_intent_id:
                paid[stripe_payment_intent_id] = invoice_payment.amount_paid or 0
        return paid


def parse_invoice(invoice: Invoice, outcome: InvoiceOutcome | None) -> InvoiceFact:
    """Make the fact that `outcome` happened to an invoice; only a subscription's is about us.

    An event does not say what paid it, so the invoice is refetched, and what its intents paid
    counts: not what came from elsewhere (out of band), nor a discount. What the customer's credit
    balance paid was given by the operator: it is the rest of the price, and no money that arrived.
    One below Stripe's minimum is paid with nothing, and the next invoice includes it.
    """
    details, paid = invoice.subscription_details, invoice.paid_by
    is_paid_with_nothing = outcome == "paid" and invoice.amount_paid <= 0
    concerns_us = details is not None and not is_paid_with_nothing
    net = invoice.total_excluding_tax
    metadata = details.metadata if details else None
    transitions = invoice.status_transitions
    return InvoiceFact(
        about="invoice",
        source="invoice",
        outcome=outcome if concerns_us else None,
        happened_at=transitions.paid_at if transitions else None,
        installation=metadata_id(metadata, INSTALLATION_METADATA),
        subscription_id=metadata_id(metadata, SUBSCRIPTION_METADATA),
        stripe_subscription_id=details.subscription if details else None,
        stripe_invoice_id=invoice.id,
        refetched="payments" in invoice.model_fields_set,
        intents=list(paid),
        stripe_payment_intent_id=next(iter(paid), None),
        received_minor=sum(paid.values()),
        tax_minor=0 if net is None else invoice.total - net,
        balance_minor=invoice.paid_by_balance if outcome == "paid" else 0,
        amount_minor=invoice.amount_due,
        currency=invoice.currency,
        first=invoice.billing_reason == "subscription_create",
        tries=invoice.attempt_count,
        url=invoice.hosted_invoice_url if outcome != "paid" else None,
    )

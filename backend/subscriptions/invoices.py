"""Invoices and receipts: Stripe's pages for payments that succeeded."""

import asyncio

from backend import schemas
from backend.database.functions import (
    customers as sql_customers,
    history as sql_history,
    payments as sql_payments,
)
from backend.database.protocol import Person
from backend.failures import StripeRefused, StripeUnavailable
from backend.payments.stripe_objects import require_stripe_id
from backend.schemas import Payment
from backend.services import Services


async def list_invoices(
    services: Services, actor: Person, query: schemas.InvoicesQuery
) -> schemas.Invoices:
    """List payments that succeeded, newest first, each with its invoice or receipt.

    The addresses expire after some weeks, so they are fetched each time. Raises NotFound,
    RoleTooLow, BadCursor, and what `shown_invoices` raises.
    """
    organization_id = query.organization_id
    # Receipts are for owners and admins only, payments for all members.
    await sql_customers.get_customer(services.database, actor, organization_id=organization_id)
    page = await sql_history.list_payments(
        services.database,
        actor,
        organization_id=organization_id,
        status=["succeeded"],
        cursor=query.cursor,
        max_rows=query.limit,
    )
    fetched = await asyncio.gather(
        *(get_invoice_of_payment(services, payment) for payment in page.payments),
        return_exceptions=True,
    )
    return schemas.Invoices(
        invoices=shown_invoices(page.payments, fetched),
        next_cursor=page.next_cursor,
        previous_cursor=page.previous_cursor,
    )


def shown_invoices(
    payments: list[Payment], fetched: list[schemas.Invoice | BaseException]
) -> list[schemas.Invoice]:
    """Return the invoice of each payment; without an address where Stripe did not give it.

    One that Stripe does not have any more (test data were deleted, or the key is another account's)
    takes no other with it. Raises StripeUnavailable or StripeRefused where Stripe answered for
    none, and any exception that is a bug.
    """
    failures = [each for each in fetched if isinstance(each, BaseException)]
    for failure in failures:
        if not isinstance(failure, StripeRefused | StripeUnavailable):
            raise failure
    unanswered = [each for each in failures if not is_missing_at_stripe(each)]
    if unanswered and len(unanswered) == len(fetched):
        raise unanswered[0]
    return [
        schemas.Invoice(payment=payment, url=None, pdf=None)
        if isinstance(invoice, BaseException)
        else invoice
        for payment, invoice in zip(payments, fetched, strict=True)
    ]


def is_missing_at_stripe(failure: BaseException) -> bool:
    """Return whether Stripe answered that it has no such object."""
    if not isinstance(failure, StripeRefused):
        return False
    return failure.facts.get("stripe_code") == "resource_missing"


async def get_invoice_of_payment(services: Services, payment: Payment) -> schemas.Invoice:
    """Fetch the invoice or the receipt of a payment. Raises StripeUnavailable, StripeRefused."""
    row = await sql_payments.get_payment_for_service(services.database, payment_id=payment.id)
    if row.stripe_invoice_id:
        invoice = await services.stripe.get_invoice(row.stripe_invoice_id)
        return schemas.Invoice(
            payment=payment, url=invoice.hosted_invoice_url, pdf=invoice.invoice_pdf
        )
    stripe_payment_intent_id = require_stripe_id(row.stripe_payment_intent_id)
    charge = await services.stripe.get_latest_charge(stripe_payment_intent_id)
    url = charge.receipt_url if charge else None
    return schemas.Invoice(payment=payment, url=url, pdf=None)

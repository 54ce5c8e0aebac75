"""Invoices and receipts: what was paid, each with Stripe's page for it."""

import asyncio

from backend import schemas
from backend.database.functions import (
    customers as sql_customers,
    history as sql_history,
    payments as sql_payments,
)
from backend.database.protocol import Person
from backend.payments.checkout import opened_as
from backend.schemas import Payment
from backend.services import Services


async def list_invoices(
    services: Services, actor: Person, query: schemas.InvoicesQuery
) -> schemas.Invoices:
    """Invoices and receipts of what was paid, newest first.

    Their addresses end after some weeks, so Stripe is asked for them each time. Raises NotFound,
    RoleTooLow, BadCursor, StripeUnavailable, StripeRefused.
    """
    whose = query.organization_id
    # Who may not pay gets no receipts.
    await sql_customers.get_customer(services.database, actor, organization_id=whose)
    page = await sql_history.list_payments(
        services.database,
        actor,
        organization_id=whose,
        status=["succeeded"],
        cursor=query.cursor,
        max_rows=query.limit,
    )
    return schemas.Invoices(
        invoices=list(
            await asyncio.gather(
                *(get_invoice_of_payment(services, each) for each in page.payments)
            )
        ),
        next_cursor=page.next_cursor,
        previous_cursor=page.previous_cursor,
    )


async def get_invoice_of_payment(services: Services, payment: Payment) -> schemas.Invoice:
    """A payment with its invoice or its receipt."""
    row = await sql_payments.get_payment_for_service(services.database, payment_id=payment.id)
    if id := row.stripe_invoice_id:
        invoice = await services.stripe.get_invoice(id)
        url, pdf = invoice.hosted_invoice_url, invoice.invoice_pdf
    else:
        url, pdf = await services.stripe.get_receipt(opened_as(row.stripe_payment_intent_id)), None
    return schemas.Invoice(payment=payment, url=url, pdf=pdf)

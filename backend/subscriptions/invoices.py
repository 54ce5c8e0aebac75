"""Invoices and receipts: what was paid, each with Stripe's page for it."""

import asyncio

from backend import schemas
from backend.database.protocol import SERVICE, Actor
from backend.schemas import Json, Payment
from backend.shop import Shop


async def listing(shop: Shop, actor: Actor, asked: schemas.InvoicesQuery) -> schemas.Invoices:
    """Invoices and receipts of what was paid, newest first.

    Their addresses end after some weeks, so Stripe is asked for them each time. Raises NotFound,
    RoleTooLow, BadCursor, StripeUnavailable, StripeRefused.
    """
    which = {"organization_id": asked.organization_id}
    await shop.database.call("get_customer", actor, **which)  # who may not pay gets no receipts
    page = await shop.database.call(
        "list_payments", actor, **which, status=["succeeded"], cursor=asked.cursor, most=asked.limit
    )
    cursors = {name: page[name] for name in ("next_cursor", "previous_cursor")}
    found = await asyncio.gather(*(document(shop, payment) for payment in page["payments"]))
    return schemas.Invoices(invoices=list(found), **cursors)


async def document(shop: Shop, payment: Json) -> schemas.Invoice:
    """A payment with its invoice or its receipt."""
    row = await shop.database.call("start_payment", SERVICE, payment_id=payment["id"])
    if id := row["stripe_invoice_id"]:
        invoice = await shop.stripe.get_invoice(id)
        links = {"url": invoice["hosted_invoice_url"], "pdf": invoice["invoice_pdf"]}
    else:
        links = {"url": await shop.stripe.get_receipt(row["stripe_payment_intent_id"]), "pdf": None}
    return schemas.Invoice(payment=Payment(**payment), **links)

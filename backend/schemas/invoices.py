"""Invoices and receipts."""

from typing import Annotated
from uuid import UUID

from pydantic import Field

from backend.schemas.history import Cursor
from backend.schemas.payments import Payment
from backend.schemas.words import Model


class InvoicesQuery(Model):
    """GET /api/payments/invoices: Stripe is asked about each, so a page has 20 at most."""

    organization_id: UUID
    cursor: Cursor | None = None
    limit: Annotated[int, Field(ge=1, le=20)] = 10


class Invoice(Model):
    """What was paid. `url` is Stripe's page of the invoice, or of the receipt where there is none.

    `pdf` is the invoice as a file. Both addresses end after some weeks: ask again.
    """

    payment: Payment
    url: str | None
    pdf: str | None


class Invoices(Model):
    """Newest first. The cursors are as those of `Payments`."""

    invoices: list[Invoice]
    next_cursor: str | None
    previous_cursor: str | None

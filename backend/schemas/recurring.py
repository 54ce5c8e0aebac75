"""Recurring top-ups: what is offered, what is wanted, what goes on."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from backend.schemas.history import Cursor
from backend.schemas.money import Money
from backend.schemas.payments import Payment
from backend.schemas.words import AmountText, Model

Interval = Literal["week", "month"]
SubscriptionStatus = Literal["incomplete", "active", "past_due", "paused", "canceled"]


class Package(Model):
    """A recurring top-up that the operator offers by name."""

    id: UUID
    name: str
    money: Money
    interval: Interval


class Packages(Model):
    """GET /api/payments/packages."""

    packages: list[Package]


class SubscriptionRequest(Model):
    """POST /api/payments/subscriptions: a package, or else an amount (major units) and how often.

    Without `currency` the organization's default one is meant. A package has its own terms. With
    `payment_method_id` that saved card is charged at once; without it there is a page to begin on.
    """

    organization_id: UUID
    package_id: UUID | None = None
    amount: AmountText = ""
    currency: str | None = Field(default=None, min_length=3, max_length=3)
    interval: Interval = "month"
    payment_method_id: UUID | None = None


class SubscriptionChange(Model):
    """PATCH /api/payments/subscriptions/{id}: what is left out stays.

    A new amount (major units) counts from the next renewal on. What is paused charges nothing and
    makes nothing up later.
    """

    amount: AmountText | None = None
    paused: bool | None = None


class Subscription(Model):
    """A recurring top-up and how it stands.

    `url` leads owners and admins to Stripe's page while it waits for its payer: `incomplete` before
    the first payment, `past_due` when a later one failed. `current_period_end` is when it is due
    next, unless it is paused or canceled. `package` is the name under which it was offered.
    """

    id: UUID
    organization_id: UUID
    organization_name: str
    money: Money
    interval: Interval
    package: str | None
    status: SubscriptionStatus
    url: str | None
    started_by: str | None
    current_period_end: datetime | None
    created_at: datetime


class SubscriptionsQuery(Model):
    """GET /api/payments/subscriptions."""

    organization_id: UUID


class Subscriptions(Model):
    """Those that go on, or may begin, newest first."""

    subscriptions: list[Subscription]


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

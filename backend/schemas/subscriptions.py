"""Subscriptions (recurring top-ups) and packages."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from pydantic import Field

from backend.schemas.model import AmountText, Model
from backend.schemas.money import Money

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

    Without `currency` it is the organization's default currency. A package has its own terms. With
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

    A new amount (major units) counts from the next renewal on. A paused one charges nothing, and
    makes nothing up later. `cancel_at_period_end: true` ends it when it would be due next, `false`
    takes back an end that was set here or at Stripe.
    """

    amount: AmountText | None = None
    paused: bool | None = None
    cancel_at_period_end: bool | None = None


class Subscription(Model):
    """A recurring top-up and its state.

    `url` leads owners and admins to Stripe's page while it waits for its payer: `incomplete` before
    the first payment, `past_due` when a later one failed. `current_period_end` is when it is due
    next, unless it is paused, canceled or ends by then: `cancel_at` is when it ends, None where it
    goes on; `cancel_at_period_end` says that this is the end of its period. Both may be set in
    Stripe's portal or dashboard, too. `package` is the name under which it was offered. Owners and
    admins see which saved card pays it, where one does.
    """

    id: UUID
    organization_id: UUID
    organization_name: str
    money: Money
    interval: Interval
    package: str | None
    paid_with: str | None = None
    payment_method_id: UUID | None = None
    status: SubscriptionStatus
    url: str | None
    started_by: str | None
    current_period_end: datetime | None
    cancel_at: datetime | None = None
    cancel_at_period_end: bool = False
    created_at: datetime


class Subscriptions(Model):
    """Those that are not canceled, newest first."""

    subscriptions: list[Subscription]

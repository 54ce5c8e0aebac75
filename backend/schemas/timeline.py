"""Finding a payment again, its receipt at Stripe, and what happened to it."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import BeforeValidator, Field

from backend.schemas.history import PageQuery, Payments
from backend.schemas.model import Model
from backend.schemas.money import Money
from backend.schemas.names import plain_name
from backend.schemas.payments import Payment

SearchText = Annotated[str, BeforeValidator(plain_name), Field(min_length=1, max_length=255)]
StepKind = Literal[
    "requested", "charged", "opened", "cancel_requested",
    "declined", "processing", "failed", "expired", "canceled", "paid", "received", "not_applied",
    "credited", "refund_requested", "refund", "refund_reversal",
    "disputed", "dispute", "reinstatement", "shown", "notified", "not_notified",
]  # fmt: skip
WaitsFor = Literal["operator", "event", "stripe", "payer", "bank", "refund", "telegram"]


class PaymentSearch(PageQuery):
    """GET /api/payments/search: what a text can mean, in one organization.

    `text` is a payment's reference or order reference (or how it begins), our id, an id of Stripe's
    (page, intent, charge, invoice, refund, dispute, event), an amount with or without a currency,
    a part of the payer's name, or the last four digits of the card. Nothing in it is a wildcard.
    """

    organization_id: UUID
    text: SearchText


class MatchingPayments(Payments):
    """What matches, newest first; `count` says how many there are on all pages."""

    count: int


class Receipt(Model):
    """GET /api/payments/{id}/receipt. `url` is Stripe's page of the invoice or the receipt.

    `pdf` is the invoice as a file, `card` what paid ("Visa •••• 4242"). All three are None before
    the payment has succeeded, and where Stripe has none. The addresses expire after some weeks.
    """

    payment: Payment
    url: str | None
    pdf: str | None
    card: str | None


class PaymentStep(Model):
    """One thing that happened to a payment.

    `at` is Stripe's own time for what happened there (`paid`, `declined`, ...), else ours. `by` is
    the name of the person whose doing it was; `money` what moved or was asked for, `balance` the
    wallet's after it; `count` how many people it concerns. `detail` is a code: of the decline, of
    the event's type (`check`: Stripe was asked), of the refund's status or the dispute's reason.
    """

    kind: StepKind
    at: datetime | None
    by: str | None = None
    money: Money | None = None
    balance: Money | None = None
    count: int | None = None
    detail: str | None = None


class Timeline(Model):
    """GET /api/payments/{id}/timeline: what happened, the oldest first.

    `waits_for` names what has to happen next, None where nothing has: the `operator` looks at an
    event, an `event` is applied again soon, `stripe` has not answered, the `payer` has not paid,
    the `bank` works on it, a `refund` is on its way, or `telegram` has not taken a message.
    """

    payment: Payment
    waits_for: WaitsFor | None
    steps: list[PaymentStep]

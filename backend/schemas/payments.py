"""Payments: requests that start one, and its state."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from pydantic import Field

from backend.schemas.model import AmountText, MessageId, Model, TelegramId
from backend.schemas.money import Money
from backend.schemas.refunds import Dispute, Refund

PaymentStatus = Literal[
    "created", "pending", "processing", "succeeded", "failed", "expired", "canceled"
]


PaymentFlow = Literal["checkout", "intent", "charge", "invoice"]


class ShownIn(Model):
    """The bot's message that shows an object and is edited with it (Telegram's ids).

    Without `message_id` it is a new message in that chat.
    """

    chat_id: TelegramId
    message_id: MessageId | None = None


class Shown(Model):
    """The message that shows what is created, if the bot creates it."""

    shown_in: ShownIn | None = None


class PaymentRequest(Model):
    """POST /api/payments/create-intent. `amount` in major units, text or number.

    Without `currency` it is the organization's default currency.
    """

    organization_id: UUID
    amount: AmountText
    currency: str | None = Field(default=None, min_length=3, max_length=3)


class CheckoutRequest(PaymentRequest, Shown):
    """POST /api/payments/checkout: the same, and the bot's message that shows it."""


class ChargeRequest(CheckoutRequest):
    """POST /api/payments/charge. Without `payment_method_id` the default card is charged.

    `reference` is yours, of an order or a booking: it is paid once.
    """

    payment_method_id: UUID | None = None
    reference: str | None = Field(default=None, min_length=1, max_length=100)


class Checkout(Model):
    """A page to pay on. It closes at `expires_at`."""

    payment_id: UUID
    url: str
    expires_at: datetime


class Intent(Model):
    """What Stripe.js needs on a page of yours. The client secret is for the payer alone."""

    payment_id: UUID
    payment_intent_id: str
    client_secret: str


class Customer(Model):
    """The organization's customer at Stripe."""

    customer_id: str


class AttemptKey(Model):
    """GET /api/me/attempt: the `Idempotency-Key` of an earlier request."""

    key: str = Field(min_length=1, max_length=255)


class Attempt(Model):
    """What the caller began under a key, also a refund that failed."""

    payment_id: UUID | None = None
    refund_id: UUID | None = None
    subscription_id: UUID | None = None


class Payment(Model):
    """A payment and its state.

    `reference` is the short name that people quote, `order_reference` the caller's own. `flow` says
    how it is paid: on Stripe's page, on one of the payer's own, by a saved card, which `paid_with`
    names, or by an invoice. `url` is there only while it can be paid there. Who may not pay sees
    neither. `last_decline` is Stripe's decline code of the last failed try. `under_review` names
    why money that Stripe received is being checked: `amount_differs`, `currency_differs`,
    `paid_twice`, `not_applied`. `balance` is the wallet's balance right after this payment's
    credit. It was credited at `succeeded_at`, and paid at `paid_at` by Stripe's clock (None where
    Stripe does not say). `requested` is what was asked for where another amount was credited: the
    operator accepted what arrived, or the customer's credit balance at Stripe paid the rest.
    `funded` is what has come of a bank transfer that is not whole yet, and not credited. `debt` is
    the part of a payment that is not paid yet that goes to what the wallet owes. `refunded` was
    given back, `refundable` can be: what is left, and not more than the wallet has (None where the
    reader may not know that).
    """

    id: UUID
    reference: str
    organization_id: UUID
    organization_name: str
    paid_by: str | None
    money: Money
    requested: Money | None = None
    funded: Money | None = None
    status: PaymentStatus
    flow: PaymentFlow = "checkout"
    order_reference: str | None = None
    paid_with: str | None = None
    url: str | None
    expires_at: datetime
    last_decline: str | None
    under_review: str | None
    balance: Money | None
    debt: Money | None = None
    refunded: Money | None = None
    refundable: Money | None = None
    refunds: list[Refund] = Field(default=[])
    disputes: list[Dispute] = Field(default=[])
    dispute_status: str | None = None
    created_at: datetime
    paid_at: datetime | None = None
    succeeded_at: datetime | None

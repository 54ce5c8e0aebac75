"""The words of the house: what crosses the HTTP border, as pydantic models.

This is the only file of `backend/` that `bot/` may import. Money leaves as a decimal string in
major units (`"50.00"`) beside the integer in the currency's minor units (`5000`); currencies are
lower-case ISO codes; every time is UTC.
"""

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

# Who is calling: the two kinds of token that the bot signs with BOT_API_SECRET (HS256).
BOT_ISSUER = "pursebot-bot"
ACTOR_AUDIENCE = "pursebot-api"  # `sub` is the acting Telegram user's id
SERVICE_AUDIENCE = "pursebot-internal"  # opens /internal/* and nothing else
TOKEN_LIFETIME_SECONDS = 60

PaymentStatus = Literal[
    "created", "pending", "processing", "succeeded", "failed", "expired", "canceled"
]
Role = Literal["owner", "admin", "member"]


def as_written(value: object) -> object:
    """An amount as the caller wrote it: 50, 50.0 and "50.00" are all read as decimal text."""
    if isinstance(value, bool):
        return value
    return str(value) if isinstance(value, int | float | Decimal) else value


# Telegram's ids fit in 52 bits: https://core.telegram.org/bots/api#chat
TelegramId = Annotated[int, Field(gt=-(2**53), lt=2**53)]
AmountText = Annotated[str, BeforeValidator(as_written), Field(max_length=64)]


class Model(BaseModel):
    """Frozen, and strict about names: an unknown field is a mistake the caller should hear of."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Money(Model):
    """An amount in both forms: `amount` in major units, `amount_minor` in minor units."""

    amount: str
    amount_minor: int
    currency: str


class Limits(Model):
    """What one top-up may be, in major units of `currency`."""

    minimum: str
    maximum: str
    currency: str


class Wallet(Model):
    """One currency of an organization, with its balance and what one top-up may be."""

    balance: Money
    limits: Limits


class Membership(Model):
    """One organization, as one of its people sees it. The first wallet is the default one."""

    organization_id: UUID
    organization_name: str
    role: Role
    wallets: list[Wallet]


class Introduction(Model):
    """What Telegram says of the person who writes: PUT /api/me. `chat_id` only if it is private."""

    name: str = Field(max_length=256)
    language: str | None = Field(default=None, max_length=35)
    chat_id: TelegramId | None = None


class Me(Model):
    """The acting person and the organizations they belong to, the oldest membership first."""

    user_id: UUID
    name: str
    language: str
    organizations: list[Membership]


class ShownIn(Model):
    """The bot's message that shows a payment and changes with it (Telegram ids)."""

    chat_id: TelegramId
    message_id: TelegramId


class CheckoutRequest(Model):
    """POST /api/payments/checkout. `amount` in major units, text or number."""

    organization_id: UUID
    amount: AmountText
    currency: str = Field(min_length=3, max_length=3)
    shown_in: ShownIn | None = None


class Checkout(Model):
    """A page to pay on. It closes at `expires_at`."""

    payment_id: UUID
    url: str
    expires_at: datetime


class Payment(Model):
    """A top-up and how far it has come.

    `reference` is the short name people quote. `url` is there only while it can be paid.
    `last_decline` is Stripe's decline code of the last failed try on an open page. `under_review`
    names why money that Stripe received is being looked at: `amount_differs`, `currency_differs`,
    `paid_twice`, `not_applied`.
    `balance` is the wallet's balance right after this payment's credit.
    """

    id: UUID
    reference: str
    organization_id: UUID
    organization_name: str
    paid_by: str | None
    money: Money
    status: PaymentStatus
    url: str | None
    expires_at: datetime
    last_decline: str | None
    under_review: str | None
    balance: Money | None
    created_at: datetime
    succeeded_at: datetime | None


class Notification(Model):
    """Something to tell in one chat, as the claim door hands it to the bot.

    `kind`: `payment_shown` edits `message_id` (or sends anew where it is None) to show `payment`;
    `wallet_credited` tells another member of it. `claim` must come back with the result. `repeat`
    is true when an earlier try may have arrived: Telegram did not say.
    """

    id: int
    claim: UUID
    kind: Literal["payment_shown", "wallet_credited"]
    chat_id: int
    message_id: int | None
    language: str
    repeat: bool
    payment: Payment


class ClaimedNotifications(Model):
    """POST /internal/notifications/claim: what to deliver now; empty when nothing came in time."""

    notifications: list[Notification]


class NotificationResult(Model):
    """POST /internal/notifications/{id}/result: what Telegram answered.

    - `delivered`: `message_id` is where it stands now
    - `retry`: not delivered; again after `retry_after` seconds, or with backoff where it is None
    - `ambiguous`: Telegram did not answer in time, it may stand there already
    - `blocked`: the person or group no longer lets the bot write
    - `migrated`: the group is now `new_chat_id`
    - `gone`: the message to edit is not there any more; a new one will be sent
    - `refused`: Telegram will never take it; `reason` says why
    """

    claim: UUID
    outcome: Literal["delivered", "retry", "ambiguous", "blocked", "migrated", "gone", "refused"]
    message_id: TelegramId | None = None
    retry_after: float | None = Field(default=None, ge=0, le=86_400)
    new_chat_id: TelegramId | None = None
    reason: str | None = Field(default=None, max_length=300)


class ErrorFacts(Model):
    """The one error shape. `code` is stable; `message` is for people; `facts` go with the code."""

    code: str
    message: str
    request_id: str
    facts: dict[str, str] = Field(default_factory=dict)


class ErrorAnswer(Model):
    """`{"error": {...}}` around every answer that is 4xx or 5xx."""

    error: ErrorFacts

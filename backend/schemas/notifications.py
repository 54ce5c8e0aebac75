"""What the bot is handed to tell, and what it reports."""

from typing import Literal
from uuid import UUID

from pydantic import Field

from backend.schemas.methods import MethodLink
from backend.schemas.payments import Payment
from backend.schemas.words import Model, TelegramId


class Notification(Model):
    """Something to tell in one chat, as the claim door hands it to the bot.

    `kind`: `payment_shown` edits `message_id` (or sends anew where it is None) to show `payment`;
    `wallet_credited` tells another member of it, or a group, in the topic `message_thread_id`; a
    group's `payment` has a balance only where an owner lets the group see it. `claim` must come
    back with the result. `repeat` is true when an earlier try may have arrived: Telegram did not
    say. Kinds that are not about a payment have `facts`: `member_joined` {organization_name, name,
    role} goes to owners and admins, `role_changed` {organization_name, role, by} and
    `member_removed` {organization_name, by} to whom it happened; `name` and `by` are names of
    people. `method_link_shown` edits the message that shows `link`; `method_news`
    {organization_name, happened, method_id, card, name} goes to owners and admins: a card was
    `added` or `removed` by `name` (none where at Stripe), is `expiring`, or `name`, who had added
    it, `left`. Of money that went back or may, owners and admins are told as well: `refund_made`
    and `refund_failed` {organization_name, payment, reference, amount, currency, by?, reason?},
    `fraud_warned`, and `dispute_opened`, `_withdrawn`, `_reinstated` and `_closed` {the same,
    status, due_by?}: `payment` is its id as hex, `due_by` in seconds since 1970; and of
    `recurring` top-ups {organization_name, news, amount, currency, interval, url?}: `news` is
    `began`, `failed`, `action_required` or `ended`, `url` leads to where it can be paid; and of an
    adjustment by the operator, `wallet_adjusted` {organization_name, amount, currency, reason,
    reference}. `language`
    and `time_zone` (an IANA name) are the reader's; `silent` when they have their quiet hours.
    """

    id: int
    claim: UUID
    kind: Literal[
        "payment_shown", "wallet_credited", "member_joined", "role_changed", "member_removed",
        "method_link_shown", "method_news",
        "refund_made", "refund_failed", "dispute_opened", "dispute_withdrawn",
        "dispute_reinstated", "dispute_closed", "fraud_warned", "recurring",
        "wallet_adjusted",
    ]  # fmt: skip
    chat_id: int
    message_id: int | None
    message_thread_id: int | None = None
    language: str
    time_zone: str
    silent: bool
    repeat: bool
    payment: Payment | None
    link: MethodLink | None = None
    facts: dict[str, str | int]


class ClaimedNotifications(Model):
    """POST /internal/notifications/claim: what to deliver now; empty when nothing came in time."""

    notifications: list[Notification]


NotificationOutcome = Literal[
    "delivered", "retry", "ambiguous", "blocked", "migrated", "gone", "refused"
]


class NotificationResult(Model):
    """POST /internal/notifications/{id}/result: what Telegram answered.

    - `delivered`: `message_id` is where it stands now
    - `retry`: not delivered; again after `retry_after` seconds, or with backoff where it is None
    - `ambiguous`: Telegram did not answer in time, it may stand there already
    - `blocked`: the person or group no longer lets the bot write
    - `migrated`: the group is now `new_chat_id`
    - `gone`: the message to edit, or the topic to write in, is not there any more; a new message
      will be sent, into the general topic
    - `refused`: Telegram will never take it; `reason` says why
    """

    claim: UUID
    outcome: NotificationOutcome
    message_id: TelegramId | None = None
    retry_after: float | None = Field(default=None, ge=0, le=86_400)
    new_chat_id: TelegramId | None = None
    reason: str | None = Field(default=None, max_length=300)

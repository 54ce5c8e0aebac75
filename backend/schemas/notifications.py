"""Notifications that the bot delivers, and the outcomes that it reports."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from pydantic import Field

from backend.schemas.methods import MethodLink
from backend.schemas.model import Model, TelegramId
from backend.schemas.payments import Payment


class Notification(Model):
    """A notification for one chat, as the bot claims it.

    `claim` must come back with the result. `repeat`: an earlier try may have been delivered, as
    Telegram did not answer. `message_id` is the message to edit, None for a new one;
    `message_thread_id` is a group's topic. `happened_at` is set for news that are older than a
    minute, and do not show what is so now. `language` and `time_zone` (an IANA name) are the
    reader's; `silent` in their quiet hours. Kinds about a payment or a link have `payment` or
    `link`, the others have `facts`:

    - `payment_shown`: the message that shows `payment`
    - `wallet_credited`: `payment` for another member, or a group; there it has a balance only where
      an owner lets the group see it
    - `method_link_shown`: the message that shows `link`
    - `member_joined`, to owners and admins: organization_name, name, role
    - `role_changed` and `member_removed`, to whom it happened: organization_name, by, and the role
    - `method_news`, to owners and admins: organization_name, happened, method_id, card, name?;
      a card was `added` or `removed` by `name` (none where at Stripe), is `expiring`, or `name`,
      who had added it, `left`
    - `refund_made`, `refund_failed`, `fraud_warned`, to owners and admins: organization_name,
      payment (its id as hex), reference, amount, currency, by?, reason?; status `over` of a warning
      whose payment was disputed, or refunded as a whole
    - `dispute_opened`, `_withdrawn`, `_reinstated`, `_closed`, to owners and admins: the same,
      status, due_by? (seconds since 1970)
    - `recurring`, to owners and admins: organization_name, news (`began`, `failed`,
      `action_required`, `held`, `resumed`, `changed` or `ended`), amount, currency, interval,
      url? (where it can be paid)
    - `wallet_adjusted`, to owners and admins: organization_name, amount, currency, reason,
      reference
    - `topic_closed`, to owners: organization_name, announced; the topic that a group's top-ups were
      announced in is closed or deleted, and they are announced in the `general` topic or `nowhere`
    """

    id: int
    claim: UUID
    kind: Literal[
        "payment_shown", "wallet_credited", "member_joined", "role_changed", "member_removed",
        "method_link_shown", "method_news",
        "refund_made", "refund_failed", "dispute_opened", "dispute_withdrawn",
        "dispute_reinstated", "dispute_closed", "fraud_warned", "recurring",
        "wallet_adjusted", "topic_closed",
    ]  # fmt: skip
    chat_id: int
    message_id: int | None
    message_thread_id: int | None = None
    language: str
    time_zone: str
    silent: bool
    repeat: bool
    happened_at: datetime | None = None
    payment: Payment | None
    link: MethodLink | None = None
    facts: dict[str, str | int]


class ClaimedNotifications(Model):
    """POST /internal/notifications/claim: what to deliver now; empty if nothing came in time."""

    notifications: list[Notification]


NotificationOutcome = Literal[
    "delivered", "retry", "ambiguous", "blocked", "migrated", "gone", "topic_closed", "refused"
]


class NotificationResult(Model):
    """POST /internal/notifications/{id}/result: what Telegram answered.

    - `delivered`: `message_id` is the message that shows it now
    - `retry`: not delivered; again after `retry_after` seconds, or with backoff where it is None
    - `ambiguous`: Telegram did not answer in time, so that it may have been delivered
    - `blocked`: the person or group no longer lets the bot write
    - `migrated`: the group is now `new_chat_id`
    - `gone`: the message to edit does not exist any more; a new one will be sent
    - `topic_closed`: the topic to write in is closed or deleted; it will be sent into the general
      topic, unless that is the one
    - `refused`: Telegram will never accept it; `reason` says why
    """

    claim: UUID
    outcome: NotificationOutcome
    message_id: TelegramId | None = None
    retry_after: float | None = Field(default=None, ge=0, le=86_400)
    new_chat_id: TelegramId | None = None
    reason: str | None = Field(default=None, max_length=300)

"""Telegram groups: what the bot reports of them, and what an owner lets them see."""

from typing import Literal
from uuid import UUID

from backend.schemas.model import Model, TelegramId
from backend.schemas.money import Wallet

# What Telegram reports of the bot in a group.
GroupEvent = Literal["joined", "here", "left", "migrated"]


class GroupNews(Model):
    """POST /internal/groups/{chat_id}: what Telegram reports of the bot in a group.

    It `joined`, it is still `here`, it has `left`, or the group `migrated` to the supergroup
    `new_chat_id`.
    """

    happened: GroupEvent
    new_chat_id: TelegramId | None = None


class GroupPermissions(Model):
    """PATCH /api/groups/{chat_id}: what the group may see; what is None stays.

    `organization_id` is the one that the owner believes it is tied to. Announcements go to the
    topic `message_thread_id`, or to the group's general one. `tied` false ends the tie.
    """

    organization_id: UUID
    tied: bool = True
    shows_balance: bool | None = None
    announces_credits: bool | None = None
    message_thread_id: TelegramId | None = None


class Group(Model):
    """A group as the caller may see it: who is no owner sees only what it is `tied` to.

    `owner_name` is that of the owner who has belonged to the organization longest.
    """

    tied: bool
    organization_id: UUID | None = None
    organization_name: str | None = None
    owner_name: str | None = None
    shows_balance: bool = False
    announces_credits: bool = False


class GroupBalance(Model):
    """GET /api/groups/{chat_id}/balance: what everybody in the group may see."""

    organization_name: str
    wallets: list[Wallet]

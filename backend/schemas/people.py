"""The caller: profile, memberships, linking."""

from datetime import datetime
from uuid import UUID

from pydantic import Field

from backend.schemas.accounting import Accounting
from backend.schemas.model import Model, Role, TelegramId
from backend.schemas.money import Wallet


class Membership(Model):
    """One organization, as one of its members sees it. The first wallet is the default one.

    `label` is its name where the caller belongs to another one whose name looks the same: with the
    name of its owner, cut to 40 characters. Else it is None.
    """

    organization_id: UUID
    organization_name: str
    label: str | None = None
    role: Role
    accounting: Accounting
    wallets: list[Wallet]


class Introduction(Model):
    """PUT /api/me: what Telegram says of the person who writes. `chat_id` only if it is private."""

    name: str = Field(max_length=256)
    language: str | None = Field(default=None, max_length=35)
    chat_id: TelegramId | None = None


class LinkCode(Model):
    """POST /api/me/link: to open as `t.me/<the bot>?start=link_<code>`, once, before it expires."""

    code: str
    expires_at: datetime


class Me(Model):
    """The caller and their organizations, the oldest membership first.

    `language` is what they chose, or else their Telegram client's; `time_zone` is an IANA name;
    `organization_id` is their default organization. `topups_in_chat` is false where the operator
    keeps top-ups out of the chat, `is_linked` whether Telegram user and Supabase user are one.
    """

    user_id: UUID
    name: str
    language: str
    time_zone: str
    organization_id: UUID | None = None
    organizations: list[Membership]
    topups_in_chat: bool = True
    is_linked: bool = False

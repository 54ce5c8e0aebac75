"""Organizations, their members, invitations, and the audit log."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import Field, StringConstraints

from backend.schemas.accounting import Accounting
from backend.schemas.history import PageQuery
from backend.schemas.model import Model, Role
from backend.schemas.money import Wallet

OrganizationName = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100)
]


class OrganizationRequest(Model):
    """POST /api/organizations, and PATCH /api/organizations/{id} to rename one."""

    name: OrganizationName


class Organization(Model):
    """An organization as one of its members sees it. The first wallet is the default one.

    `label` is as that of a `Membership`.
    """

    id: UUID
    name: str
    label: str | None = None
    role: Role
    default_currency: str
    accounting: Accounting
    wallets: list[Wallet]
    created_at: datetime


class Organizations(Model):
    """GET /api/organizations: the caller's own, the oldest membership first."""

    organizations: list[Organization]


class Member(Model):
    """One member of an organization. `is_me` marks the caller.

    `shares_name`: in the list of members, somebody else's name looks the same.
    """

    user_id: UUID
    name: str
    role: Role
    is_me: bool
    joined_at: datetime
    shares_name: bool = False


class Members(Model):
    """GET /api/organizations/{id}/members: owners, admins, members, each by time of joining."""

    members: list[Member]


class RoleRequest(Model):
    """PATCH /api/organizations/{id}/members/{user_id}."""

    role: Role


class InvitationRequest(Model):
    """POST /api/organizations/{id}/invitations: for how many people, and for how long."""

    role: Role = "member"
    uses: int = Field(default=1, ge=1, le=100)
    hours: int = Field(default=48, ge=1, le=720)


class Invitation(Model):
    """An invitation into an organization.

    `code` is shown once, to its creator; we store its hash.
    """

    id: UUID
    organization_id: UUID
    organization_name: str
    role: Role
    uses_left: int
    expires_at: datetime
    invited_by: str | None
    code: str | None = None


class Invitations(Model):
    """GET /api/organizations/{id}/invitations: those that are valid, the newest first."""

    invitations: list[Invitation]


class CodeRequest(Model):
    """POST /api/invitations/accept, and /show to read it first: the code from the link."""

    code: str = Field(min_length=1, max_length=64)


class AuditQuery(PageQuery):
    """GET /api/organizations/{id}/audit, for owners."""


class AuditEntry(Model):
    """One action. `user_id` and `name` are None for those of an operator and of the service.

    `about` is the name of the person whom it concerns, where `facts` have a `user_id`.

    `through` is what vouched for it: the bot for a Telegram user, Supabase for one of its users,
    the service, or an operator at the command line. `facts` are ids and codes; an amount of money
    is always `amount` (major units), `amount_minor` and `currency`.
    """

    id: int
    user_id: UUID | None
    name: str | None
    about: str | None = None
    through: Literal["telegram", "supabase", "service", "operator"]
    action: str
    facts: dict[str, Any]
    created_at: datetime


class AuditEntries(Model):
    """What was done in an organization, newest first. `next_cursor` leads to older actions."""

    entries: list[AuditEntry]
    next_cursor: str | None

"""The memory of the fake backend."""

import asyncio
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from backend import schemas
from backend.schemas import Membership, Notification, Payment, Transaction
from tests.bot.fake_backend.server import Refused, Server

# The roles that each role can give and take.
GRANTABLE: dict[schemas.Role, set[schemas.Role]] = {
    "owner": {"owner", "admin", "member"},
    "admin": {"member"},
    "member": set(),
}


@dataclass
class State(Server):
    """Everything by Telegram's ids of people and chats, or by ids of ours."""

    memberships: dict[int, list[Membership]] = field(default_factory=dict)
    names: dict[int, str] = field(default_factory=dict)
    settings: dict[int, dict[str, Any]] = field(default_factory=dict)  # what was changed
    default_organizations: dict[int, UUID] = field(default_factory=dict)
    introductions: list[tuple[int, schemas.Introduction]] = field(default_factory=list)
    topups_in_chat: bool = True
    accepted_links: set[str] = field(default_factory=set)  # codes
    created_organizations: dict[str, UUID] = field(default_factory=dict)  # by idempotency key
    billing_emails: dict[UUID, str | None] = field(default_factory=dict)  # by organization
    invitations: dict[str, schemas.Invitation] = field(default_factory=dict)  # by code
    groups: dict[int, schemas.Group] = field(default_factory=dict)
    group_events: list[tuple[int, schemas.GroupNews]] = field(default_factory=list)
    announcement_topic: int | None = None
    checkouts: list[tuple[str, schemas.CheckoutRequest]] = field(default_factory=list)  # with keys
    payments: dict[UUID, Payment] = field(default_factory=dict)
    listed_payments: list[Payment] = field(default_factory=list)
    refunds: dict[str, schemas.RefundRequest] = field(default_factory=dict)  # by idempotency key
    transactions: list[Transaction] = field(default_factory=list)  # of any wallet, oldest first
    statements: dict[tuple[str, str], schemas.Statement] = field(default_factory=dict)
    statement_queries: list[schemas.StatementQuery] = field(default_factory=list)
    outbox: asyncio.Queue[Notification] = field(default_factory=asyncio.Queue)
    reports: asyncio.Queue[schemas.NotificationResult] = field(default_factory=asyncio.Queue)
    updates: asyncio.Queue[schemas.ClaimedUpdate] = field(default_factory=asyncio.Queue)
    stored_updates: list[int] = field(default_factory=list)
    handled_updates: dict[int, UUID] = field(default_factory=dict)  # the claims
    storing: asyncio.Event = field(default_factory=asyncio.Event)  # while not set, none is stored
    rejected_updates: dict[int, str] = field(default_factory=dict)  # kinds by ids
    questions: dict[int, schemas.OpenQuestion] = field(default_factory=dict)  # by chats

    def __post_init__(self) -> None:
        """Store updates at once, until a test says otherwise."""
        self.storing.set()

    def membership_in(self, user: int, organization_id: UUID) -> Membership:
        """Return the user's membership in an organization. Raises Refused where they have none."""
        for membership in self.memberships.get(user, []):
            if membership.organization_id == organization_id:
                return membership
        raise Refused("not_found", what="organization")

    def change_membership(self, user: int, old: Membership, **changes: object) -> Membership:
        """Replace a membership by a changed one; return that."""
        changed = old.model_copy(update=changes)
        own = self.memberships[user]
        own[own.index(old)] = changed
        return changed

    def me(self, user: int, language: str | None = None) -> schemas.Me:
        """Return who the user is; `language` is their client's."""
        own = self.settings.get(user, {})
        memberships = self.memberships.setdefault(user, [])
        ids = [membership.organization_id for membership in memberships]
        default = self.default_organizations.get(user)
        if default not in ids:
            default = ids[0] if ids else None
        return schemas.Me(
            user_id=UUID(int=user),
            name=self.names[user],
            language=own.get("chosen_language") or language or "en",
            time_zone=own.get("time_zone", "UTC"),
            organization_id=default,
            organizations=memberships,
            topups_in_chat=self.topups_in_chat,
            is_linked=bool(self.accepted_links),
        )

"""SQL functions of organizations, their members, and the audit log.

An organization that does not exist and one that the actor is no member of are both NotFound.
"""

from collections.abc import Sequence
from uuid import UUID

from backend.database.protocol import SERVICE, Database, Person
from backend.schemas import AuditEntries, Me, Member, Organization, Role


async def list_organizations(database: Database, actor: Person) -> list[Organization]:
    """List the actor's organizations, the oldest membership first."""
    rows = await database.call("list_organizations", actor)
    return [Organization.model_validate(row) for row in rows]


async def get_organization(
    database: Database, actor: Person, *, organization_id: UUID
) -> Organization:
    """Read one of the actor's organizations. Raises NotFound."""
    row = await database.call("get_organization", actor, organization_id=organization_id)
    return Organization.model_validate(row)


async def create_organization(
    database: Database, actor: Person, *, name: str, idempotency_key: str | None = None
) -> Organization:
    """Create an organization that the actor owns; the same key creates it once.

    Raises SignupClosed, TooManyOrganizations, IdempotencyKeyReused.
    """
    row = await database.call(
        "create_organization", actor, name=name, idempotency_key=idempotency_key
    )
    return Organization.model_validate(row)


async def rename_organization(
    database: Database, actor: Person, *, organization_id: UUID, name: str
) -> Organization:
    """Rename an organization. Raises NotFound, RoleTooLow."""
    row = await database.call(
        "rename_organization", actor, organization_id=organization_id, name=name
    )
    return Organization.model_validate(row)


async def set_accounting_time_zone(
    database: Database, actor: Person, *, organization_id: UUID, time_zone: str
) -> Organization:
    """Set the time zone of an organization's months from the next one on.

    Raises NotFound, RoleTooLow, TimeZoneUnknown.
    """
    row = await database.call(
        "set_accounting_time_zone", actor, organization_id=organization_id, time_zone=time_zone
    )
    return Organization.model_validate(row)


async def set_default_organization(
    database: Database, actor: Person, *, organization_id: UUID
) -> Me:
    """Make an organization the actor's default organization. Raises NotFound."""
    row = await database.call("set_default_organization", actor, organization_id=organization_id)
    return Me.model_validate(row)


async def list_members(database: Database, actor: Person, *, organization_id: UUID) -> list[Member]:
    """List the members of an organization. Raises NotFound.

    Owners first, then admins, then members, each by time of joining.
    """
    rows = await database.call("list_members", actor, organization_id=organization_id)
    return [Member.model_validate(row) for row in rows]


async def change_role(
    database: Database, actor: Person, *, organization_id: UUID, user_id: UUID, role: Role
) -> Member:
    """Change a member's role, and notify them. Raises NotFound, RoleTooLow, LastOwner."""
    row = await database.call(
        "change_role", actor, organization_id=organization_id, user_id=user_id, role=role
    )
    return Member.model_validate(row)


async def remove_member(
    database: Database, actor: Person, *, organization_id: UUID, user_id: UUID
) -> None:
    """End a membership: another person's or the actor's. Raises NotFound, RoleTooLow, LastOwner."""
    await database.call("remove_member", actor, organization_id=organization_id, user_id=user_id)


async def list_audit_log(
    database: Database,
    actor: Person,
    *,
    organization_id: UUID,
    cursor: str | None = None,
    max_rows: int | None = None,
) -> AuditEntries:
    """List the audit log of an organization, newest first.

    `max_rows` to a page (1 to 100, else 20). Raises NotFound, RoleTooLow, BadCursor.
    """
    page = await database.call(
        "list_audit_log", actor, organization_id=organization_id, cursor=cursor, max_rows=max_rows
    )
    return AuditEntries.model_validate(page)


async def list_organizations_of(
    database: Database, *, ids: Sequence[str], notification_id: int | None = None
) -> list[str]:
    """List the ids of the organizations that ids of ours and of Stripe's belong to."""
    rows: list[str] = await database.call(
        "list_organizations_of", SERVICE, ids=ids, notification_id=notification_id
    )
    return rows

"""Organizations, who belongs to them, and what was done in them.

An organization that is not there and one of others are the same NotFound.
"""

from uuid import UUID

from backend.database.protocol import Database, Person
from backend.schemas import AuditEntries, Me, Member, Organization, Role


async def list_organizations(database: Database, actor: Person) -> list[Organization]:
    """List the caller's own organizations, the oldest membership first."""
    rows = await database.call("list_organizations", actor)
    return [Organization.model_validate(row) for row in rows]


async def get_organization(
    database: Database, actor: Person, *, organization_id: UUID
) -> Organization:
    """Read one of the caller's organizations. Raises NotFound."""
    row = await database.call("get_organization", actor, organization_id=organization_id)
    return Organization.model_validate(row)


async def create_organization(
    database: Database, actor: Person, *, name: str, idempotency_key: str | None = None
) -> Organization:
    """Found an organization, which the caller owns; the same key founds it once.

    Raises SignupClosed, TooManyOrganizations, IdempotencyKeyReused.
    """
    row = await database.call(
        "create_organization", actor, name=name, idempotency_key=idempotency_key
    )
    return Organization.model_validate(row)


async def rename_organization(
    database: Database, actor: Person, *, organization_id: UUID, name: str
) -> Organization:
    """Give an organization another name. Raises NotFound, RoleTooLow."""
    row = await database.call(
        "rename_organization", actor, organization_id=organization_id, name=name
    )
    return Organization.model_validate(row)


async def set_default_organization(
    database: Database, actor: Person, *, organization_id: UUID
) -> Me:
    """Make an organization the caller's default one. Raises NotFound."""
    row = await database.call("set_default_organization", actor, organization_id=organization_id)
    return Me.model_validate(row)


async def list_members(database: Database, actor: Person, *, organization_id: UUID) -> list[Member]:
    """List owners first, then admins, then members, each by time of joining. Raises NotFound."""
    rows = await database.call("list_members", actor, organization_id=organization_id)
    return [Member.model_validate(row) for row in rows]


async def change_role(
    database: Database, actor: Person, *, organization_id: UUID, user_id: UUID, role: Role
) -> Member:
    """Give a member another role, and notify them. Raises NotFound, RoleTooLow, LastOwner."""
    row = await database.call(
        "change_role", actor, organization_id=organization_id, user_id=user_id, role=role
    )
    return Member.model_validate(row)


async def remove_member(
    database: Database, actor: Person, *, organization_id: UUID, user_id: UUID
) -> None:
    """Take a member out, or leave. Raises NotFound, RoleTooLow, LastOwner."""
    await database.call("remove_member", actor, organization_id=organization_id, user_id=user_id)


async def list_audit_log(
    database: Database,
    actor: Person,
    *,
    organization_id: UUID,
    cursor: str | None = None,
    max_rows: int | None = None,
) -> AuditEntries:
    """List what was done in an organization, newest first.

    `max_rows` to a page (1 to 100, else 20).

    Raises NotFound, RoleTooLow, BadCursor.
    """
    page = await database.call(
        "list_audit_log", actor, organization_id=organization_id, cursor=cursor, max_rows=max_rows
    )
    return AuditEntries.model_validate(page)

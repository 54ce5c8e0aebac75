"""Organizations, their members and their audit log; SQL decides who may do what.

Owners may do everything; admins rename, invite and remove members; members see each other, lower
their own role and leave. An organization that does not exist and one that the actor is no member of
are both NotFound.
"""

from uuid import UUID

from backend import schemas
from backend.database.functions import organizations
from backend.database.protocol import Database, Person
from backend.errors import BadRequest
from backend.organizations.people import printable
from backend.services import Services


async def list_organizations(database: Database, actor: Person) -> schemas.Organizations:
    """List the actor's organizations."""
    rows = await organizations.list_organizations(database, actor)
    return schemas.Organizations(organizations=rows)


async def get_organization(
    database: Database, actor: Person, organization_id: UUID
) -> schemas.Organization:
    """Read one of the actor's organizations. Raises NotFound."""
    return await organizations.get_organization(database, actor, organization_id=organization_id)


async def create_organization(
    database: Database, actor: Person, request: schemas.OrganizationRequest, key: str | None
) -> schemas.Organization:
    """Create an organization that the actor owns; the same key creates it once.

    Raises BadRequest, SignupClosed, TooManyOrganizations, IdempotencyKeyReused.
    """
    return await organizations.create_organization(
        database, actor, name=printable_name(request), idempotency_key=key
    )


async def rename_organization(
    database: Database, actor: Person, organization_id: UUID, request: schemas.OrganizationRequest
) -> schemas.Organization:
    """Rename an organization. Raises BadRequest, NotFound, RoleTooLow."""
    return await organizations.rename_organization(
        database, actor, organization_id=organization_id, name=printable_name(request)
    )


async def set_accounting_time_zone(
    database: Database, actor: Person, organization_id: UUID, request: schemas.AccountingRequest
) -> schemas.Organization:
    """Set the time zone by which an organization's months begin and end, from the next one on.

    Raises NotFound, RoleTooLow, TimeZoneUnknown.
    """
    return await organizations.set_accounting_time_zone(
        database, actor, organization_id=organization_id, time_zone=request.time_zone
    )


def printable_name(request: schemas.OrganizationRequest) -> str:
    """Return the requested name without unprintable characters.

    Raises BadRequest if none is left.
    """
    name = printable(request.name)
    if not name:
        raise BadRequest("name: It has no letter that can be seen.")
    return name


async def set_default_organization(
    database: Database, actor: Person, request: schemas.WhichOrganization
) -> schemas.Me:
    """Make an organization the actor's default organization. Raises NotFound."""
    return await organizations.set_default_organization(
        database, actor, organization_id=request.organization_id
    )


async def list_members(database: Database, actor: Person, organization_id: UUID) -> schemas.Members:
    """List the members of an organization. Raises NotFound."""
    rows = await organizations.list_members(database, actor, organization_id=organization_id)
    return schemas.Members(members=rows)


async def change_role(
    services: Services,
    actor: Person,
    organization_id: UUID,
    user_id: UUID,
    request: schemas.RoleRequest,
) -> schemas.Member:
    """Change a member's role. Raises NotFound, RoleTooLow, LastOwner."""
    member = await organizations.change_role(
        services.database,
        actor,
        organization_id=organization_id,
        user_id=user_id,
        role=request.role,
    )
    services.wakeup.wake()
    return member


async def remove_member(
    services: Services, actor: Person, organization_id: UUID, user_id: UUID
) -> None:
    """End a membership: another person's or the actor's. Raises NotFound, RoleTooLow, LastOwner."""
    await organizations.remove_member(
        services.database, actor, organization_id=organization_id, user_id=user_id
    )
    services.wakeup.wake()


async def list_audit_log(
    database: Database, actor: Person, organization_id: UUID, query: schemas.AuditQuery
) -> schemas.AuditEntries:
    """List the audit log of an organization. Raises NotFound, RoleTooLow, BadCursor."""
    return await organizations.list_audit_log(
        database, actor, organization_id=organization_id, cursor=query.cursor, max_rows=query.limit
    )

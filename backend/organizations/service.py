"""Organizations, and who belongs to them. Who may do what is decided in the database.

Owners do everything; admins rename, invite and remove members; everybody sees their colleagues,
steps down and leaves. An organization that is not there and one of others are the same NotFound.
"""

from uuid import UUID

from backend import schemas
from backend.database.functions import organizations
from backend.database.protocol import Database, Person
from backend.errors import BadRequest
from backend.organizations.people import printable
from backend.services import Services


async def list_organizations(database: Database, actor: Person) -> schemas.Organizations:
    """The caller's own organizations."""
    rows = await organizations.list_organizations(database, actor)
    return schemas.Organizations(organizations=rows)


async def get_organization(
    database: Database, actor: Person, organization_id: UUID
) -> schemas.Organization:
    """One of the caller's organizations. Raises NotFound."""
    return await organizations.get_organization(database, actor, organization_id=organization_id)


async def create_organization(
    database: Database, actor: Person, request: schemas.OrganizationRequest, key: str | None
) -> schemas.Organization:
    """Found an organization, which the caller owns; the same key founds it once.

    Raises SignupClosed, TooManyOrganizations, IdempotencyKeyReused.
    """
    return await organizations.create_organization(
        database, actor, name=printable_name(request), idempotency_key=key
    )


async def rename_organization(
    database: Database, actor: Person, organization_id: UUID, request: schemas.OrganizationRequest
) -> schemas.Organization:
    """Give an organization another name. Raises NotFound, RoleTooLow."""
    return await organizations.rename_organization(
        database, actor, organization_id=organization_id, name=printable_name(request)
    )


def printable_name(request: schemas.OrganizationRequest) -> str:
    """The name without what could rewrite the line around it; raises BadRequest if none is left."""
    name = printable(request.name)
    if not name:
        raise BadRequest("name: It has no letter that can be seen.")
    return name


async def set_default_organization(
    database: Database, actor: Person, request: schemas.WhichOrganization
) -> schemas.Me:
    """Make an organization the one that is meant when nobody says which. Raises NotFound."""
    return await organizations.set_default_organization(
        database, actor, organization_id=request.organization_id
    )


async def list_members(database: Database, actor: Person, organization_id: UUID) -> schemas.Members:
    """Who belongs to an organization. Raises NotFound."""
    rows = await organizations.list_members(database, actor, organization_id=organization_id)
    return schemas.Members(members=rows)


async def change_role(
    services: Services,
    actor: Person,
    organization_id: UUID,
    user_id: UUID,
    request: schemas.RoleRequest,
) -> schemas.Member:
    """Give a member another role. Raises NotFound, RoleTooLow, LastOwner."""
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
    """Take a member out, or leave. Raises NotFound, RoleTooLow, LastOwner."""
    await organizations.remove_member(
        services.database, actor, organization_id=organization_id, user_id=user_id
    )
    services.wakeup.wake()


async def list_audit_log(
    database: Database, actor: Person, organization_id: UUID, query: schemas.AuditQuery
) -> schemas.AuditEntries:
    """What was done in an organization. Raises NotFound, RoleTooLow, BadCursor."""
    return await organizations.list_audit_log(
        database, actor, organization_id=organization_id, cursor=query.cursor, max_rows=query.limit
    )

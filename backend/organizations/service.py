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
from backend.shop import Shop


async def listing(database: Database, actor: Person) -> schemas.Organizations:
    """The caller's own organizations."""
    rows = await organizations.list_organizations(database, actor)
    return schemas.Organizations(organizations=rows)


async def show(database: Database, actor: Person, organization_id: UUID) -> schemas.Organization:
    """One of the caller's organizations. Raises NotFound."""
    return await organizations.get_organization(database, actor, organization_id=organization_id)


async def create(
    database: Database, actor: Person, wanted: schemas.OrganizationRequest, key: str | None
) -> schemas.Organization:
    """Found an organization, which the caller owns; the same key founds it once.

    Raises SignupClosed, TooManyOrganizations, IdempotencyKeyReused.
    """
    return await organizations.create_organization(
        database, actor, name=name_of(wanted), idempotency_key=key
    )


async def rename(
    database: Database, actor: Person, organization_id: UUID, wanted: schemas.OrganizationRequest
) -> schemas.Organization:
    """Give an organization another name. Raises NotFound, RoleTooLow."""
    return await organizations.rename_organization(
        database, actor, organization_id=organization_id, name=name_of(wanted)
    )


def name_of(wanted: schemas.OrganizationRequest) -> str:
    """The name without what could rewrite the line around it; raises BadRequest if none is left."""
    name = printable(wanted.name)
    if not name:
        raise BadRequest("name: It has no letter that can be seen.")
    return name


async def choose(
    database: Database, actor: Person, wanted: schemas.WhichOrganization
) -> schemas.Me:
    """Make an organization the one that is meant when nobody says which. Raises NotFound."""
    return await organizations.choose_organization(
        database, actor, organization_id=wanted.organization_id
    )


async def members(database: Database, actor: Person, organization_id: UUID) -> schemas.Members:
    """Who belongs to an organization. Raises NotFound."""
    rows = await organizations.list_members(database, actor, organization_id=organization_id)
    return schemas.Members(members=rows)


async def change_role(
    shop: Shop, actor: Person, organization_id: UUID, user_id: UUID, wanted: schemas.RoleRequest
) -> schemas.Member:
    """Give a member another role. Raises NotFound, RoleTooLow, LastOwner."""
    member = await organizations.change_role(
        shop.database, actor, organization_id=organization_id, user_id=user_id, role=wanted.role
    )
    shop.bell.ring()
    return member


async def remove(shop: Shop, actor: Person, organization_id: UUID, user_id: UUID) -> None:
    """Take a member out, or leave. Raises NotFound, RoleTooLow, LastOwner."""
    await organizations.remove_member(
        shop.database, actor, organization_id=organization_id, user_id=user_id
    )
    shop.bell.ring()


async def audit(
    database: Database, actor: Person, organization_id: UUID, asked: schemas.AuditQuery
) -> schemas.AuditEntries:
    """What was done in an organization. Raises NotFound, RoleTooLow, BadCursor."""
    return await organizations.list_audit(
        database, actor, organization_id=organization_id, cursor=asked.cursor, most=asked.limit
    )

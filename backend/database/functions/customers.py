"""SQL functions of customers: organizations as objects at Stripe."""

from uuid import UUID

from backend.database.protocol import SERVICE, Database, Person
from backend.database.rows import Row


class CustomerRow(Row):
    """An organization, its customer at Stripe if it has one, and the acting user."""

    organization_id: UUID
    name: str
    stripe_customer_id: str | None
    user_id: UUID


class StoredCustomer(Row):
    """The customer at Stripe that an organization has."""

    organization_id: UUID
    name: str
    stripe_customer_id: str


async def get_customer(database: Database, actor: Person, *, organization_id: UUID) -> CustomerRow:
    """Read an organization's customer, for owners and admins. Raises NotFound, RoleTooLow."""
    row = await database.call("get_customer", actor, organization_id=organization_id)
    return CustomerRow.model_validate(row)


async def set_stripe_customer(
    database: Database, *, organization_id: UUID, stripe_customer_id: str
) -> StoredCustomer:
    """Record the customer that Stripe created; of two created at the same time the first counts."""
    row = await database.call(
        "set_stripe_customer",
        SERVICE,
        organization_id=organization_id,
        stripe_customer_id=stripe_customer_id,
    )
    return StoredCustomer.model_validate(row)

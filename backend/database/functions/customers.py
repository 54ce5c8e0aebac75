"""SQL functions of customers: what Stripe knows an organization as."""

from uuid import UUID

from backend.database.protocol import SERVICE, Database, Person
from backend.database.rows import Row


class CustomerRow(Row):
    """An organization, its customer at Stripe if it has one, and who asks for it (`user_id`)."""

    organization_id: UUID
    name: str
    stripe_customer_id: str | None
    user_id: UUID


class StoredCustomer(Row):
    """The customer at Stripe that counts for an organization."""

    organization_id: UUID
    name: str
    stripe_customer_id: str


async def get_customer(database: Database, actor: Person, *, organization_id: UUID) -> CustomerRow:
    """Read an organization's customer, for who may pay for it. Raises NotFound, RoleTooLow."""
    row = await database.call("get_customer", actor, organization_id=organization_id)
    return CustomerRow.model_validate(row)


async def set_stripe_customer(
    database: Database, *, organization_id: UUID, customer_id: str
) -> StoredCustomer:
    """Write down the customer that Stripe made; of two that were made at once the first counts."""
    row = await database.call(
        "set_stripe_customer", SERVICE, organization_id=organization_id, customer_id=customer_id
    )
    return StoredCustomer.model_validate(row)

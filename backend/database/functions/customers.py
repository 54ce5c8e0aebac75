"""SQL functions of customers: organizations as objects at Stripe."""

from datetime import datetime
from uuid import UUID

from backend.database.protocol import SERVICE, Database, Person
from backend.database.rows import Row


class CustomerRow(Row):
    """An organization, its customer at Stripe if it has one, and the acting user.

    `billing_email` is the customer's e-mail address, where an owner chose one.
    """

    organization_id: UUID
    name: str
    stripe_customer_id: str | None
    billing_email: str | None
    user_id: UUID


class NewCustomerRow(Row):
    """What Stripe is asked with for an organization's customer.

    `created_at` is when it was first asked. `search_start` is since when Stripe may have one that
    is not known here; None where it cannot.
    """

    organization_id: UUID
    name: str
    stripe_customer_id: str | None
    billing_email: str | None
    attempt: int
    created_at: datetime
    search_start: datetime | None


class StoredCustomer(Row):
    """The customer at Stripe that an organization has."""

    organization_id: UUID
    name: str
    stripe_customer_id: str
    billing_email: str | None


async def get_customer(database: Database, actor: Person, *, organization_id: UUID) -> CustomerRow:
    """Read an organization's customer, for owners and admins. Raises NotFound, RoleTooLow."""
    row = await database.call("get_customer", actor, organization_id=organization_id)
    return CustomerRow.model_validate(row)


async def set_billing_email(
    database: Database,
    actor: Person,
    *,
    organization_id: UUID,
    email: str | None = None,
    dry_run: bool = False,
) -> CustomerRow:
    """Store the e-mail address that an owner chose for the customer, or remove it (None).

    With `dry_run` nothing is stored. Raises NotFound, RoleTooLow.
    """
    row = await database.call(
        "set_billing_email", actor, organization_id=organization_id, email=email, dry_run=dry_run
    )
    return CustomerRow.model_validate(row)


async def get_customer_for_service(database: Database, *, organization_id: UUID) -> NewCustomerRow:
    """Read what Stripe is asked with for an organization's customer."""
    row = await database.call("get_customer_for_service", SERVICE, organization_id=organization_id)
    return NewCustomerRow.model_validate(row)


async def set_stripe_customer(
    database: Database, *, organization_id: UUID, stripe_customer_id: str
) -> StoredCustomer:
    """Record the customer that Stripe created, unless there is one; return the one that counts."""
    row = await database.call(
        "set_stripe_customer",
        SERVICE,
        organization_id=organization_id,
        stripe_customer_id=stripe_customer_id,
    )
    return StoredCustomer.model_validate(row)

"""The e-mail address that an organization's owner chose for its customer at Stripe.

Stripe writes there, and its pages show it to whoever pays for the organization.
"""

from uuid import UUID

from backend import schemas
from backend.database.functions import customers as sql_customers
from backend.database.protocol import Database, Person
from backend.errors import BillingEmailRefused
from backend.failures import StripeRefused
from backend.payment_methods import customers
from backend.payment_methods.sync import sync_payment_methods
from backend.services import Services
from backend.stripe.creation import is_customer_missing
from backend.stripe.errors import is_email_error


async def get_billing(database: Database, actor: Person, organization_id: UUID) -> schemas.Billing:
    """Return what an owner chose, for owners and admins. Raises NotFound, RoleTooLow."""
    row = await sql_customers.get_customer(database, actor, organization_id=organization_id)
    return schemas.Billing(email=row.billing_email)


async def set_billing(
    services: Services, actor: Person, organization_id: UUID, request: schemas.BillingRequest
) -> schemas.Billing:
    """Set the address, or remove it; Stripe has it first, so that one it refuses is not stored.

    An organization without a customer gets one then, because Stripe judges only what a customer is
    given. Where Stripe's answer is lost, nothing is stored, and the same again is harmless.

    Raises NotFound, RoleTooLow, BillingEmailRefused, StripeRefused, StripeUnavailable.
    """
    row = await sql_customers.set_billing_email(
        services.database, actor, organization_id=organization_id, email=request.email, dry_run=True
    )
    stripe_customer_id = row.stripe_customer_id
    if stripe_customer_id is None and request.email is not None:
        stripe_customer_id = await customers.create_customer(services, organization_id)
    if stripe_customer_id is not None:
        await give_to_customer(services, stripe_customer_id, organization_id, request.email)
    stored = await sql_customers.set_billing_email(
        services.database, actor, organization_id=organization_id, email=request.email
    )
    if stored.stripe_customer_id != stripe_customer_id:  # made meanwhile, with the address before
        await customers.send_billing_email(services, organization_id)
    return schemas.Billing(email=stored.billing_email)


async def give_to_customer(
    services: Services, stripe_customer_id: str, organization_id: UUID, email: str | None
) -> None:
    """Give the customer this address. One who is gone at Stripe is forgotten here instead.

    The next customer gets it. Raises BillingEmailRefused, StripeRefused, StripeUnavailable.
    """
    try:
        await services.stripe.set_customer_email(stripe_customer_id, organization_id, email)
    except StripeRefused as refused:
        if is_email_error(refused.details):
            raise BillingEmailRefused from refused
        if not is_customer_missing(refused):
            raise
        await sync_payment_methods(services, {"organization_id": str(organization_id)})

"""Stripe's own page of an organization's cards and invoices: the customer portal.

https://docs.stripe.com/customer-management/integrate-customer-portal
"""

from typing import Final
from uuid import UUID

from backend import schemas
from backend.database.functions.payment_methods import SyncScope
from backend.database.protocol import Person
from backend.payment_methods import customers
from backend.payment_methods.sync import sync_payment_methods
from backend.services import Services

SYNC_INTERVAL_SECONDS: Final = 3  # whoever knows the address can open it again and again


async def create_portal_session(
    services: Services, actor: Person, request: schemas.WhichOrganization
) -> schemas.Portal:
    """Open a way into an organization's portal; return its address.

    Raises NotFound, RoleTooLow, StripeUnavailable, and StripeRefused where the portal is not set up
    at Stripe.
    """
    stripe_customer_id = await customers.ensure_stripe_customer_id(
        services, actor, request.organization_id
    )
    url = await services.stripe.create_portal_session(
        stripe_customer_id, str(request.organization_id)
    )
    return schemas.Portal(url=url)


async def sync_after_portal(services: Services, organization_id: UUID) -> None:
    """Copy what an organization's people changed in the portal, every three seconds at most.

    Nothing is changed at Stripe. Raises StripeRefused, StripeUnavailable.
    """
    scope: SyncScope = {
        "organization_id": str(organization_id),
        "min_interval_seconds": SYNC_INTERVAL_SECONDS,
    }
    await sync_payment_methods(services, scope, settle=False)

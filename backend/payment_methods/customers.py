"""The organization as Stripe's customer: what saved cards and invoices hang on."""

import asyncio
from uuid import UUID

import structlog

from backend.database.protocol import SERVICE, Actor
from backend.failures import StripeRefused, StripeUnavailable
from backend.schemas import Customer, Json, WhichOrganization
from backend.shop import Shop

log = structlog.get_logger(__name__)

SOON_SECONDS = 3.0


async def ready(shop: Shop, actor: Actor, organization_id: UUID) -> None:
    """Have a customer, if Stripe gives one soon: without one nothing but saving a card is missing.

    Raises NotFound, RoleTooLow.
    """
    try:
        async with asyncio.timeout(SOON_SECONDS):
            await customer_id(shop, actor, organization_id)
    except (StripeRefused, StripeUnavailable, TimeoutError) as error:
        log.warning("no_customer", organization=str(organization_id), error=repr(error))


async def customer(shop: Shop, actor: Actor, wanted: WhichOrganization) -> Customer:
    """The organization as Stripe's customer, made if there is none yet. Raises as `customer_id`."""
    return Customer(customer_id=await customer_id(shop, actor, wanted.organization_id))


async def customer_id(shop: Shop, actor: Actor, organization_id: UUID) -> str:
    """Stripe's id of the organization's customer. Raises as `known`."""
    return str((await known(shop, actor, organization_id))["stripe_customer_id"])


async def known(shop: Shop, actor: Actor, organization_id: UUID) -> Json:
    """The organization's customer at Stripe, and the `user_id` of who asks for it.

    Whoever else makes one meanwhile gets the same. Raises NotFound, RoleTooLow, StripeRefused,
    StripeUnavailable.
    """
    which = {"organization_id": organization_id}
    found: Json = await shop.database.call("get_customer", actor, **which)
    if found["stripe_customer_id"] is None:
        made = await shop.stripe.create_customer(found)
        kept = await shop.database.call("keep_customer", SERVICE, **which, customer_id=made["id"])
        found |= kept
    return found

"""The organization as Stripe's customer: what saved cards and invoices hang on."""

import asyncio
from typing import NamedTuple
from uuid import UUID

import structlog

from backend.database.functions import customers as sql_customers
from backend.database.protocol import Person
from backend.failures import StripeRefused, StripeUnavailable
from backend.schemas import Customer, WhichOrganization
from backend.shop import Shop

log = structlog.get_logger(__name__)

SOON_SECONDS = 3.0


class KnownCustomer(NamedTuple):
    """Stripe's id of an organization's customer, and the person who asks for it."""

    customer_id: str
    user_id: UUID


async def ready(shop: Shop, actor: Person, organization_id: UUID) -> None:
    """Have a customer, if Stripe gives one soon: without one nothing but saving a card is missing.

    Raises NotFound, RoleTooLow.
    """
    try:
        async with asyncio.timeout(SOON_SECONDS):
            await customer_id(shop, actor, organization_id)
    except (StripeRefused, StripeUnavailable, TimeoutError) as error:
        log.warning("no_customer", organization=str(organization_id), error=repr(error))


async def customer(shop: Shop, actor: Person, wanted: WhichOrganization) -> Customer:
    """The organization as Stripe's customer, made if there is none yet. Raises as `customer_id`."""
    return Customer(customer_id=await customer_id(shop, actor, wanted.organization_id))


async def customer_id(shop: Shop, actor: Person, organization_id: UUID) -> str:
    """Stripe's id of the organization's customer. Raises as `known`."""
    return (await known(shop, actor, organization_id)).customer_id


async def known(shop: Shop, actor: Person, organization_id: UUID) -> KnownCustomer:
    """The organization's customer at Stripe, and the `user_id` of who asks for it.

    Whoever else makes one meanwhile gets the same. Raises NotFound, RoleTooLow, StripeRefused,
    StripeUnavailable.
    """
    found = await sql_customers.get_customer(shop.database, actor, organization_id=organization_id)
    if found.stripe_customer_id is not None:
        return KnownCustomer(found.stripe_customer_id, found.user_id)
    made_id = await shop.stripe.create_customer(found)
    kept = await sql_customers.keep_customer(
        shop.database, organization_id=organization_id, customer_id=made_id
    )
    return KnownCustomer(kept.stripe_customer_id, found.user_id)

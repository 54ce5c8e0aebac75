"""The organization as Stripe's customer: what saved cards and invoices hang on."""

import asyncio
from contextlib import suppress
from typing import NamedTuple
from uuid import UUID

import structlog

from backend.database.functions import customers as sql_customers
from backend.database.protocol import Person
from backend.failures import StripeRefused, StripeUnavailable
from backend.schemas import Customer, WhichOrganization
from backend.services import Services
from backend.stripe import creation
from backend.stripe.parsers.documented import Identified

log = structlog.get_logger(__name__)

SOON_SECONDS = 3.0


class ExistingCustomer(NamedTuple):
    """Stripe's id of an organization's customer, and the person who asks for it."""

    stripe_customer_id: str
    user_id: UUID


async def try_ensure_customer(services: Services, actor: Person, organization_id: UUID) -> None:
    """Have a customer if Stripe makes one soon: without one, only saving a card is missing.

    Raises NotFound, RoleTooLow.
    """
    try:
        async with asyncio.timeout(SOON_SECONDS):
            await ensure_stripe_customer_id(services, actor, organization_id)
    except (StripeRefused, StripeUnavailable, TimeoutError) as error:
        if isinstance(error, TimeoutError) or not error.was_logged():
            log.warning(
                "customer_unavailable", organization=str(organization_id), error=repr(error)
            )


async def ensure_customer(
    services: Services, actor: Person, request: WhichOrganization
) -> Customer:
    """Return the organization's customer at Stripe, made if there is none yet.

    Raises as `ensure_customer_row`.
    """
    return Customer(
        customer_id=await ensure_stripe_customer_id(services, actor, request.organization_id)
    )


async def ensure_stripe_customer_id(
    services: Services, actor: Person, organization_id: UUID
) -> str:
    """Return Stripe's id of the organization's customer. Raises as `ensure_customer_row`."""
    return (await ensure_customer_row(services, actor, organization_id)).stripe_customer_id


async def ensure_customer_row(
    services: Services, actor: Person, organization_id: UUID
) -> ExistingCustomer:
    """Return the organization's customer at Stripe, made if there is none yet, and who asks for it.

    Raises NotFound, RoleTooLow, StripeRefused, StripeUnavailable.
    """
    row = await sql_customers.get_customer(
        services.database, actor, organization_id=organization_id
    )
    if row.stripe_customer_id is not None:
        return ExistingCustomer(row.stripe_customer_id, row.user_id)
    return ExistingCustomer(await create_customer(services, organization_id), row.user_id)


async def create_customer(services: Services, organization_id: UUID) -> str:
    """Have Stripe make an organization's customer, and write it down; return Stripe's id of it.

    Whoever else makes one meanwhile, or did and got no answer, gets the same. It is made with the
    operator's address, which no refusal can hold up and no stored request keeps, and has the one
    that an owner chose before any page is made of it. Raises StripeRefused, StripeUnavailable.
    """
    row = await sql_customers.get_customer_for_service(
        services.database, organization_id=organization_id
    )
    if row.stripe_customer_id is not None:
        return row.stripe_customer_id

    async def find() -> Identified | None:
        return await services.stripe.find_customer(row, creation.search_since(row))

    customer = await find() if row.search_start else None
    if customer is None:
        request = services.stripe.create_customer(row)
        customer = await creation.create_at_stripe(services, row, request, find)
    saved = await sql_customers.set_stripe_customer(
        services.database, organization_id=organization_id, stripe_customer_id=customer.id
    )
    if saved.billing_email is not None:
        with suppress(StripeRefused, StripeUnavailable):  # the next sync sends it
            await send_billing_email(services, organization_id)
    return saved.stripe_customer_id


async def send_billing_email(services: Services, organization_id: UUID) -> None:
    """Give the organization's customer, if it has one, the address that is stored now, or ours.

    Raises StripeRefused, StripeUnavailable.
    """
    row = await sql_customers.get_customer_for_service(
        services.database, organization_id=organization_id
    )
    if row.stripe_customer_id is not None:
        await services.stripe.set_customer_email(
            row.stripe_customer_id, organization_id, row.billing_email
        )

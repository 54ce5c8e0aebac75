"""The organization as Stripe's customer: what saved cards and invoices hang on."""

from uuid import UUID

from backend.database import SERVICE, Actor
from backend.schemas import Customer
from backend.topups import Shop


async def customer(shop: Shop, actor: Actor, organization_id: UUID) -> Customer:
    """The customer, made if there is none yet; whoever else makes one meanwhile gets the same."""
    known = await shop.database.call("get_customer", actor, organization_id=organization_id)
    if known["stripe_customer_id"] is None:
        made = await shop.stripe.create_customer(known)
        known = await shop.database.call(
            "keep_customer", SERVICE, organization_id=organization_id, customer_id=made["id"]
        )
    return Customer(customer_id=known["stripe_customer_id"])

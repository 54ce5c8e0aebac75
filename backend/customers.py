"""The organization as Stripe's customer: what saved cards and invoices hang on."""

from backend.database import SERVICE, Actor
from backend.schemas import Customer, CustomerRequest
from backend.topups import Shop


async def customer(shop: Shop, actor: Actor, wanted: CustomerRequest) -> Customer:
    """The organization as Stripe's customer, made if there is none yet.

    Whoever else makes one meanwhile gets the same.
    """
    which = wanted.model_dump()
    known = await shop.database.call("get_customer", actor, **which)
    if known["stripe_customer_id"] is None:
        made = await shop.stripe.create_customer(known)
        known = await shop.database.call("keep_customer", SERVICE, **which, customer_id=made["id"])
    return Customer(customer_id=known["stripe_customer_id"])

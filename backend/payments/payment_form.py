"""The unified form: the same use cases behind one address, chosen by its `action`."""

from backend import schemas
from backend.database.protocol import Person
from backend.errors import BadRequest
from backend.payment_methods import service as cards, setup_links
from backend.payments import charges, checkout as topups
from backend.shop import Shop


async def act(
    shop: Shop, actor: Person, form: schemas.PaymentForm, key: str | None
) -> schemas.PaymentFormAnswer:
    """Add a payment method, or purchase credits with a saved one or on a page.

    Refuses as `card_links.add`, `charges.start` and `topups.start` do.
    """
    wanted = form.root
    if isinstance(wanted, schemas.AddPaymentMethod):
        added = await setup_links.add(shop, actor, wanted, key)
        return schemas.PaymentFormAnswer(**dict(added))
    if wanted.payment_method_id is None:
        if wanted.reference:
            raise BadRequest(
                "A reference goes with a payment_method_id: a page may be left unpaid."
            )
        return schemas.PaymentFormAnswer(checkout=await topups.start(shop, actor, wanted, key))
    if key is None:
        raise BadRequest("Send an Idempotency-Key: the same again finds the same, and pays once.")
    return schemas.PaymentFormAnswer(payment=await charges.start(shop, actor, wanted, key))


async def change(shop: Shop, actor: Person, form: schemas.MethodForm) -> schemas.PaymentMethod:
    """Give a saved card a label, make it the default, or both. Raises NotFound, RoleTooLow."""
    return await cards.change(shop, actor, form.payment_method_id, form)


async def remove(shop: Shop, actor: Person, chosen: schemas.MethodChoice) -> None:
    """A saved card can be charged no more; again is harmless. Raises NotFound, StripeRefused."""
    await cards.remove(shop, actor, chosen.payment_method_id)

"""The unified form: the same use cases behind one address, chosen by its `action`."""

from backend import card_links, cards, charges, topups
from backend.database import Actor
from backend.errors import BadRequest
from backend.schemas import (
    AddPaymentMethod,
    MethodChoice,
    MethodForm,
    PaymentForm,
    PaymentFormAnswer,
    PaymentMethod,
)
from backend.topups import Shop


async def act(shop: Shop, actor: Actor, form: PaymentForm, key: str | None) -> PaymentFormAnswer:
    """Add a payment method, or purchase credits with a saved one or on a page.

    Refuses as `card_links.add`, `charges.start` and `topups.start` do.
    """
    wanted = form.root
    if isinstance(wanted, AddPaymentMethod):
        added = await card_links.add(shop, actor, wanted, key)
        return PaymentFormAnswer(**dict(added))
    if wanted.payment_method_id is None:
        return PaymentFormAnswer(checkout=await topups.start(shop, actor, wanted, key))
    if key is None:
        raise BadRequest("Send an Idempotency-Key: the same again finds the same, and pays once.")
    return PaymentFormAnswer(payment=await charges.start(shop, actor, wanted, key))


async def change(shop: Shop, actor: Actor, form: MethodForm) -> PaymentMethod:
    """Give a saved card a label, make it the default, or both. Raises NotFound, RoleTooLow."""
    return await cards.change(shop, actor, form.payment_method_id, form)


async def remove(shop: Shop, actor: Actor, chosen: MethodChoice) -> None:
    """A saved card can be charged no more; again is harmless. Raises NotFound, StripeRefused."""
    await cards.remove(shop, actor, chosen.payment_method_id)

"""Paying with a saved card: charged at once, unless the bank wants to hear from the payer first."""

from backend import topups
from backend.database import Actor
from backend.failures import ChargeUnclear, StripeUnavailable
from backend.schemas import ChargeRequest, Payment
from backend.shop import Shop


async def start(shop: Shop, actor: Actor, request: ChargeRequest, key: str) -> Payment:
    """The saved card is charged; with 3-D Secure the answer has the `url` to confirm it on.

    The row first, then Stripe; the same `key` finds the same payment again. A decline is an
    answer: the payment `failed`. Raises NotFound, AmountRefused, RoleTooLow, IdempotencyKeyReused,
    ReferenceUsed, and ChargeUnclear.
    """
    payment = await topups.make(
        shop,
        actor,
        request,
        idempotency_key=key,
        flow="charge",
        payment_method_id=request.payment_method_id,
        order_reference=request.reference,
        **request.where,
    )
    if payment["status"] == "created":
        if topups.late(payment):  # Stripe may have forgotten the key; the reconciler finds out
            raise ChargeUnclear
        shop.bell.ring()
        try:
            await topups.charge(shop, payment)
        except StripeUnavailable as unavailable:
            raise ChargeUnclear from unavailable
    return await topups.show(shop, actor, payment["id"])

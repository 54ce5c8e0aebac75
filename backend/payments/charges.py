"""Paying with a saved card: charged at once, unless the bank wants to hear from the payer first.

What became of a charge whose answer was lost is read at Stripe. It is asked to charge again only
while whoever asked for it may do so, nobody canceled it, and for ten minutes: `api.claim_charge`.
"""

import structlog

from backend.database.protocol import SERVICE, Actor
from backend.failures import ChargeUnclear, StripeRefused, StripeUnavailable
from backend.payment_methods import service as cards
from backend.payments import checkout
from backend.schemas import ChargeRequest, Json, Payment
from backend.shop import Shop
from backend.stripe.errors import refused_for_the_key

log = structlog.get_logger(__name__)


async def start(shop: Shop, actor: Actor, request: ChargeRequest, key: str) -> Payment:
    """The saved card is charged; with 3-D Secure the answer has the `url` to confirm it on.

    The row first, then Stripe; the same `key` finds the same payment again. A decline is an
    answer: the payment `failed`. Raises NotFound, AmountRefused, RoleTooLow, IdempotencyKeyReused,
    ReferenceUsed, and ChargeUnclear.
    """
    payment = await checkout.make(
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
        shop.bell.ring()
        try:
            await carry_out(shop, payment)
        except StripeUnavailable as unavailable:
            raise ChargeUnclear from unavailable
    return await checkout.show(shop, actor, payment["id"])


async def reconcile(shop: Shop, payment_id: str) -> None:
    """For the reconciler: ask Stripe about a payment, and end or go on with what waits."""
    payment: Json = await shop.database.call("start_check", SERVICE, payment_id=payment_id)
    if (payment["status"], payment["flow"]) == ("created", "charge"):
        await carry_out(shop, payment)
    else:
        await checkout.reconcile(shop, payment)


async def carry_out(shop: Shop, payment: Json) -> None:
    """Find the charge at Stripe, or have it made while it may be; else it is over.

    Raises StripeUnavailable where nobody knows; the reconciler comes back.
    """
    if await checkout.find_charge(shop, payment):
        return
    claim = await shop.database.call("claim_charge", SERVICE, payment_id=payment["id"])
    shop.bell.ring()
    if claim["claimed"]:
        await send(shop, claim)


async def send(shop: Shop, payment: Json) -> None:
    """Have Stripe charge the saved card; the same key charges once."""
    try:
        intent = await shop.stripe.charge(payment)
    except StripeUnavailable:
        until = {"sending_until": payment["sending_until"]}
        await shop.database.call("release_charge", SERVICE, payment_id=payment["id"], **until)
        raise
    except StripeRefused as refused:
        log.error("stripe_refused", payment=payment["id"], **refused.facts)
        reason = refused.facts["stripe_code"]
        await shop.database.call("end_charge", SERVICE, payment_id=payment["id"], reason=reason)
        if not refused_for_the_key(refused.__cause__):  # else nothing is wrong with the card
            await cards.look(shop, {"organization_id": payment["organization_id"]})
    else:
        await checkout.charged(shop, payment, intent)

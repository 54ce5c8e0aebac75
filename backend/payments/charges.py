"""Paying with a saved card: charged at once, unless the bank wants to hear from the payer first.

What became of a charge whose answer was lost is read at Stripe. It is asked to charge again only
while whoever asked for it may do so, nobody canceled it, and for ten minutes: `api.claim_charge`.
"""

from uuid import UUID

import structlog

from backend.database.functions import charges as sql_charges, payments as sql_payments
from backend.database.functions.charges import ClaimedCharge
from backend.database.functions.payments import PaymentRow
from backend.database.protocol import Person
from backend.failures import ChargeUnclear, StripeRefused, StripeUnavailable
from backend.payment_methods import service as cards
from backend.payments import checkout, new_payment
from backend.schemas import ChargeRequest, Payment
from backend.shop import Shop
from backend.stripe.errors import refused_for_the_key

log = structlog.get_logger(__name__)


async def start(shop: Shop, actor: Person, request: ChargeRequest, key: str) -> Payment:
    """The saved card is charged; with 3-D Secure the answer has the `url` to confirm it on.

    The row first, then Stripe; the same `key` finds the same payment again. A decline is an
    answer: the payment `failed`. Raises NotFound, AmountRefused, RoleTooLow, IdempotencyKeyReused,
    ReferenceUsed, and ChargeUnclear.
    """
    payment = await new_payment.make(
        shop,
        actor,
        request,
        key,
        flow="charge",
        shown_in=request.shown_in,
        payment_method_id=request.payment_method_id,
        order_reference=request.reference,
    )
    if payment.status == "created":
        shop.bell.ring()
        try:
            await carry_out(shop, payment)
        except StripeUnavailable as unavailable:
            raise ChargeUnclear from unavailable
    return await checkout.show(shop, actor, payment.id)


async def reconcile(shop: Shop, payment_id: UUID) -> None:
    """For the reconciler: ask Stripe about a payment, and end or go on with what waits."""
    payment = await sql_payments.start_check(shop.database, payment_id=payment_id)
    if payment.status == "created" and payment.flow == "charge":
        await carry_out(shop, payment)
    else:
        await checkout.reconcile(shop, payment)


async def carry_out(shop: Shop, payment: PaymentRow) -> None:
    """Find the charge at Stripe, or have it made while it may be; else it is over.

    Raises StripeUnavailable where nobody knows; the reconciler comes back.
    """
    if await checkout.find_charge(shop, payment):
        return
    claim = await sql_charges.claim_charge(shop.database, payment_id=payment.id)
    shop.bell.ring()
    if claim.claimed:
        await send(shop, claim)


async def send(shop: Shop, payment: ClaimedCharge) -> None:
    """Have Stripe charge the saved card; the same key charges once."""
    try:
        intent = await shop.stripe.charge(payment)
    except StripeUnavailable:
        until = payment.sending_until
        await sql_charges.release_charge(shop.database, payment_id=payment.id, sending_until=until)
        raise
    except StripeRefused as refused:
        log.error("stripe_refused", payment=str(payment.id), **refused.facts)
        reason = refused.facts["stripe_code"]
        await sql_charges.end_charge(shop.database, payment_id=payment.id, reason=reason)
        if not refused_for_the_key(refused.__cause__):  # else nothing is wrong with the card
            await cards.look(shop, {"organization_id": str(payment.organization_id)})
    else:
        await checkout.charged(shop, payment, intent)

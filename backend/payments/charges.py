"""Charges of saved cards: at once, unless the bank wants to hear from the payer first.

What became of a charge whose answer was lost is read at Stripe. It is asked to charge again only
while whoever asked for it may do so, nobody canceled it, and for ten minutes: `api.claim_charge`.
"""

import structlog

from backend.database.functions import charges as sql_charges
from backend.database.functions.charges import ClaimedCharge
from backend.database.functions.payments import PaymentRow
from backend.database.protocol import Person
from backend.failures import ChargeUnclear, IdempotencyConflict, StripeRefused, StripeUnavailable
from backend.payment_methods import sync
from backend.payments import checkout, service, settlement
from backend.schemas import ChargeRequest, Payment
from backend.services import Services
from backend.stripe import creation
from backend.stripe.errors import is_key_error


async def charge_payment_method(
    services: Services, actor: Person, request: ChargeRequest, key: str
) -> Payment:
    """Charge a saved card; return the payment, with 3-D Secure with the `url` to confirm it on.

    The row first, then Stripe; the same `key` finds the same payment again. A decline is an
    answer: the payment `failed`. Raises NotFound, AmountRefused, RoleTooLow, IdempotencyKeyReused,
    ReferenceUsed, and ChargeUnclear.
    """
    payment = await checkout.create_payment(
        services,
        actor,
        request,
        key,
        flow="charge",
        shown_in=request.shown_in,
        payment_method_id=request.payment_method_id,
        order_reference=request.reference,
    )
    if payment.status == "created":
        services.wakeup.wake()
        try:
            await execute_charge(services, payment)
        except StripeUnavailable as unavailable:
            raise ChargeUnclear from unavailable
    return await service.get_payment(services, actor, payment.id)


async def execute_charge(services: Services, payment: PaymentRow) -> None:
    """Find a charge at Stripe, or have it made while that is allowed; else it is over.

    Raises StripeUnavailable where nobody knows; the reconciler comes back.
    """
    if await settlement.find_lost_charge(services, payment):
        return
    claim = await sql_charges.claim_charge(services.database, payment_id=payment.id)
    services.wakeup.wake()
    if claim.claimed:
        await send_charge(services, claim)


async def send_charge(services: Services, payment: ClaimedCharge) -> None:
    """Have Stripe charge the saved card; the same key charges once."""
    try:
        with structlog.contextvars.bound_contextvars(payment_id=str(payment.id)):
            intent = await services.stripe.charge(payment)
    except StripeUnavailable as unavailable:
        until = payment.sending_until
        await sql_charges.release_charge(
            services.database, payment_id=payment.id, sending_until=until
        )
        if isinstance(unavailable, IdempotencyConflict):
            since = creation.search_since(payment)
            if await settlement.find_charge(services, payment, since):
                return
        raise
    except StripeRefused as refused:
        reason = refused.facts["stripe_code"]
        await sql_charges.mark_charge_failed(
            services.database, payment_id=payment.id, reason=reason
        )
        if not is_key_error(refused.__cause__):  # else nothing is wrong with the card
            await sync.sync_payment_methods(
                services, {"organization_id": str(payment.organization_id)}
            )
    else:
        await settlement.record_charge(services, payment, intent)

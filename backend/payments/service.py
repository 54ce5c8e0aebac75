"""One payment: read it, cancel it."""

from uuid import UUID

from backend.database.functions import charges as sql_charges, payments as sql_payments
from backend.database.functions.payments import PaymentRow
from backend.database.protocol import Person
from backend.errors import PaymentClosed
from backend.payments import settlement, stripe_objects
from backend.schemas import Payment
from backend.services import Services


async def get_payment(services: Services, actor: Person, payment_id: UUID) -> Payment:
    """Return a payment as it stands. Raises NotFound."""
    return await sql_payments.get_payment(services.database, actor, payment_id=payment_id)


async def cancel_payment(services: Services, actor: Person, payment_id: UUID) -> Payment:
    """Cancel a payment at Stripe; return it, `succeeded` where the payer was faster.

    While the answer to a charge of a saved card is outstanding, the charge cannot be canceled. It
    is then never sent again, and the reconciler reads from Stripe what became of it.

    Raises NotFound; PaymentClosed where the payment is over, or such a charge is outstanding;
    StripeUnavailable and StripeRefused where Stripe did not cancel it.
    """
    await sql_payments.request_payment_cancel(services.database, actor, payment_id=payment_id)
    payment = await sql_payments.get_payment_for_service(services.database, payment_id=payment_id)
    services.wakeup.wake()
    if payment.status == "created":
        payment = await cancel_unanswered_charge(services, payment)
    if payment.status == "created":
        raise PaymentClosed(status="created")
    if payment.status == "pending":
        closed = await stripe_objects.close_stripe_object(services, payment)
        await settlement.settle_payment(services, payment, closed)
    return await get_payment(services, actor, payment_id)


async def cancel_unanswered_charge(services: Services, payment: PaymentRow) -> PaymentRow:
    """End a charge whose answer was lost, if Stripe does not have it; return its row.

    Claiming a charge that somebody canceled ends it: see `api.claim_charge`.
    """
    if not await settlement.find_lost_charge(services, payment):
        await sql_charges.claim_charge(services.database, payment_id=payment.id)
    services.wakeup.wake()
    return await sql_payments.get_payment_for_service(services.database, payment_id=payment.id)

"""Check a payment at Stripe, for whoever may see it: what got lost on the way is applied now."""

from typing import Final
from uuid import UUID

from backend.database.functions import refunds as sql_refunds
from backend.database.protocol import Person
from backend.payments import refunds, service, settlement
from backend.schemas import Payment
from backend.services import Services

OPEN_REFUNDS: Final = ("requested", "pending", "requires_action")


async def check_payment(services: Services, actor: Person, payment_id: UUID) -> Payment:
    """Return a payment as it stands at Stripe, which is asked every three seconds at most.

    Of one that is paid, the refunds are asked about that are on their way. Raises NotFound,
    StripeUnavailable, StripeRefused.
    """
    # Who may not see it may not ask either.
    payment = await service.get_payment(services, actor, payment_id)
    if payment.status == "succeeded":
        await settle_open_refunds(services, payment)
    else:
        await settlement.refetch_if_due(services, payment_id)
    return await service.get_payment(services, actor, payment_id)


async def settle_open_refunds(services: Services, payment: Payment) -> None:
    """Settle a payment's refunds as Stripe has them; none is sent, which only its maker may."""
    open_refunds = [refund for refund in payment.refunds if refund.status in OPEN_REFUNDS]
    if open_refunds:
        row = await sql_refunds.get_refund_for_service(
            services.database, refund_id=open_refunds[0].id
        )
        await refunds.settle_from_stripe(services, row)  # Stripe lists all of the payment's

"""What the reconciler does with an open payment: ask Stripe, end it, or go on with its charge."""

from uuid import UUID

from backend.database.functions import payments as sql_payments
from backend.database.functions.payments import PaymentRow
from backend.payments import charges, opening, settlement, stripe_objects
from backend.services import Services
from backend.stripe.parsers.intents import PaymentIntent
from backend.stripe.parsers.invoices import Invoice
from backend.stripe.parsers.payments import Payable
from backend.stripe.parsers.sessions import CheckoutSession


async def reconcile_payment(services: Services, payment_id: UUID) -> None:
    """Ask Stripe about a payment, and end or go on with what waits.

    Raises StripeRefused, StripeUnavailable.
    """
    payment = await sql_payments.claim_payment_check(services.database, payment_id=payment_id)
    if payment.status == "created" and payment.flow == "charge":
        await charges.execute_charge(services, payment)
    else:
        await reconcile_opened_payment(services, payment)


async def reconcile_opened_payment(services: Services, payment: PaymentRow) -> None:
    """Settle a payment as Stripe has it; close first what may not be paid any more.

    That is one whose requester lost the role, and an intent that is late: a page closes by itself
    when its time is up.
    """
    stripe_object = await stripe_objects.fetch_stripe_object(services, payment)
    is_over = payment.revoked or (payment.flow != "checkout" and opening.is_late(payment))
    if is_over and waits_for_payer(stripe_object):
        stripe_object = await stripe_objects.close_stripe_object(services, payment)
    await settlement.settle_payment(services, payment, stripe_object)


def waits_for_payer(stripe_object: Payable) -> bool:
    """Return whether a payer can still pay it on a page, and nothing else is going on."""
    match stripe_object:
        case CheckoutSession():
            return stripe_object.status == "open"
        case PaymentIntent():
            return stripe_object.waits_for_payer
        case Invoice():  # Stripe goes on with it by itself
            return False

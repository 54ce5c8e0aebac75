"""What happened to a payment, and Stripe's receipt of it."""

from contextlib import suppress
from uuid import UUID

from backend.database.functions import payments as sql_payments, payments_search
from backend.database.protocol import Person
from backend.failures import EventNotApplied
from backend.payments import settlement
from backend.schemas import Receipt, Timeline
from backend.services import Services
from backend.stripe.parsers.charges import Charge, parse_charged_method
from backend.stripe.parsers.facts import CardFact


async def get_timeline(services: Services, actor: Person, payment_id: UUID) -> Timeline:
    """Read what happened to a payment and what it waits for. Raises NotFound, RoleTooLow."""
    return await payments_search.get_payment_timeline(
        services.database, actor, payment_id=payment_id
    )


async def get_receipt(services: Services, actor: Person, payment_id: UUID) -> Receipt:
    """Fetch Stripe's page for a payment that succeeded, and read what paid it.

    Raises NotFound, RoleTooLow, StripeRefused, StripeUnavailable.
    """
    database = services.database
    payment = await payments_search.get_payment_of_caller(database, actor, payment_id=payment_id)
    row = await sql_payments.get_payment_for_service(database, payment_id=payment_id)
    if payment.status != "succeeded" or row.stripe_payment_intent_id is None:
        return Receipt(payment=payment, url=None, pdf=None, card=row.paid_with)
    charge = await services.stripe.get_latest_charge(row.stripe_payment_intent_id)
    url, pdf = charge.receipt_url if charge else None, None
    if row.stripe_invoice_id:
        invoice = await services.stripe.get_invoice(row.stripe_invoice_id)
        url, pdf = invoice.hosted_invoice_url or url, invoice.invoice_pdf
    if charge and row.paid_with is None:
        await record_charged_method(services, charge)
        row = await sql_payments.get_payment_for_service(database, payment_id=payment_id)
    return Receipt(payment=payment, url=url, pdf=pdf, card=row.paid_with)


async def record_charged_method(services: Services, charge: Charge) -> None:
    """Record what paid a charge, whose event did not come."""
    fact = parse_charged_method(charge)
    if isinstance(fact, CardFact):
        with suppress(EventNotApplied):
            await settlement.receive_refetched(
                services, f"{charge.id}:card", charge.livemode, fact.as_refetched()
            )

"""Refetching: fetch the object that an event is about in our own API version, as a fact."""

import asyncio
from collections.abc import Awaitable, Callable
from uuid import UUID

from backend.database.functions import payments as sql_payments
from backend.database.functions.payments import PaymentRow
from backend.failures import StripeUnavailable
from backend.payments import disputes
from backend.services import Services
from backend.stripe.parsers.charges import parse_charge, parse_charged_method
from backend.stripe.parsers.disputes import parse_warning
from backend.stripe.parsers.facts import (
    CardFact,
    DisputeFact,
    Fact,
    InvoiceOutcome,
    PaymentFact,
    RefetchFact,
    RefundFact,
    WarningFact,
)
from backend.stripe.parsers.invoices import parse_invoice
from backend.stripe.parsers.payment_methods import (
    parse_customer,
    parse_payment_method,
    parse_setup_intent,
)
from backend.stripe.parsers.payments import Payable, parse_payment
from backend.stripe.parsers.refunds import parse_refund
from backend.stripe.parsers.subscriptions import parse_subscription

# How long an event waits for a slot before its refetch is left to Stripe's repeat or the
# reconciler: of a webhook endpoint with another API version every event is refetched.
PATIENCE_SECONDS = 5.0
OUTCOME_OF_INVOICE: dict[str | None, InvoiceOutcome] = {"paid": "paid", "open": "failed"}


async def refetch(services: Services, fact: Fact, payment_id: UUID | None) -> Fact:
    """Fetch the object that `fact` is about, and return its fact.

    `payment_id` is ours, where we know the payment. Raises StripeRefused, and StripeUnavailable,
    also where too many events are refetched at a time or the object is not as documented.
    """
    kind, object_id = object_reference(fact)
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            await services.refetch_slots.acquire()
    except TimeoutError as error:
        raise StripeUnavailable from error
    try:
        fetched = await OBJECT_REFETCHERS[kind](services, object_id, fact, payment_id)
    finally:
        services.refetch_slots.release()
    return fetched.as_refetched()


def object_reference(fact: Fact) -> tuple[str, str]:
    """Return the kind and id of the object that a fact is about. Raises TypeError: a bug."""
    match fact:
        case RefetchFact():
            return fact.kind, fact.object_id
        case PaymentFact(
            source="session", stripe_checkout_session_id=str(stripe_checkout_session_id)
        ):
            return "checkout.session", stripe_checkout_session_id
        case PaymentFact(stripe_payment_intent_id=str(stripe_payment_intent_id)):
            return "payment_intent", stripe_payment_intent_id
        case RefundFact():
            return "refund", fact.id
        case DisputeFact():
            return "dispute", fact.id
        case WarningFact():
            return "radar.early_fraud_warning", fact.id
    raise TypeError(f"a fact that names no object to fetch: {fact!r}")


async def _refetch_session(
    services: Services, id: str, fact: Fact, payment_id: UUID | None
) -> Fact:
    row = await _payment_row(services, payment_id)
    return parse_payable(await services.stripe.get_session(id), row)


async def _refetch_intent(services: Services, id: str, fact: Fact, payment_id: UUID | None) -> Fact:
    """Fetch an intent; where a page of ours created it, fetch the page, which has the tax."""
    row = await _payment_row(services, payment_id)
    if row is None:
        return parse_payable(await services.stripe.get_intent(id), None)
    is_credited = row.status == "succeeded" and row.stripe_payment_intent_id == id
    if is_credited and isinstance(fact, PaymentFact) and fact.outcome == "paid":
        return fact  # the event of its page was applied first
    if row.stripe_checkout_session_id:
        session = await services.stripe.get_session(row.stripe_checkout_session_id)
        if session.stripe_payment_intent_id == id:
            return parse_payable(session, row)
    return parse_payable(await services.stripe.get_intent(id), row)


async def _payment_row(services: Services, payment_id: UUID | None) -> PaymentRow | None:
    if payment_id is None:
        return None
    return await sql_payments.get_payment_for_service(services.database, payment_id=payment_id)


def parse_payable(stripe_object: Payable, row: PaymentRow | None) -> Fact:
    """Parse an object into a fact, given the payment's row if it is one of ours."""
    if row is None:
        return parse_payment(stripe_object)
    return parse_payment(stripe_object, status=row.status, flow=row.flow)


async def _refetch_refund(services: Services, id: str, fact: Fact, payment_id: UUID | None) -> Fact:
    return parse_refund(await services.stripe.get_refund(id))


async def _refetch_charge(services: Services, id: str, fact: Fact, payment_id: UUID | None) -> Fact:
    charge = await services.stripe.get_charge(id)
    if isinstance(fact, CardFact) or (isinstance(fact, RefetchFact) and fact.about == "card"):
        return parse_charged_method(charge)
    return parse_charge(charge)


async def _refetch_dispute(
    services: Services, id: str, fact: Fact, payment_id: UUID | None
) -> Fact:
    step = fact.step if isinstance(fact, DisputeFact | RefetchFact) else None
    return await disputes.fetch_dispute(services, id, step)


async def _refetch_fraud_warning(
    services: Services, id: str, fact: Fact, payment_id: UUID | None
) -> Fact:
    return parse_warning(await services.stripe.get_fraud_warning(id))


async def _refetch_invoice(
    services: Services, id: str, fact: Fact, payment_id: UUID | None
) -> Fact:
    invoice = await services.stripe.get_invoice(id)
    outcome = OUTCOME_OF_INVOICE.get(invoice.status)
    return parse_invoice(invoice, outcome if invoice.attempted else None)


async def _refetch_subscription(
    services: Services, id: str, fact: Fact, payment_id: UUID | None
) -> Fact:
    return parse_subscription(await services.stripe.get_subscription(id))


async def _refetch_payment_method(
    services: Services, id: str, fact: Fact, payment_id: UUID | None
) -> Fact:
    return parse_payment_method(await services.stripe.get_payment_method(id))


async def _refetch_setup_intent(
    services: Services, id: str, fact: Fact, payment_id: UUID | None
) -> Fact:
    return parse_setup_intent(await services.stripe.get_setup_intent(id))


async def _refetch_customer(
    services: Services, id: str, fact: Fact, payment_id: UUID | None
) -> Fact:
    return parse_customer(await services.stripe.get_customer(id))


OBJECT_REFETCHERS: dict[str, Callable[[Services, str, Fact, UUID | None], Awaitable[Fact]]] = {
    "checkout.session": _refetch_session,
    "payment_intent": _refetch_intent,
    "refund": _refetch_refund,
    "charge": _refetch_charge,
    "dispute": _refetch_dispute,
    "radar.early_fraud_warning": _refetch_fraud_warning,
    "invoice": _refetch_invoice,
    "subscription": _refetch_subscription,
    "payment_method": _refetch_payment_method,
    "setup_intent": _refetch_setup_intent,
    "customer": _refetch_customer,
}

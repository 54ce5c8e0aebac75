"""Ask Stripe for the object that an event is about, in our own API version: a fact to believe."""

import asyncio
from collections.abc import Awaitable, Callable
from uuid import UUID

from backend.database.functions import payments as sql_payments
from backend.database.functions.payments import PaymentRow
from backend.failures import StripeUnavailable
from backend.shop import Shop
from backend.stripe.parsers.charges import parse_charge
from backend.stripe.parsers.disputes import parse_refetched_dispute, parse_warning
from backend.stripe.parsers.facts import (
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
    Customer,
    parse_customer,
    parse_payment_method,
    parse_setup_intent,
)
from backend.stripe.parsers.payments import Payable, parse_payment
from backend.stripe.parsers.refunds import parse_refund
from backend.stripe.parsers.subscriptions import parse_subscription

# How long an event waits for one of the places in which Stripe is asked, before it is left to the
# repeat: a webhook endpoint of another API version has every one of its events asked about.
PATIENCE_SECONDS = 5.0
OUTCOME_OF_INVOICE: dict[str | None, InvoiceOutcome] = {"paid": "paid", "open": "failed"}


async def refetch(shop: Shop, fact: Fact, payment_id: UUID | None) -> Fact:
    """Say what Stripe says now of the object that `fact` is about.

    `payment_id` is ours, where we know of which payment it is. Raises StripeUnavailable, also where
    too many ask at once or the object is not as documented, and StripeRefused.
    """
    kind, object_id = object_of(fact)
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            await shop.refetches.acquire()
    except TimeoutError as error:
        raise StripeUnavailable from error
    try:
        found = await FETCH[kind](shop, object_id, fact, payment_id)
    finally:
        shop.refetches.release()
    return found.as_refetched()


def object_of(fact: Fact) -> tuple[str, str]:
    """The kind and id of the object that a fact is about."""
    match fact:
        case RefetchFact():
            return fact.kind, fact.object_id
        case PaymentFact(source="session", session_id=str(session_id)):
            return "checkout.session", session_id
        case PaymentFact(intent_id=str(intent_id)):
            return "payment_intent", intent_id
        case RefundFact():
            return "refund", fact.id
        case DisputeFact():
            return "dispute", fact.id
        case WarningFact():
            return "radar.early_fraud_warning", fact.id
    raise TypeError(f"a fact that names no object to fetch: {fact!r}")


async def _session(shop: Shop, id: str, fact: Fact, payment_id: UUID | None) -> Fact:
    return parse_found(await shop.stripe.get_session(id), await _row(shop, payment_id))


async def _intent(shop: Shop, id: str, fact: Fact, payment_id: UUID | None) -> Fact:
    """The intent; where our page made it, the page, which knows the tax."""
    row = await _row(shop, payment_id)
    credited = row and row.status == "succeeded" and row.stripe_payment_intent_id == id
    if isinstance(fact, PaymentFact) and fact.outcome == "paid" and credited:
        return fact  # its page's event was faster
    if row and row.stripe_checkout_session_id:
        session = await shop.stripe.get_session(row.stripe_checkout_session_id)
        if session.intent_id == id:
            return parse_found(session, row)
    return parse_found(await shop.stripe.get_intent(id), row)


async def _row(shop: Shop, payment_id: UUID | None) -> PaymentRow | None:
    return (
        await sql_payments.start_payment(shop.database, payment_id=payment_id)
        if payment_id
        else None
    )


def parse_found(found: Payable, row: PaymentRow | None) -> Fact:
    """Say how far a payment is that may not be one of ours."""
    if row is None:
        return parse_payment(found)
    return parse_payment(found, status=row.status, flow=row.flow)


async def _refund(shop: Shop, id: str, fact: Fact, payment_id: UUID | None) -> Fact:
    return parse_refund(await shop.stripe.get_refund(id))


async def _charge(shop: Shop, id: str, fact: Fact, payment_id: UUID | None) -> Fact:
    return parse_charge(await shop.stripe.get_charge(id))


async def _dispute(shop: Shop, id: str, fact: Fact, payment_id: UUID | None) -> Fact:
    dispute = await shop.stripe.get_dispute(id)
    charge = await shop.stripe.get_charge(dispute.charge)
    step = fact.step if isinstance(fact, DisputeFact | RefetchFact) else None
    return parse_refetched_dispute(dispute, charge, step)


async def _warning(shop: Shop, id: str, fact: Fact, payment_id: UUID | None) -> Fact:
    return parse_warning(await shop.stripe.get_warning(id))


async def _invoice(shop: Shop, id: str, fact: Fact, payment_id: UUID | None) -> Fact:
    invoice = await shop.stripe.get_invoice(id)
    outcome = OUTCOME_OF_INVOICE.get(invoice.status)
    return parse_invoice(invoice, outcome if invoice.attempted else None)


async def _subscription(shop: Shop, id: str, fact: Fact, payment_id: UUID | None) -> Fact:
    return parse_subscription(await shop.stripe.get_subscription(id))


async def _method(shop: Shop, id: str, fact: Fact, payment_id: UUID | None) -> Fact:
    return parse_payment_method(await shop.stripe.get_method(id))


async def _setup(shop: Shop, id: str, fact: Fact, payment_id: UUID | None) -> Fact:
    return parse_setup_intent(await shop.stripe.get_setup_intent(id))


async def _customer(shop: Shop, id: str, fact: Fact, payment_id: UUID | None) -> Fact:
    return parse_customer(Customer(id=id))  # which one is all that its events say


FETCH: dict[str, Callable[[Shop, str, Fact, UUID | None], Awaitable[Fact]]] = {
    "checkout.session": _session,
    "payment_intent": _intent,
    "refund": _refund,
    "charge": _charge,
    "dispute": _dispute,
    "radar.early_fraud_warning": _warning,
    "invoice": _invoice,
    "subscription": _subscription,
    "payment_method": _method,
    "setup_intent": _setup,
    "customer": _customer,
}

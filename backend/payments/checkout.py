"""Top-ups: make a payment, open its page at Stripe, look how far it is, cancel it."""

from collections.abc import Awaitable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import TypeVar
from uuid import UUID

import structlog

from backend.database.functions import (
    charges as sql_charges,
    payments as sql_payments,
    stripe_events as sql_stripe_events,
)
from backend.database.functions.payments import PaymentRow
from backend.database.functions.stripe_events import ReceivedEvent
from backend.database.functions.subscriptions import SubscriptionRow
from backend.database.protocol import Person
from backend.errors import PaymentClosed
from backend.failures import EventNotApplied, StripeRefused, StripeUnavailable
from backend.payment_methods import customers
from backend.payments import new_payment
from backend.schemas import (
    Checkout,
    CheckoutRequest,
    Payment,
)
from backend.shop import Shop
from backend.stripe.errors import MISSING, about_customer
from backend.stripe.parsers.documented import Identified
from backend.stripe.parsers.facts import Fact
from backend.stripe.parsers.intents import PaymentIntent
from backend.stripe.parsers.invoices import Invoice
from backend.stripe.parsers.payments import Payable, parse_payment
from backend.stripe.parsers.sessions import CheckoutSession

log = structlog.get_logger(__name__)

Made = TypeVar("Made", bound=Identified)

# Stripe opens no page that closes within 30 minutes; a minute more for the request itself.
# https://docs.stripe.com/api/checkout/sessions/create#create_checkout_session-expires_at
SHORTEST_PAGE = timedelta(minutes=31)
# An intent's amount may carry tax or another currency; where there is a session, it decides.
STRIPE_DECIDES = "stripe_decides"


async def start(shop: Shop, actor: Person, request: CheckoutRequest, key: str | None) -> Checkout:
    """A payment, and the link to pay on.

    The row first, then Stripe; the same `key` finds the same payment again. Raises AmountRefused,
    NotFound, RoleTooLow, IdempotencyKeyReused, PaymentClosed, and StripeUnavailable or
    StripeRefused, after which the same call may be tried again.
    """
    await customers.ready(shop, actor, request.organization_id)
    payment = await new_payment.make(shop, actor, request, key, shown_in=request.shown_in)
    if payment.status == "created":
        payment = await open_page(shop, payment)
    if payment.url is None:
        raise PaymentClosed(status=payment.status)
    return Checkout(payment_id=payment.id, url=payment.url, expires_at=payment.expires_at)


async def open_page(shop: Shop, payment: PaymentRow) -> PaymentRow:
    """Ask Stripe for the payment's page and write it down."""
    if late(payment, SHORTEST_PAGE):
        raise PaymentClosed(status="expired")
    try:
        session = await made_by_stripe(shop, payment, shop.stripe.create_checkout(payment))
    except StripeRefused as refused:
        # Somebody deleted the customer at Stripe, and the page opens without it; or the product.
        gone = customer_gone(refused) and payment.stripe_customer_id is not None
        if not (gone or await shop.stripe.mend_product(None, refused)):
            raise
        payment = await sql_payments.start_payment(shop.database, payment_id=payment.id)
        session = await made_by_stripe(shop, payment, shop.stripe.create_checkout(payment))
    return await opened(shop, payment.id, session_id=session.id, url=session.url)


async def made_by_stripe(
    shop: Shop, payment: PaymentRow | SubscriptionRow, asked: Awaitable[Made]
) -> Made:
    """What Stripe made for the payment; a refusal is remembered there, so the next try differs."""
    try:
        return await asked
    except StripeRefused as refused:
        log.error("stripe_refused", payment=str(payment.id), **refused.facts)
        await sql_payments.next_attempt(
            shop.database,
            payment_id=payment.id,
            attempt=payment.attempt,
            without_customer=customer_gone(refused),
        )
        raise


def customer_gone(refused: StripeRefused) -> bool:
    """Whether Stripe does not know the customer, rather than something else of the request."""
    return refused.facts["stripe_code"] == MISSING and about_customer(refused.details)


async def opened(
    shop: Shop,
    payment_id: UUID,
    *,
    session_id: str | None = None,
    intent_id: str | None = None,
    url: str | None = None,
) -> PaymentRow:
    """Write down what Stripe made; the payment as it stands then."""
    payment = await sql_payments.open_payment(
        shop.database, payment_id=payment_id, session_id=session_id, intent_id=intent_id, url=url
    )
    shop.bell.ring()
    if payment.status == "canceled":  # canceled while Stripe was making it
        await close(shop, payment)
    return payment


async def show(shop: Shop, actor: Person, payment_id: UUID) -> Payment:
    """A payment as it stands. Raises NotFound."""
    return await sql_payments.get_payment(shop.database, actor, payment_id=payment_id)


async def show_checked(shop: Shop, actor: Person, payment_id: UUID) -> Payment:
    """A payment as it stands at Stripe, which is asked every three seconds at most.

    Raises NotFound, StripeUnavailable, StripeRefused.
    """
    await show(shop, actor, payment_id)  # who may not see it may not ask either
    await check(shop, payment_id)
    return await show(shop, actor, payment_id)


async def check(shop: Shop, payment_id: UUID) -> bool:
    """Ask Stripe about a payment, at most every three seconds; whether it was asked now."""
    payment = await sql_payments.start_check(shop.database, payment_id=payment_id)
    if payment.due:
        await ask(shop, payment_id)
    return payment.due


async def ask(shop: Shop, payment_id: UUID) -> None:
    """Ask Stripe how far a payment is, and settle what it says. Nothing is changed at Stripe."""
    payment = await sql_payments.start_payment(shop.database, payment_id=payment_id)
    if payment.status == "created" and payment.flow == "charge":
        await find_charge(shop, payment)
    else:
        await settle(shop, payment, await look(shop, payment))


async def reconcile(shop: Shop, payment: PaymentRow) -> None:
    """As `ask`, and close what may not be paid any more: it is late, or revoked."""
    found = await look(shop, payment)
    # A page closes by itself when its time is up; an intent does not.
    over = payment.revoked or (late(payment) and payment.flow != "checkout")
    if over and waits_for_payer(found):
        found = await close(shop, payment)
    await settle(shop, payment, found)


def waits_for_payer(found: Payable) -> bool:
    """Whether a payer can still pay it on a page, and nothing else is going on."""
    match found:
        case CheckoutSession():
            return found.status == "open"
        case PaymentIntent():
            return found.waits_for_payer
        case Invoice():  # Stripe goes on with it by itself
            return False


async def find_charge(shop: Shop, payment: PaymentRow) -> bool:
    """Whether Stripe has the intent of a charge whose answer was lost; settles it, if so.

    Raises StripeUnavailable where Stripe does not say: nobody knows.
    """
    if payment.sent_at is None:  # Stripe was never asked for it
        return False
    try:
        intent = await shop.stripe.find_intent(payment)
    except StripeRefused as refused:
        raise StripeUnavailable from refused
    if intent is None:
        return False
    await charged(shop, payment, intent)
    return True


async def charged(shop: Shop, payment: PaymentRow, intent: PaymentIntent) -> None:
    """What became of the charge of a saved card; the bank may want to hear from the payer."""
    if intent.status == "requires_action":
        await opened(shop, payment.id, intent_id=intent.id, url=intent.three_d_secure_url)
    await settle(shop, payment, intent)


def late(row: PaymentRow | SubscriptionRow, by: timedelta = timedelta(0)) -> bool:
    """Whether the time of a payment or a subscription is up, or will be within `by`."""
    return row.expires_at - datetime.now(UTC) <= by


async def cancel(shop: Shop, actor: Person, payment_id: UUID) -> Payment:
    """Cancel a payment at Stripe; `succeeded` is the answer where the payer was faster.

    Raises PaymentClosed, also where Stripe is charging the card at this moment; it is not asked to
    charge it again then. StripeUnavailable: the same, and the reconciler finds out.
    """
    await sql_payments.request_cancel(shop.database, actor, payment_id=payment_id)
    payment = await sql_payments.start_payment(shop.database, payment_id=payment_id)
    shop.bell.ring()
    if payment.status == "created":  # a charge whose answer was lost
        if not await find_charge(shop, payment):
            await sql_charges.claim_charge(shop.database, payment_id=payment_id)
        payment = await sql_payments.start_payment(shop.database, payment_id=payment_id)
        shop.bell.ring()
    if payment.status == "created":
        raise PaymentClosed(status="created")
    if payment.status == "pending":
        await settle(shop, payment, await close(shop, payment))
    return await show(shop, actor, payment_id)


async def look(shop: Shop, payment: PaymentRow) -> Payable:
    """The session, the intent or the invoice that was opened for a payment, as it stands."""
    if payment.flow == "checkout":
        return await shop.stripe.get_session(opened_as(payment.stripe_checkout_session_id))
    if payment.flow == "invoice":
        return await shop.stripe.get_invoice(opened_as(payment.stripe_invoice_id))
    return await shop.stripe.get_intent(opened_as(payment.stripe_payment_intent_id))


async def close(shop: Shop, payment: PaymentRow) -> Payable:
    """Nobody can pay any more; what is not open any more is answered as it stands."""
    try:
        if payment.flow == "checkout":
            return await shop.stripe.expire_session(opened_as(payment.stripe_checkout_session_id))
        return await shop.stripe.cancel_intent(opened_as(payment.stripe_payment_intent_id))
    except StripeRefused:
        return await look(shop, payment)


def opened_as(stripe_id: str | None) -> str:
    """Stripe's id of what was opened for a payment, which only one that waits for its payer has."""
    if stripe_id is None:
        raise ValueError("nothing was opened at Stripe for this payment")
    return stripe_id


async def settle(shop: Shop, payment: PaymentRow, found: Payable) -> None:
    """What Stripe answered takes the same way as what it posts: one inbox, one effect.

    Whoever asked goes on with what there is where it could not be applied: the reconciler asks too.
    """
    fact = parse_payment(found, status=payment.status, flow=payment.flow)
    if fact.outcome is None:
        return
    with suppress(EventNotApplied):
        await receive_check(shop, f"{payment.id}:{fact.outcome}", found.livemode, fact)


async def receive_check(shop: Shop, name: str, livemode: bool, fact: Fact) -> None:
    """An answer of Stripe's as an event of ours; the same `name` is the same answer.

    Raises EventNotApplied where it is recorded and could not be applied yet.
    """
    event = ReceivedEvent(
        id=f"check:{name}",
        type="check",
        livemode=livemode,
        created=int(datetime.now(UTC).timestamp()),
        fact=fact,
    )
    [result] = await sql_stripe_events.receive_events(shop.database, events=[event])
    shop.bell.ring()
    if result.state in ("failed", "parked") and not result.repeat:
        log.error("stripe_check", **result.model_dump(mode="json"))
    if result.state == "failed":
        raise EventNotApplied

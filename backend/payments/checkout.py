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
from backend.services import Services
from backend.stripe.errors import MISSING, is_customer_error
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
MIN_PAGE_LIFETIME = timedelta(minutes=31)


async def create_checkout(
    services: Services, actor: Person, request: CheckoutRequest, key: str | None
) -> Checkout:
    """A payment, and the link to pay on.

    The row first, then Stripe; the same `key` finds the same payment again. Raises AmountRefused,
    NotFound, RoleTooLow, IdempotencyKeyReused, PaymentClosed, and StripeUnavailable or
    StripeRefused, after which the same call may be tried again.
    """
    await customers.try_ensure_customer(services, actor, request.organization_id)
    payment = await new_payment.make(services, actor, request, key, shown_in=request.shown_in)
    if payment.status == "created":
        payment = await open_checkout_page(services, payment)
    if payment.url is None:
        raise PaymentClosed(status=payment.status)
    return Checkout(payment_id=payment.id, url=payment.url, expires_at=payment.expires_at)


async def open_checkout_page(services: Services, payment: PaymentRow) -> PaymentRow:
    """Ask Stripe for the payment's page and write it down."""
    if is_late(payment, MIN_PAGE_LIFETIME):
        raise PaymentClosed(status="expired")
    try:
        session = await create_at_stripe(
            services, payment, services.stripe.create_checkout(payment)
        )
    except StripeRefused as refused:
        # Somebody deleted the customer at Stripe, and the page opens without it; or the product.
        gone = is_customer_missing(refused) and payment.stripe_customer_id is not None
        if not (gone or await services.stripe.repair_product(None, refused)):
            raise
        payment = await sql_payments.get_payment_for_service(
            services.database, payment_id=payment.id
        )
        session = await create_at_stripe(
            services, payment, services.stripe.create_checkout(payment)
        )
    return await record_opened(services, payment.id, session_id=session.id, url=session.url)


async def create_at_stripe(
    services: Services, payment: PaymentRow | SubscriptionRow, request: Awaitable[Made]
) -> Made:
    """What Stripe made for the payment; a refusal is remembered there, so the next try differs."""
    try:
        return await request
    except StripeRefused as refused:
        log.error("stripe_refused", payment=str(payment.id), **refused.facts)
        await sql_payments.increase_attempt(
            services.database,
            payment_id=payment.id,
            attempt=payment.attempt,
            without_customer=is_customer_missing(refused),
        )
        raise


def is_customer_missing(refused: StripeRefused) -> bool:
    """Whether Stripe does not know the customer, rather than something else of the request."""
    return refused.facts["stripe_code"] == MISSING and is_customer_error(refused.details)


async def record_opened(
    services: Services,
    payment_id: UUID,
    *,
    session_id: str | None = None,
    intent_id: str | None = None,
    url: str | None = None,
) -> PaymentRow:
    """Write down what Stripe made; the payment as it stands then."""
    payment = await sql_payments.mark_payment_opened(
        services.database,
        payment_id=payment_id,
        session_id=session_id,
        intent_id=intent_id,
        url=url,
    )
    services.wakeup.wake()
    if payment.status == "canceled":  # canceled while Stripe was making it
        await close_at_stripe(services, payment)
    return payment


async def get_payment(services: Services, actor: Person, payment_id: UUID) -> Payment:
    """A payment as it stands. Raises NotFound."""
    return await sql_payments.get_payment(services.database, actor, payment_id=payment_id)


async def check_payment(services: Services, actor: Person, payment_id: UUID) -> Payment:
    """A payment as it stands at Stripe, which is asked every three seconds at most.

    Raises NotFound, StripeUnavailable, StripeRefused.
    """
    await get_payment(services, actor, payment_id)  # who may not see it may not ask either
    await refetch_if_due(services, payment_id)
    return await get_payment(services, actor, payment_id)


async def refetch_if_due(services: Services, payment_id: UUID) -> bool:
    """Ask Stripe about a payment, at most every three seconds; whether it was asked now."""
    payment = await sql_payments.claim_payment_check(services.database, payment_id=payment_id)
    if payment.due:
        await refetch_payment(services, payment_id)
    return payment.due


async def refetch_payment(services: Services, payment_id: UUID) -> None:
    """Ask Stripe how far a payment is, and settle what it says. Nothing is changed at Stripe."""
    payment = await sql_payments.get_payment_for_service(services.database, payment_id=payment_id)
    if payment.status == "created" and payment.flow == "charge":
        await find_lost_charge(services, payment)
    else:
        await settle_payment(services, payment, await fetch_stripe_object(services, payment))


async def reconcile_open_payment(services: Services, payment: PaymentRow) -> None:
    """Refetch a payment, and close what may not be paid any more: it is late, or revoked."""
    stripe_object = await fetch_stripe_object(services, payment)
    # A page closes by itself when its time is up; an intent does not.
    over = payment.revoked or (is_late(payment) and payment.flow != "checkout")
    if over and waits_for_payer(stripe_object):
        stripe_object = await close_at_stripe(services, payment)
    await settle_payment(services, payment, stripe_object)


def waits_for_payer(found: Payable) -> bool:
    """Whether a payer can still pay it on a page, and nothing else is going on."""
    match found:
        case CheckoutSession():
            return found.status == "open"
        case PaymentIntent():
            return found.waits_for_payer
        case Invoice():  # Stripe goes on with it by itself
            return False


async def find_lost_charge(services: Services, payment: PaymentRow) -> bool:
    """Whether Stripe has the intent of a charge whose answer was lost; settles it, if so.

    Raises StripeUnavailable where Stripe does not say: nobody knows.
    """
    if payment.sent_at is None:  # Stripe was never asked for it
        return False
    try:
        intent = await services.stripe.find_intent(payment)
    except StripeRefused as refused:
        raise StripeUnavailable from refused
    if intent is None:
        return False
    await record_charge(services, payment, intent)
    return True


async def record_charge(services: Services, payment: PaymentRow, intent: PaymentIntent) -> None:
    """What became of the charge of a saved card; the bank may want to hear from the payer."""
    if intent.status == "requires_action":
        await record_opened(
            services, payment.id, intent_id=intent.id, url=intent.three_d_secure_url
        )
    await settle_payment(services, payment, intent)


def is_late(row: PaymentRow | SubscriptionRow, by: timedelta = timedelta(0)) -> bool:
    """Whether the time of a payment or a subscription is up, or will be within `by`."""
    return row.expires_at - datetime.now(UTC) <= by


async def cancel_payment(services: Services, actor: Person, payment_id: UUID) -> Payment:
    """Cancel a payment at Stripe; `succeeded` is the answer where the payer was faster.

    Raises PaymentClosed, also where Stripe is charging the card at this moment; it is not asked to
    charge it again then. StripeUnavailable: the same, and the reconciler finds out.
    """
    await sql_payments.request_payment_cancel(services.database, actor, payment_id=payment_id)
    payment = await sql_payments.get_payment_for_service(services.database, payment_id=payment_id)
    services.wakeup.wake()
    if payment.status == "created":  # a charge whose answer was lost
        if not await find_lost_charge(services, payment):
            await sql_charges.claim_charge(services.database, payment_id=payment_id)
        payment = await sql_payments.get_payment_for_service(
            services.database, payment_id=payment_id
        )
        services.wakeup.wake()
    if payment.status == "created":
        raise PaymentClosed(status="created")
    if payment.status == "pending":
        await settle_payment(services, payment, await close_at_stripe(services, payment))
    return await get_payment(services, actor, payment_id)


async def fetch_stripe_object(services: Services, payment: PaymentRow) -> Payable:
    """The session, the intent or the invoice that was opened for a payment, as it stands."""
    if payment.flow == "checkout":
        return await services.stripe.get_session(opened_as(payment.stripe_checkout_session_id))
    if payment.flow == "invoice":
        return await services.stripe.get_invoice(opened_as(payment.stripe_invoice_id))
    return await services.stripe.get_intent(opened_as(payment.stripe_payment_intent_id))


async def close_at_stripe(services: Services, payment: PaymentRow) -> Payable:
    """Nobody can pay any more; what is not open any more is answered as it stands."""
    try:
        if payment.flow == "checkout":
            return await services.stripe.expire_session(
                opened_as(payment.stripe_checkout_session_id)
            )
        return await services.stripe.cancel_intent(opened_as(payment.stripe_payment_intent_id))
    except StripeRefused:
        return await fetch_stripe_object(services, payment)


def opened_as(stripe_id: str | None) -> str:
    """Stripe's id of what was opened for a payment, which only one that waits for its payer has."""
    if stripe_id is None:
        raise ValueError("nothing was opened at Stripe for this payment")
    return stripe_id


async def settle_payment(services: Services, payment: PaymentRow, stripe_object: Payable) -> None:
    """What Stripe answered takes the same way as what it posts: one inbox, one effect.

    Whoever asked goes on with what there is where it could not be applied: the reconciler asks too.
    """
    fact = parse_payment(stripe_object, status=payment.status, flow=payment.flow)
    if fact.outcome is None:
        return
    with suppress(EventNotApplied):
        await receive_refetched(
            services, f"{payment.id}:{fact.outcome}", stripe_object.livemode, fact
        )


async def receive_refetched(services: Services, name: str, livemode: bool, fact: Fact) -> None:
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
    [result] = await sql_stripe_events.receive_events(services.database, events=[event])
    services.wakeup.wake()
    if result.state in ("failed", "parked") and not result.repeat:
        log.error("refetched_event_not_applied", **result.model_dump(mode="json"))
    if result.state == "failed":
        raise EventNotApplied

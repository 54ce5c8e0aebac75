"""Top-ups on a page of Stripe's: the payment's row first, then the page.

The same key finds the same payment again, and so the same page.
"""

from collections.abc import Awaitable
from datetime import UTC, datetime, timedelta
from typing import Final, TypeVar
from uuid import UUID

import structlog

from backend.database.functions import payments as sql_payments
from backend.database.functions.payments import PaymentRow
from backend.database.functions.subscriptions import SubscriptionRow
from backend.database.protocol import Person
from backend.errors import PaymentClosed
from backend.failures import StripeRefused
from backend.payment_methods import customers
from backend.payments import stripe_objects
from backend.schemas import Checkout, CheckoutRequest, PaymentFlow, PaymentRequest, ShownIn
from backend.services import Services
from backend.stripe.errors import MISSING, is_customer_error
from backend.stripe.parsers.documented import Identified
from backend.wallets import money

log = structlog.get_logger(__name__)

Created = TypeVar("Created", bound=Identified)

# Stripe opens no page that closes within 30 minutes; a minute more for the request itself.
# https://docs.stripe.com/api/checkout/sessions/create#create_checkout_session-expires_at
MIN_PAGE_LIFETIME: Final = timedelta(minutes=31)


async def create_checkout(
    services: Services, actor: Person, request: CheckoutRequest, key: str | None
) -> Checkout:
    """Make a payment, and return the link to pay on.

    Raises AmountRefused, NotFound, RoleTooLow, IdempotencyKeyReused, PaymentClosed, and
    StripeUnavailable or StripeRefused, after which the same call may be tried again.
    """
    await customers.try_ensure_customer(services, actor, request.organization_id)
    payment = await create_payment(services, actor, request, key, shown_in=request.shown_in)
    if payment.status == "created":
        payment = await open_checkout_page(services, payment)
    if payment.url is None:
        raise PaymentClosed(status=payment.status)
    return Checkout(payment_id=payment.id, url=payment.url, expires_at=payment.expires_at)


async def create_payment(
    services: Services,
    actor: Person,
    request: PaymentRequest,
    key: str | None,
    *,
    flow: PaymentFlow = "checkout",
    shown_in: ShownIn | None = None,
    payment_method_id: UUID | None = None,
    order_reference: str | None = None,
) -> PaymentRow:
    """Make the row of a payment, of any flow, before Stripe is asked for anything.

    The same `key` finds the same row. Raises as `create_payment` in SQL does.
    """
    amount = await money.requested_amount(services.database, actor, request)
    created = await sql_payments.create_payment(
        services.database,
        actor,
        organization_id=request.organization_id,
        amount=amount.amount_minor,
        currency=amount.currency,
        idempotency_key=key,
        telegram_chat_id=shown_in.chat_id if shown_in else None,
        message_id=shown_in.message_id if shown_in else None,
        flow=flow,
        payment_method_id=payment_method_id,
        order_reference=order_reference,
    )
    return await sql_payments.get_payment_for_service(services.database, payment_id=created.id)


async def open_checkout_page(services: Services, payment: PaymentRow) -> PaymentRow:
    """Have Stripe make the payment's page, and write that down.

    Raises PaymentClosed where too little of the payment's hour is left, StripeRefused,
    StripeUnavailable.
    """
    if is_late(payment, MIN_PAGE_LIFETIME):
        raise PaymentClosed(status="expired")
    try:
        session = await create_at_stripe(
            services, payment, services.stripe.create_checkout(payment)
        )
    except StripeRefused as refused:
        # Somebody deleted the customer at Stripe, and the page opens without it; or the product.
        lost_customer = is_customer_missing(refused) and payment.stripe_customer_id is not None
        if not lost_customer and not await services.stripe.repair_product(None, refused):
            raise
        payment = await sql_payments.get_payment_for_service(
            services.database, payment_id=payment.id
        )
        session = await create_at_stripe(
            services, payment, services.stripe.create_checkout(payment)
        )
    return await record_opened(
        services, payment.id, stripe_checkout_session_id=session.id, url=session.url
    )


async def create_at_stripe(
    services: Services, row: PaymentRow | SubscriptionRow, request: Awaitable[Created]
) -> Created:
    """Return what Stripe made for a row; after a refusal the next try has another key.

    Stripe remembers a refusal by its key. Raises StripeRefused, StripeUnavailable.
    """
    try:
        return await request
    except StripeRefused as refused:
        log.error("stripe_refused", payment=str(row.id), **refused.facts)
        await sql_payments.increase_attempt(
            services.database,
            payment_id=row.id,
            attempt=row.attempt,
            without_customer=is_customer_missing(refused),
        )
        raise


def is_customer_missing(refused: StripeRefused) -> bool:
    """Return whether it is the customer that Stripe does not know, and not something else."""
    return refused.facts["stripe_code"] == MISSING and is_customer_error(refused.details)


async def record_opened(
    services: Services,
    payment_id: UUID,
    *,
    stripe_checkout_session_id: str | None = None,
    stripe_payment_intent_id: str | None = None,
    url: str | None = None,
) -> PaymentRow:
    """Write down what Stripe made for a payment; return the payment as it stands then.

    What was canceled while Stripe was making it is closed there.
    """
    payment = await sql_payments.mark_payment_opened(
        services.database,
        payment_id=payment_id,
        stripe_checkout_session_id=stripe_checkout_session_id,
        stripe_payment_intent_id=stripe_payment_intent_id,
        url=url,
    )
    services.wakeup.wake()
    if payment.status == "canceled":
        await stripe_objects.close_stripe_object(services, payment)
    return payment


def is_late(row: PaymentRow | SubscriptionRow, by: timedelta = timedelta(0)) -> bool:
    """Return whether the time of a payment or a subscription is up, or will be within `by`."""
    return row.expires_at - datetime.now(UTC) <= by

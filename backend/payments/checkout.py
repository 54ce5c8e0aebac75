"""Top-ups on a page of Stripe's: the payment's row first, then the page.

The same key finds the same payment again, and so the same page.
"""

from uuid import UUID

from backend.database.functions import payments as sql_payments
from backend.database.functions.payments import PaymentRow
from backend.database.protocol import Person
from backend.errors import PaymentClosed
from backend.failures import StripeRefused
from backend.payment_methods import customers
from backend.payments import opening, settlement
from backend.schemas import Checkout, CheckoutRequest, PaymentFlow, PaymentRequest, ShownIn
from backend.services import Services
from backend.stripe import creation
from backend.stripe.metadata import PAYMENT_METADATA
from backend.stripe.parsers.sessions import CheckoutSession
from backend.wallets import money


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
    """Have Stripe make the payment's page, and write that down; one that it made before is found.

    Raises PaymentClosed where too little of the payment's hour is left, StripeRefused,
    StripeUnavailable.
    """
    if payment.search_start and (session := await find_page(services, payment)):
        return await record_page(services, payment, session)
    if opening.is_late(payment, opening.MIN_PAGE_LIFETIME):
        raise PaymentClosed(status="expired")
    try:
        session = await create_page(services, payment)
    except StripeRefused as refused:
        # Somebody deleted the customer at Stripe, and the page opens without it; or the product.
        lost_customer = creation.is_customer_missing(refused) and payment.stripe_customer_id
        if not lost_customer and not await services.stripe.repair_product(None, refused):
            raise
        payment = await sql_payments.get_payment_for_service(
            services.database, payment_id=payment.id
        )
        session = await create_page(services, payment)
    return await record_page(services, payment, session)


async def create_page(services: Services, payment: PaymentRow) -> CheckoutSession:
    """Create the payment's page at Stripe. Raises StripeRefused, StripeUnavailable."""
    return await creation.create_at_stripe(
        services,
        payment,
        services.stripe.create_checkout(payment),
        lambda: find_page(services, payment),
    )


async def find_page(services: Services, payment: PaymentRow) -> CheckoutSession | None:
    """Find the page that Stripe has made for a payment. Raises StripeRefused, StripeUnavailable."""
    since = creation.search_since(payment)
    return await services.stripe.find_session(payment.id, PAYMENT_METADATA, since)


async def record_page(
    services: Services, payment: PaymentRow, session: CheckoutSession
) -> PaymentRow:
    """Write down the page of a payment, and what became of one that is not open any more."""
    opened = await opening.record_opened(
        services, payment.id, stripe_checkout_session_id=session.id, url=session.url
    )
    if session.status == "open":
        return opened
    await settlement.settle_payment(services, opened, session)
    return await sql_payments.get_payment_for_service(services.database, payment_id=payment.id)

"""How what Stripe opened for a payment is written down, and until when it may be opened."""

from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID

from backend.database.functions import payments as sql_payments
from backend.database.functions.payments import PaymentRow
from backend.database.functions.subscriptions import SubscriptionRow
from backend.payments import stripe_objects
from backend.services import Services

# Stripe opens no page that closes within 30 minutes; a minute more for the request itself.
# https://docs.stripe.com/api/checkout/sessions/create#create_checkout_session-expires_at
MIN_PAGE_LIFETIME: Final = timedelta(minutes=31)


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

"""Top-ups on a page of the payer's own: an intent that Stripe's elements confirm there."""

from backend.database.protocol import Person
from backend.errors import PaymentClosed
from backend.failures import StripeUnavailable
from backend.payments import checkout, new_payment
from backend.schemas import Intent, PaymentRequest
from backend.services import Services


async def create_intent(
    services: Services, actor: Person, request: PaymentRequest, key: str | None
) -> Intent:
    """A payment that a page of the payer's own confirms with Stripe's elements.

    Refuses and repeats as `checkout.create_checkout` does.

    The client secret is Stripe's to keep: a repeat asks there for it.
    """
    payment = await new_payment.make(services, actor, request, key, flow="intent")
    if checkout.is_late(payment) and payment.status in ("created", "pending"):
        raise PaymentClosed(status="expired")
    if payment.status == "created":
        intent = await checkout.create_at_stripe(
            services, payment, services.stripe.create_intent(payment)
        )
        payment = await checkout.record_opened(services, payment.id, intent_id=intent.id)
    elif payment.status == "pending":
        intent = await services.stripe.get_intent(
            checkout.opened_as(payment.stripe_payment_intent_id)
        )
    if payment.status != "pending":
        raise PaymentClosed(status=payment.status)
    if intent.client_secret is None:  # documented, and not said of an intent that waits
        raise StripeUnavailable
    return Intent(
        payment_id=payment.id,
        payment_intent_id=intent.id,
        client_secret=intent.client_secret,
    )

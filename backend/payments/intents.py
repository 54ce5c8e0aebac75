"""Top-ups on a page of the payer's own: an intent that Stripe's elements confirm there."""

from backend.database.functions.payments import PaymentRow
from backend.database.protocol import Person
from backend.errors import PaymentClosed
from backend.failures import StripeUnavailable
from backend.payments import checkout, opening, stripe_objects
from backend.schemas import Intent, PaymentRequest
from backend.services import Services
from backend.stripe import creation
from backend.stripe.parsers.intents import PaymentIntent


async def create_intent(
    services: Services, actor: Person, request: PaymentRequest, key: str | None
) -> Intent:
    """Make a payment that a page of the payer's own confirms with Stripe's elements.

    Raises what `checkout.create_checkout` raises. A repeat fetches the client secret from Stripe:
    it is not stored here.
    """
    payment = await checkout.create_payment(services, actor, request, key, flow="intent")
    if opening.is_late(payment) and payment.status in ("created", "pending"):
        raise PaymentClosed(status="expired")
    if payment.status == "created":
        intent = await open_intent(services, payment)
        payment = await opening.record_opened(
            services, payment.id, stripe_payment_intent_id=intent.id
        )
    elif payment.status == "pending":
        stripe_payment_intent_id = stripe_objects.require_stripe_id(
            payment.stripe_payment_intent_id
        )
        intent = await services.stripe.get_intent(stripe_payment_intent_id)
    if payment.status != "pending":
        raise PaymentClosed(status=payment.status)
    if intent.client_secret is None:  # Stripe documents it of every intent that waits
        raise StripeUnavailable
    return Intent(
        payment_id=payment.id,
        payment_intent_id=intent.id,
        client_secret=intent.client_secret,
    )


async def open_intent(services: Services, payment: PaymentRow) -> PaymentIntent:
    """Have Stripe make the payment's intent; one that it made before is found.

    Raises StripeRefused, StripeUnavailable.
    """

    async def find() -> PaymentIntent | None:
        return await services.stripe.find_intent(payment, creation.search_since(payment))

    if payment.search_start and (existing := await find()):
        return existing
    request = services.stripe.create_intent(payment)
    return await creation.create_at_stripe(services, payment, request, find)

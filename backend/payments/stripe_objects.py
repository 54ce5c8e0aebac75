"""What Stripe has for a payment: its session, its intent or its invoice; fetch it, close it."""

from backend.database.functions.payments import PaymentRow
from backend.failures import StripeRefused
from backend.services import Services
from backend.stripe.parsers.payments import Payable


async def fetch_stripe_object(services: Services, payment: PaymentRow) -> Payable:
    """Fetch what was opened at Stripe for a payment, as it stands.

    Raises ValueError where nothing was, StripeRefused, StripeUnavailable.
    """
    match payment.flow:
        case "checkout":
            stripe_checkout_session_id = require_stripe_id(payment.stripe_checkout_session_id)
            return await services.stripe.get_session(stripe_checkout_session_id)
        case "invoice":
            return await services.stripe.get_invoice(require_stripe_id(payment.stripe_invoice_id))
        case "intent" | "charge":
            stripe_payment_intent_id = require_stripe_id(payment.stripe_payment_intent_id)
            return await services.stripe.get_intent(stripe_payment_intent_id)


async def close_stripe_object(services: Services, payment: PaymentRow) -> Payable:
    """Close a payment's page or intent, so that nobody can pay any more; return it.

    One that is not open any more is returned as it stands. Raises as `fetch_stripe_object`.
    """
    try:
        if payment.flow == "checkout":
            stripe_checkout_session_id = require_stripe_id(payment.stripe_checkout_session_id)
            return await services.stripe.expire_session(stripe_checkout_session_id)
        stripe_payment_intent_id = require_stripe_id(payment.stripe_payment_intent_id)
        return await services.stripe.cancel_intent(stripe_payment_intent_id)
    except StripeRefused:
        return await fetch_stripe_object(services, payment)


def require_stripe_id(stripe_id: str | None) -> str:
    """Return Stripe's id of what was opened for a payment; raise ValueError where nothing was."""
    if stripe_id is None:
        raise ValueError("nothing was opened at Stripe for this payment")
    return stripe_id

"""What Stripe answered about a payment of ours: a session, an intent or an invoice."""

from backend.stripe.parsers.facts import Fact
from backend.stripe.parsers.intents import STANDING, PaymentIntent, parse_intent
from backend.stripe.parsers.invoices import Invoice, parse_invoice
from backend.stripe.parsers.sessions import CheckoutSession, parse_session

Payable = CheckoutSession | PaymentIntent | Invoice


def parse_payment(found: Payable, *, status: str | None = None, flow: str | None = None) -> Fact:
    """Say how far a payment is, of which we have the `status` and `flow`, if we have it."""
    if isinstance(found, Invoice):
        return parse_invoice(found, "paid" if found.status == "paid" else None).as_refetched()
    if isinstance(found, CheckoutSession):
        return parse_session(found).as_refetched()
    outcome = STANDING.get(found.status)
    over = status == "processing" or flow == "charge"
    if over and found.status == "requires_payment_method":
        outcome = "failed"  # the try that was running is over, and a saved card has but one
    return parse_intent(found, outcome).as_refetched()

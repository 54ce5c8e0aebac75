"""Objects that pay a payment of ours: a session, an intent or an invoice."""

from backend.stripe.parsers.facts import Fact
from backend.stripe.parsers.intents import OUTCOMES_BY_STATUS, PaymentIntent, parse_intent
from backend.stripe.parsers.invoices import Invoice, parse_invoice
from backend.stripe.parsers.sessions import CheckoutSession, parse_session

Payable = CheckoutSession | PaymentIntent | Invoice


def parse_payment(payable: Payable, *, status: str | None = None, flow: str | None = None) -> Fact:
    """Make the fact of a payment's state from a fetched object, given our `status` and `flow`."""
    if isinstance(payable, Invoice):
        return parse_invoice(payable, "paid" if payable.status == "paid" else None).as_refetched()
    if isinstance(payable, CheckoutSession):
        return parse_session(payable).as_refetched()
    outcome = OUTCOMES_BY_STATUS.get(payable.status)
    # The only try, or the one that was being processed, has failed: the payer cannot try again.
    had_last_try = status == "processing" or flow == "charge"
    if had_last_try and payable.status == "requires_payment_method":
        outcome = "failed"
    elif outcome is None and payable.funded_minor:
        outcome = "partly_funded"
    fact = parse_intent(payable, outcome).as_refetched()
    # A charge of a saved card is created and confirmed in one request.
    return fact.reported_at(payable.created) if flow == "charge" and payable.created else fact

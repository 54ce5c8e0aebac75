"""Pages on which a subscription begins, and those of open invoices.

A subscription and its first invoice are made once the page is paid: a declined try leaves none.
https://docs.stripe.com/changelog/basil/2025-03-31/checkout-legacy-subscription-upgrade
"""

from sandbox.refusals import Refusal
from sandbox.store import Json
from sandbox.stripe.hidden_state import HiddenState, Price
from sandbox.stripe.invoices import collect, open_invoice_intent, record_try
from sandbox.stripe.local_stripe import LocalStripe
from sandbox.stripe.payments import take_step
from sandbox.stripe.published_methods import Step
from sandbox.stripe.subscriptions import begin, refuse_other_currency
from sandbox.stripe.taxes import amount_due, session_sums


def pay_on_page(stripe: LocalStripe, page: Json, card: str, step: Step) -> Json:
    """Try to pay a page on which a subscription starts, or an open invoice; return the page.

    `card` is the test number, `step` what trying it causes. Raises Refusal (409) for another page.
    """
    hidden = stripe.hidden_state(page["id"])
    if hidden.invoice is not None:
        invoice = collect(stripe, hidden.invoice, step, card)
        if invoice["status"] == "paid":
            _complete_page(page, invoice)
    elif hidden.price is not None:
        intent = _first_intent(stripe, page, hidden, hidden.price)
        if intent is not None:
            intent = take_step(stripe, intent, step, card)
        if intent is None or intent["status"] == "succeeded":
            metadata = hidden.intent["metadata"]
            invoice = begin(stripe, page["customer"], hidden.price, metadata, intent=intent)
            _complete_session(stripe, page, record_try(stripe, invoice, intent, card))
    else:
        raise Refusal(409, "No subscription begins on this page.")
    return page


def _first_intent(
    stripe: LocalStripe, page: Json, hidden: HiddenState, price: Price
) -> Json | None:
    """Return the intent over what the first invoice will be over; None if nothing is due."""
    refuse_other_currency(stripe, page["customer"], price.currency)
    due = amount_due(stripe, page["customer"], price.unit_amount, price.currency)
    if not due:
        return None
    if hidden.first_intent is not None:
        return stripe.stored("payment_intent", hidden.first_intent) | {"amount": due}
    intent = open_invoice_intent(stripe, due, page["customer"], price.model_dump(), None)
    hidden.first_intent = intent["id"]
    stripe.keep_hidden(hidden)
    return intent


def _complete_session(stripe: LocalStripe, page: Json, invoice: Json) -> None:
    """Complete the session on which a subscription began with this invoice."""
    _complete_page(page, invoice)
    details = invoice["parent"]["subscription_details"]
    page |= {"subscription": details["subscription"], "invoice": invoice["id"]}
    page |= session_sums(invoice)
    stripe.changed(page, "checkout.session.completed")


def _complete_page(page: Json, invoice: Json) -> None:
    """Complete the page on which an invoice was paid; it is stored only where it is a session."""
    page |= {
        "status": "complete",
        "payment_status": "paid" if invoice["amount_due"] else "no_payment_required",
        "url": None,
    }

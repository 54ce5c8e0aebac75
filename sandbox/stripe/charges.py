"""Charges of saved cards, and pages of payment intents without a session."""

from typing import Any, Literal

from sandbox.refusals import Refusal, validated
from sandbox.store import Json
from sandbox.stripe.local_stripe import LocalStripe
from sandbox.stripe.objects import TEMPLATES
from sandbox.stripe.parameters import Text, TrueText, Url
from sandbox.stripe.payers import offers_saving
from sandbox.stripe.payment_intents import create_intent
from sandbox.stripe.payment_methods import new_method, number_of
from sandbox.stripe.payments import intent_of, page_object, take_step
from sandbox.stripe.published_methods import METHODS

_create_intent = validated(create_intent)


def charge_saved(
    stripe: LocalStripe,
    *,
    confirm: TrueText,
    customer: Text,
    payment_method: Text,
    return_url: Url,
    **intent_parameters: Any,
) -> Json:
    """Answer POST /v1/payment_intents with confirm (https://docs.stripe.com/payments/save-and-reuse).

    `intent_parameters` are those of `create_intent`. Without `off_session` its payer is present.
    Raises Refusal (402) with the intent where the card is declined.
    """
    number = number_of(stripe, payment_method, customer)
    intent = _create_intent(stripe, **intent_parameters)
    intent |= {"customer": customer, "payment_method": payment_method}
    give_page(stripe, intent, return_url)
    charged = take_step(stripe, intent, METHODS[number].step_on_session, number)
    if error := charged["last_payment_error"]:
        raise Refusal(402, **error, payment_intent=charged)
    return charged


def give_page(
    stripe: LocalStripe,
    intent: Json,
    return_url: str,
    *,
    invoice: str | None = None,
    interval: Literal["week", "month"] | None = None,
) -> str:
    """Give an intent a page for 3-D Secure or to pay its invoice; return the page's address.

    `return_url` is where the page leads back to, `invoice` the id of the invoice that is paid
    there, `interval` in which the payment recurs.
    """
    address = f"{stripe.settings.url}/pay/{intent['id']}"
    hidden = stripe.hidden_state(intent["id"])
    hidden.return_url = return_url
    hidden.invoice, hidden.interval = invoice, interval
    hidden.next_action = {
        "type": "redirect_to_url",
        "redirect_to_url": {"url": address, "return_url": return_url},
    }
    stripe.keep_hidden(hidden)
    return address


def session_or_page(stripe: LocalStripe, id: str) -> Json:
    """Return the session with this id, or an intent's page in the form of a session.

    An intent's page is for 3-D Secure, an invoice or a receipt; it is open while something can be
    done there. `payment_status` is then `paid` or `refused`.
    """
    if not id.startswith("pi_"):
        return page_object(stripe, id)
    intent, hidden = stripe.stored("payment_intent", id), stripe.hidden_state(id)
    invoice = stripe.store.get("invoice", hidden.invoice or "") or {}
    is_open = intent["next_action"] or invoice.get("status") == "open"
    return {
        **TEMPLATES["checkout.session"],
        "id": intent["id"],
        "amount_total": intent["amount"],
        "created": intent["created"],
        "currency": intent["currency"],
        "expires_at": None,
        "mode": "subscription" if invoice else "payment",
        "payment_intent": intent["id"],
        "payment_status": "paid" if intent["status"] == "succeeded" else "refused",
        "status": "open" if is_open else "complete",
        "success_url": hidden.return_url,
        "url": None,
    }


def save_what_paid(stripe: LocalStripe, session: Json, card: str) -> None:
    """Save the card (its number) that paid for the customer, where the page offered that."""
    if offers_saving(session) and session["payment_status"] == "paid":
        intent = intent_of(stripe, session) or {}
        method_id = intent["payment_method"]
        new_method(stripe, card, session["customer"], "always", id=method_id)

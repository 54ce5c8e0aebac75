"""Charges of saved cards: an intent that is confirmed as it is made, and the bank's own page."""

from typing import Any, Literal

from sandbox.doors import READ, Refusal
from sandbox.store import Json
from sandbox.stripe.calls import Text, Url, create_intent
from sandbox.stripe.cards import new_method, number_behind
from sandbox.stripe.objects import TEMPLATES, filled, step_of
from sandbox.stripe.sessions import LocalStripe


def charge_saved(
    stripe: LocalStripe,
    *,
    confirm: Literal["true"],
    customer: Text,
    payment_method: Text,
    return_url: Url,
    **order: Any,
) -> Json:
    """POST /v1/payment_intents that confirms (docs.stripe.com/payments/save-and-reuse)."""
    number = number_behind(stripe, payment_method, customer)
    paid_by = {"customer": customer, "payment_method": payment_method}
    intent = READ(create_intent)(stripe, **order) | paid_by
    give_page(stripe, intent, return_url)
    charged = stripe.move(intent, step_of(number), number)
    if error := charged["last_payment_error"]:
        raise Refusal(402, **error, payment_intent=charged)
    return charged


def give_page(stripe: LocalStripe, intent: Json, return_url: str, **more: Any) -> str:
    """Where the bank asks about an intent, or an invoice of it is paid; answers the address."""
    redirect = {"url": f"{stripe.settings.url}/pay/{intent['id']}", "return_url": return_url}
    backstage = stripe.backstage(intent["id"]) | {"back": return_url, **more}
    backstage["next_action"] = {"type": "redirect_to_url", "redirect_to_url": redirect}
    stripe.store.put("backstage", intent["id"], backstage)
    return redirect["url"]


def seen(stripe: LocalStripe, id: str) -> Json:
    """The session with this id, or an intent's page, of the bank or a receipt, much like one."""
    if id[:3] != "pi_":
        return stripe.payable(id)
    facts = {"back": "", **stripe.backstage(id), **stripe.stored("payment_intent", id)}
    invoice = stripe.store.get("invoice", facts.get("invoice", "")) or {}
    waits = facts["next_action"] or invoice.get("status") == "open"
    facts["paid"] = "paid" if facts["status"] == "succeeded" else "refused"
    facts["open"] = "open" if waits else "complete"
    facts["mode"] = "subscription" if invoice else "payment"
    return {**TEMPLATES["checkout.session"], **filled(TEMPLATES["intent_as_page"], facts)}


def paid(stripe: LocalStripe, id: str, card: str, save: bool) -> Json:
    """What was just paid, or tried; the card is saved for the customer where the page offers it."""
    session = seen(stripe, id)
    if save and session["saved_payment_method_options"] and session["payment_status"] == "paid":
        intent = stripe.intent_of(session) or {}
        new_method(stripe, card, session["customer"], "always", id=intent["payment_method"])
    return session

"""Charges of saved cards: an intent that is confirmed as it is made, and the bank's own page."""

from typing import Any, Literal

from sandbox.doors import READ, Refusal
from sandbox.store import Json
from sandbox.stripe_calls import Text, Url, create_intent
from sandbox.stripe_cards import new_method, number_behind
from sandbox.stripe_objects import TEMPLATES, step_of, stored
from sandbox.stripe_sessions import LocalStripe


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


def give_page(stripe: LocalStripe, intent: Json, return_url: str, **more: str) -> str:
    """Where the bank asks about an intent, or an invoice of it is paid; answers the address."""
    redirect = {"url": f"{stripe.settings.url}/pay/{intent['id']}", "return_url": return_url}
    shown = {"description": intent["description"], "quantity": 1, "amount": intent["amount"]}
    backstage = stripe.backstage(intent["id"]) | {"items": [shown], **more}
    backstage["next_action"] = {"type": "redirect_to_url", "redirect_to_url": redirect}
    stripe.store.put("backstage", intent["id"], backstage)
    return redirect["url"]


def seen(stripe: LocalStripe, id: str) -> Json:
    """The session with this id, or a charge on the page of the bank, which is much like one."""
    if id[:3] != "pi_":
        return stripe.session(id)
    intent = stored(stripe.store, "payment_intent", id)
    backstage = stripe.backstage(id)
    back = backstage["next_action"]["redirect_to_url"]["return_url"]
    kept = {name: intent[name] for name in ("id", "created", "currency")}
    kept |= {"amount_total": intent["amount"], "expires_at": intent["created"] + 3_600}
    kept |= {"payment_intent": id, "success_url": back, "url": None}
    kept["mode"] = "subscription" if "invoice" in backstage else "payment"
    paid = "paid" if intent["status"] == "succeeded" else "refused"
    waits = intent["next_action"] or ("invoice" in backstage and paid != "paid")
    open_or_not = "open" if waits else "complete"
    return {**TEMPLATES["checkout.session"], **kept, "status": open_or_not, "payment_status": paid}


def paid(stripe: LocalStripe, id: str, card: str, save: bool) -> Json:
    """What was just paid, or tried; the card is saved for the customer where the page offers it."""
    session = seen(stripe, id)
    if save and session["saved_payment_method_options"] and session["payment_status"] == "paid":
        intent, number = stripe.intent_of(session) or {}, card.replace(" ", "")
        new_method(stripe, number, session["customer"], "always", id=intent["payment_method"])
    return session

"""The hosted page of sessions and intents, and the actions of its buttons.

Sessions are shown to people with amounts as decimal text.
"""

from sandbox.refusals import Refusal
from sandbox.store import Json
from sandbox.stripe import payments
from sandbox.stripe.charges import save_what_paid, session_or_page
from sandbox.stripe.currencies import decimal_amount
from sandbox.stripe.hidden_state import EXPIRE
from sandbox.stripe.local_stripe import LocalStripe
from sandbox.stripe.payers import keep_details, offers_saving, prefilled, saved_ids
from sandbox.stripe.published_methods import METHODS, Step, published_method
from sandbox.stripe.setup_sessions import save_card
from sandbox.stripe.subscription_pages import pay_on_page
from sandbox.stripe.taxes import fix_page_sums, with_page_sums


async def get_session_view(stripe: LocalStripe, id: str) -> Json:
    """Return what the hosted page shows; see `session_view`."""
    return session_view(stripe, session_or_page(stripe, id))


def session_view(stripe: LocalStripe, session: Json) -> Json:
    """Return a session for people: its outcome, items, amounts, and possible test methods.

    `told` is the text above the button, `interval` in which the payment recurs (week, month or
    None).
    """
    session = with_page_sums(stripe, session)
    hidden, currency = stripe.hidden_state(session["id"]), session["currency"]
    copied = ("id", "created", "expires_at", "cancel_url", "url", "currency", "mode")
    return {
        **outcome(stripe, session),
        **{name: session[name] for name in copied},
        "saving": offers_saving(session),
        **prefilled(stripe, session),
        "told": session["custom_text"]["submit"],
        **decimal_amount(session["amount_total"] or 0, currency),
        "items": [
            item.model_dump() | decimal_amount(item.amount, currency) for item in hidden.items
        ],
        "interval": hidden.interval,
        "methods": [
            {"card": number, "label": method.label, "brand": method.brand}
            for number, method in METHODS.items()
            if method.fits(session["mode"])
        ],
    }


def outcome(stripe: LocalStripe, session: Json) -> Json:
    """Return the result of a try: `{status, payment_status, redirect_url}` and more.

    `decline_code` and `message` say why it was declined, `next` is `authenticate` while the 3-D
    Secure question is open. `redirect_url` is None until the session is complete.
    """
    is_complete = session["status"] == "complete"
    return_url = session["success_url"].replace("{CHECKOUT_SESSION_ID}", session["id"])
    shown = {
        "status": session["status"],
        "payment_status": session["payment_status"],
        "redirect_url": return_url if is_complete else None,
    }
    setup_intent = stripe.store.get("setup_intent", session["setup_intent"] or "")
    intent = payments.intent_of(stripe, session) or setup_intent or {}
    if error := intent.get("last_payment_error") or intent.get("last_setup_error"):
        shown["decline_code"] = error.get("decline_code", error["code"])
        shown["message"] = error["message"]
    if intent.get("next_action") and not is_complete:
        shown["next"] = "authenticate"
    return shown


async def pay(
    stripe: LocalStripe,
    id: str,
    card: str,
    authenticate: bool | None = None,
    save: bool = False,
    email: str | None = None,
    name: str | None = None,
) -> Json:
    """Try to pay on a hosted page, or to save a card there; return the outcome.

    `card` is a published test number, `authenticate` answers the 3-D Secure question, `save` ticks
    the box that saves the card, `email` and `name` are the payer's. Raises Refusal (409) for a page
    that is not open.
    """
    page = session_or_page(stripe, id)
    saved_before = saved_ids(stripe, page)
    result = _pay(stripe, id, card, authenticate, save)
    if result["status"] == "complete":
        keep_details(stripe, page, saved_before, email, name)
    return result


def _pay(stripe: LocalStripe, id: str, card: str, authenticate: bool | None, save: bool) -> Json:
    page, number = session_or_page(stripe, id), card.replace(" ", "")
    method = published_method(number)
    step = method.step_on_page(authenticate)
    if page["status"] != "open":
        raise Refusal(409, f"This page is {page['status']}.", code="session_closed")
    if not method.fits(page["mode"]):
        raise Refusal(409, f"This page takes no {method.type} here.")
    match page["mode"]:
        case "setup":
            return outcome(stripe, save_card(stripe, page, number, step))
        case "subscription":
            return outcome(stripe, pay_on_page(stripe, page, number, step))
    if id.startswith("cs_") and page["payment_intent"] is None:
        page = fix_page_sums(stripe, page)
        if page["amount_total"] == 0:
            return outcome(stripe, payments.complete_for_nothing(stripe, page))
    payments.pay(stripe, id, number, authenticate)
    paid = session_or_page(stripe, id)
    if save:
        save_what_paid(stripe, paid, number)
    return outcome(stripe, paid)


async def confirm(
    stripe: LocalStripe, id: str, card: str, authenticate: bool | None = None
) -> Json:
    """Confirm an intent as Stripe.js does on a page of the merchant's own; return the intent.

    https://docs.stripe.com/js/payment_intents/confirm_payment
    """
    return payments.pay(stripe, id, card.replace(" ", ""), authenticate)


async def settle(stripe: LocalStripe, id: str) -> Json:
    """Settle a delayed payment of a session or an intent now; return the outcome.

    Raises Refusal (409) where there is none.
    """
    page, due = payments.page_object(stripe, id), stripe.hidden_state(id).due
    if due is None or due.step == EXPIRE:
        raise Refusal(409, "No delayed payment was made on this page.")
    payments.take_step(stripe, page, due.step, due.card or "")
    return outcome(stripe, session_or_page(stripe, id))


async def transfer(stripe: LocalStripe, id: str, amount: int) -> Json:
    """Let a part of the bank transfer for a session or an intent arrive; return the outcome.

    `amount` is in the charge unit. Raises Refusal (409) where none is expected, or less.
    """
    page = payments.page_object(stripe, id)
    intent = payments.intent_of(stripe, page) or {}
    action = intent.get("next_action") or {}
    instructions = action.get("display_bank_transfer_instructions", {"amount_remaining": 0})
    if not 0 < amount <= instructions["amount_remaining"]:
        raise Refusal(409, f"{instructions['amount_remaining']} is expected here.")
    instructions["amount_remaining"] -= amount
    if instructions["amount_remaining"]:
        stripe.changed(intent, "payment_intent.partially_funded")
    else:
        payments.take_step(stripe, page, Step.ALL_TRANSFERRED, "bank_transfer")
    return outcome(stripe, session_or_page(stripe, id))


async def expire(stripe: LocalStripe, id: str) -> Json:
    """Expire a session before its time; return the outcome."""
    return outcome(stripe, payments.expire(stripe, stripe.stored("checkout.session", id)))

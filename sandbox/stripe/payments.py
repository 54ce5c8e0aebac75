"""Steps of payments: a method is tried, a session expires, an intent is canceled.

A `page` below is a session, or an intent that has none.
"""

import time
from functools import partial

from sandbox.refusals import Refusal
from sandbox.store import Json
from sandbox.stripe.balance import book_charge
from sandbox.stripe.charged_methods import charged_details
from sandbox.stripe.hidden_state import EXPIRE, Due, HiddenState
from sandbox.stripe.local_stripe import LocalStripe
from sandbox.stripe.objects import new, new_id
from sandbox.stripe.published_methods import METHODS, Step, published_method
from sandbox.stripe.transitions import (
    AUTHENTICATE_IN_PAGE,
    NO_CUSTOMER_DETAILS,
    NO_INTENT,
    TRANSITIONS,
    UNPAID,
    Payment,
)


def page_object(stripe: LocalStripe, id: str) -> Json:
    """Return the session, or the intent that has none."""
    kind = "payment_intent" if id.startswith("pi_") else "checkout.session"
    return stripe.stored(kind, id)


def intent_of(stripe: LocalStripe, page: Json) -> Json | None:
    """Return the payment intent of a page; a session has none until somebody tried to pay."""
    if page["object"] == "payment_intent":
        return page
    first_intent = stripe.hidden_state(page["id"]).first_intent
    return stripe.store.get("payment_intent", page["payment_intent"] or first_intent or "")


def pay(stripe: LocalStripe, id: str, card: str, authenticate: bool | None = None) -> Json:
    """Try to pay a session or an intent with a test number, as its page does; return it.

    `authenticate` answers the 3-D Secure question. Raises Refusal: 400 for another number, 409
    where it is paid or over.
    """
    method = published_method(card)
    page = take_step(stripe, page_object(stripe, id), method.step_on_page(authenticate), card)
    if method.settles is not None:
        due = Due(at=time.time() + stripe.faults.delay, step=method.settles, card=card)
        schedule(stripe, stripe.hidden_state(id), due)
    return page


def take_step(stripe: LocalStripe, page: Json, step: Step, card: str) -> Json:
    """Take one step: change the objects, store them, post the events; return the page.

    `card` is the number that was tried. Raises Refusal (409) where the step is not possible now.
    """
    if not can_take(stripe, page, step):
        raise _closed(page)
    transition = TRANSITIONS[step]
    intent = intent_of(stripe, page) or _new_intent(stripe, page)
    charge = _pending_charge(stripe, intent) or _new_charge(intent, card)
    has_session = page is not intent
    payment = Payment(
        session=page if has_session else {},
        intent=intent,
        charge=charge,
        error=_error_of(card, charge if transition.has_charge else None),
        next_action=stripe.hidden_state(page["id"]).next_action or AUTHENTICATE_IN_PAGE,
        receipt_url=f"{stripe.settings.url}/pay/{page['id']}",
    )
    transition.apply(payment)
    objects = [page, intent] if has_session else [intent]
    if transition.has_charge:
        objects.append(charge)
    stripe.emit([*transition.events], *objects)
    if transition.has_charge:
        book_charge(stripe, charge)
    return page


def can_take(stripe: LocalStripe, page: Json, step: Step) -> bool:
    """Return whether a step is possible in the status of the intent and of its session."""
    intent, transition = intent_of(stripe, page), TRANSITIONS[step]
    if page is not intent and page["status"] != transition.session:
        return False
    return (intent["status"] if intent else NO_INTENT) in transition.intents


def complete_for_nothing(stripe: LocalStripe, session: Json) -> Json:
    """Complete a session with nothing to pay (https://docs.stripe.com/payments/checkout/no-cost-orders).

    Raises Refusal (409) for one that is not open.
    """
    if session["status"] != "open" or intent_of(stripe, session):
        raise _closed(session)
    session |= {
        "status": "complete",
        "payment_status": "no_payment_required",
        "customer_details": NO_CUSTOMER_DETAILS,
        "url": None,
    }
    return stripe.changed(session, "checkout.session.completed")


def expire(stripe: LocalStripe, session: Json) -> Json:
    """Expire an open session and cancel its intent. Raises Refusal (409) unless it is open."""
    if not _can_expire(stripe, session):
        raise _closed(session)
    intent = intent_of(stripe, session)
    session |= {"status": "expired", "url": None}
    if intent is None:
        return stripe.changed(session, "checkout.session.expired")
    intent |= _canceled() | {"cancellation_reason": "expired"}
    stripe.emit(["payment_intent.canceled", "checkout.session.expired"], session, intent)
    return session


def _can_expire(stripe: LocalStripe, session: Json) -> bool:
    intent = intent_of(stripe, session)
    return session["status"] == "open" and (intent is None or intent["status"] in UNPAID)


def can_cancel(intent: Json) -> bool:
    """Return whether an intent without a session can still be canceled."""
    return intent["client_secret"] is not None and intent["status"] in UNPAID


def cancel(stripe: LocalStripe, intent: Json) -> Json:
    """Cancel an unpaid intent; it cannot be confirmed any more."""
    return stripe.changed(intent | _canceled(), "payment_intent.canceled")


def schedule(stripe: LocalStripe, hidden: HiddenState, due: Due) -> None:
    """Schedule a step of a session, in place of the one scheduled before."""
    hidden.due = due
    stripe.keep_hidden(hidden)
    stripe.scheduler.at(due.at, partial(_do_what_is_due, stripe, hidden.page, due))


def schedule_all(stripe: LocalStripe) -> None:
    """Schedule again what an earlier run of the sandbox left open."""
    for _, stored in stripe.store.list("hidden_state"):
        hidden = HiddenState.model_validate(stored)
        if hidden.due is not None:
            schedule(stripe, hidden, hidden.due)


async def _do_what_is_due(stripe: LocalStripe, page_id: str, due: Due) -> None:
    """Do what was scheduled, unless the session went another way meanwhile."""
    if stripe.store.get("hidden_state", page_id) is None:
        return  # the key has been given to another account
    page = page_object(stripe, page_id)
    if due.step == EXPIRE:
        if _can_expire(stripe, page):
            expire(stripe, page)
    elif can_take(stripe, page, due.step):
        take_step(stripe, page, due.step, due.card or "")


def _new_intent(stripe: LocalStripe, session: Json) -> Json:
    """Make the intent of a session that is tried for the first time."""
    intent = new(
        "payment_intent",
        amount=session["amount_total"],
        currency=session["currency"],
        customer=session["customer"],
        **stripe.hidden_state(session["id"]).intent,
    )
    return stripe.changed(intent, "payment_intent.created")


def _pending_charge(stripe: LocalStripe, intent: Json) -> Json | None:
    """Return the charge of a debit that is on its way."""
    if intent["status"] != "processing":
        return None
    return stripe.stored("charge", intent["latest_charge"])


def _new_charge(intent: Json, card: str) -> Json:
    """Make the charge of one try with a test number, as payers see it in another currency."""
    charge = new(
        "charge",
        amount=intent["amount"],
        currency=intent["currency"],
        customer=intent["customer"],
        description=intent["description"],
        metadata=intent["metadata"],
        payment_intent=intent["id"],
        payment_method=intent["payment_method"] or new_id("pm_1"),
        payment_method_details=charged_details(card),
    )
    if "presentment_details" in intent:
        charge["presentment_details"] = intent["presentment_details"]
    return charge


def _error_of(card: str, charge: Json | None) -> Json:
    """Return Stripe's error of a method; {} for one that always works."""
    error = METHODS[card].error if card in METHODS else {}
    return error | {"charge": charge["id"]} if charge else error


def _canceled() -> Json:
    return {"status": "canceled", "canceled_at": int(time.time()), "next_action": None}


def _closed(page: Json) -> Refusal:
    """Make the refusal of a step that cannot come next."""
    kind = "intent" if page["object"] == "payment_intent" else "session"
    return Refusal(409, f"This {kind} is {page['status']}.", code=f"{kind}_closed")

"""Sessions that save a card and charge nothing (https://docs.stripe.com/payments/save-and-reuse)."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from sandbox.store import Json
from sandbox.stripe.checkout import open_page
from sandbox.stripe.currencies import check_currency
from sandbox.stripe.local_stripe import LocalStripe
from sandbox.stripe.objects import new
from sandbox.stripe.parameters import Metadata, Text
from sandbox.stripe.payment_methods import new_method, unattached_method
from sandbox.stripe.published_methods import METHODS, Step
from sandbox.stripe.transitions import AUTHENTICATE_IN_PAGE, NO_CUSTOMER_DETAILS


def create_setup_session(
    stripe: LocalStripe,
    *,
    mode: Literal["setup"],
    customer: Text,
    currency: Text,
    setup_intent_data: dict[Literal["metadata"], Metadata] | None = None,
    **page: Any,
) -> Json:
    """Answer POST /v1/checkout/sessions (https://docs.stripe.com/api/checkout/sessions/create).

    `page` are the PageParameters of `checkout.py`.
    """
    check_currency(currency)
    intent = new("setup_intent", customer=customer) | (setup_intent_data or {})
    session: Json = {
        "mode": mode,
        "customer": customer,
        "currency": currency,
        "setup_intent": intent["id"],
        "payment_status": "no_payment_required",
        "amount_subtotal": None,
        "amount_total": None,
    }
    opened = open_page(stripe, session, page, items=[], intent={})
    stripe.changed(intent, "setup_intent.created")
    return opened


def save_card(stripe: LocalStripe, session: Json, card: str, step: Step) -> Json:
    """Try to save a card on the page of a setup session; return the session.

    `card` is the test number, `step` what trying it on any page causes.
    """
    published = METHODS[card]
    setup = SETUPS[published.saving or step]
    intent = stripe.stored("setup_intent", session["setup_intent"])
    setup.apply(intent, published.error)
    if intent["status"] == "succeeded":
        attempt = new_attempt(stripe, intent, card)
        intent |= {
            "payment_method": attempt["payment_method"],
            "latest_attempt": attempt["id"],
        }
        session |= {
            "status": "complete",
            "url": None,
            "customer_details": NO_CUSTOMER_DETAILS,
        }
    stripe.emit([*setup.events], intent, session)
    return session


def new_attempt(stripe: LocalStripe, intent: Json, card: str) -> Json:
    """Save a method (its number) for an intent's customer; return the attempt that did it.

    Of iDEAL and Bancontact another method is saved, and the one of the page is nobody's.
    https://docs.stripe.com/api/setup_attempts/object
    """
    published, customer = METHODS[card], intent["customer"]
    attempt = new("setup_attempt", setup_intent=intent["id"], customer=customer)
    details: Json = {}
    if published.leaves is None:
        used = new_method(stripe, card, customer, "limited")
    else:
        used = unattached_method(stripe, published.type)
        debit = new_method(stripe, published.leaves, customer, "limited", attempt=attempt["id"])
        details = {"generated_sepa_debit": debit["id"], "iban_last4": debit["sepa_debit"]["last4"]}
    attempt["payment_method"] = used["id"]
    attempt["payment_method_details"] = {"type": published.type, published.type: details}
    stripe.store.put("setup_attempt", attempt["id"], attempt)
    return attempt


def _succeed(intent: Json, error: Json) -> None:
    intent.update(status="succeeded", last_setup_error=None, next_action=None)


def _fail(intent: Json, error: Json) -> None:
    intent.update(status="requires_payment_method", last_setup_error=error, next_action=None)


def _require_authentication(intent: Json, error: Json) -> None:
    intent.update(status="requires_action", last_setup_error=None, next_action=AUTHENTICATE_IN_PAGE)


@dataclass(frozen=True)
class Setup:
    """The effect of a step on a setup intent (with the method's error), and its events in order."""

    apply: Callable[[Json, Json], None]
    events: tuple[str, ...]


# https://docs.stripe.com/payments/setupintents/lifecycle
SETUPS = {
    Step.SUCCEED: Setup(_succeed, ("setup_intent.succeeded", "checkout.session.completed")),
    Step.DECLINE: Setup(_fail, ("setup_intent.setup_failed",)),
    Step.REQUIRE_AUTHENTICATION: Setup(_require_authentication, ("setup_intent.requires_action",)),
    Step.FAIL_AUTHENTICATION: Setup(_fail, ("setup_intent.setup_failed",)),
}

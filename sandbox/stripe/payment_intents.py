"""Payment intents without a session: for a page of the merchant's own, or for an invoice."""

from typing import Any, Literal

from sandbox.refusals import Refusal
from sandbox.store import Json
from sandbox.stripe.balance import check_converted
from sandbox.stripe.currencies import check_total
from sandbox.stripe.hidden_state import HiddenState, Item
from sandbox.stripe.local_stripe import LocalStripe
from sandbox.stripe.objects import new, new_id
from sandbox.stripe.parameters import IntentData, TrueText, WholeNumber
from sandbox.stripe.payments import can_cancel, cancel


def create_intent(
    stripe: LocalStripe,
    *,
    amount: WholeNumber,
    currency: str,
    automatic_payment_methods: dict[Literal["enabled"], TrueText],
    **carried: Any,
) -> Json:
    """Answer POST /v1/payment_intents (https://docs.stripe.com/api/payment_intents/create).

    `carried` are the fields of IntentData.
    """
    data = IntentData(**carried)
    check_total(amount, currency)
    check_converted(stripe, amount, currency)
    return open_intent(
        stripe, amount, currency, description=data.description, metadata=data.metadata
    )


def open_intent(
    stripe: LocalStripe,
    amount: int,
    currency: str,
    *,
    description: str | None,
    metadata: dict[str, str],
) -> Json:
    """Make an intent that nobody has tried to pay yet; return it."""
    check_total(amount, currency)
    intent = new(
        "payment_intent",
        amount=amount,
        currency=currency,
        description=description,
        metadata=metadata,
        automatic_payment_methods={"allow_redirects": "always", "enabled": True},
    )
    intent["client_secret"] = new_id(f"{intent['id']}_secret_")
    item = Item(description=description, quantity=1, amount=amount)
    stripe.keep_hidden(HiddenState(page=intent["id"], items=[item]))
    return stripe.changed(intent, "payment_intent.created")


def cancel_intent(stripe: LocalStripe, id: str) -> Json:
    """Answer POST /v1/payment_intents/{id}/cancel, for one that is unpaid and has no session.

    Raises Refusal (400) for any other. https://docs.stripe.com/api/payment_intents/cancel
    """
    intent = stripe.stored("payment_intent", id)
    if not can_cancel(intent):
        message = (
            f"You cannot cancel this PaymentIntent because it has a status of {intent['status']}."
            " Only a PaymentIntent with one of the following statuses may be canceled:"
            " requires_payment_method, requires_capture, requires_confirmation, requires_action,"
            " processing."
        )
        raise Refusal(400, message, code="payment_intent_unexpected_state")
    return cancel(stripe, intent)

"""The effect of each step on a payment's session, intent and charge, and its events.

Sources: https://docs.stripe.com/payments/paymentintents/lifecycle and
https://docs.stripe.com/payments/checkout/fulfill-orders.
"""

from collections.abc import Callable
from dataclasses import dataclass

from sandbox.store import Json
from sandbox.stripe.published_methods import Step

# Stripe's details of a payer who entered nothing but a card.
NO_CUSTOMER_DETAILS: Json = {
    "address": None,
    "business_name": None,
    "email": None,
    "individual_name": None,
    "name": None,
    "phone": None,
    "tax_exempt": "none",
    "tax_ids": [],
}
AUTHORIZED: Json = {
    "advice_code": None,
    "network_advice_code": None,
    "network_decline_code": None,
    "network_status": "approved_by_network",
    "reason": None,
    "risk_level": "normal",
    "seller_message": "Payment complete.",
    "type": "authorized",
}
REFUSED: Json = {
    "advice_code": None,
    "network_advice_code": None,
    "network_decline_code": None,
    "network_status": "declined_by_network",
    "reason": None,
    "risk_level": "normal",
    "seller_message": "The bank did not accept the payment.",
    "type": "issuer_declined",
}
# The 3-D Secure question is asked in the page itself.
AUTHENTICATE_IN_PAGE: Json = {"type": "use_stripe_sdk", "use_stripe_sdk": {}}

NO_INTENT = ""  # the status of an intent that does not exist yet
UNPAID = (NO_INTENT, "requires_payment_method", "requires_action")


@dataclass
class Payment:
    """The objects that one step changes in place, and values that it sets.

    `session` is {} for an intent that has none, and then is not stored. `error` is Stripe's, of the
    method that was tried. `next_action` is where the bank asks its 3-D Secure question.
    """

    session: Json
    intent: Json
    charge: Json
    error: Json
    next_action: Json
    receipt_url: str


def succeed(payment: Payment) -> None:
    """Complete the payment: the money arrives at once."""
    _complete_session(payment)
    receive_all(payment)


def receive_all(payment: Payment) -> None:
    """Let all of the money arrive by a new charge, as of a bank transfer."""
    payment.session["payment_status"] = "paid"
    payment.intent.update(
        status="succeeded",
        amount_received=payment.intent["amount"],
        latest_charge=payment.charge["id"],
        payment_method=payment.charge["payment_method"],
        last_payment_error=None,
        next_action=None,
    )
    _pay_charge(payment)


def decline(payment: Payment) -> None:
    """Decline the try; the page stays open for another one."""
    payment.session["payment_intent"] = payment.intent["id"]
    payment.intent.update(
        status="requires_payment_method",
        payment_method=None,
        latest_charge=payment.charge["id"],
        last_payment_error=payment.error,
        next_action=None,
    )
    _fail_charge(payment)


def require_authentication(payment: Payment) -> None:
    """Require 3-D Secure."""
    payment.session["payment_intent"] = payment.intent["id"]
    payment.intent.update(
        status="requires_action", last_payment_error=None, next_action=payment.next_action
    )


def fail_authentication(payment: Payment) -> None:
    """Fail 3-D Secure; nothing was charged."""
    payment.session["payment_intent"] = payment.intent["id"]
    payment.intent.update(
        status="requires_payment_method",
        payment_method=None,
        last_payment_error=payment.error,
        next_action=None,
    )


def process(payment: Payment) -> None:
    """Start a debit: the page is complete, and nothing is paid yet."""
    _complete_session(payment)
    payment.intent.update(
        status="processing",
        latest_charge=payment.charge["id"],
        payment_method=payment.charge["payment_method"],
        last_payment_error=None,
        next_action=None,
    )
    payment.charge["status"] = "pending"


def await_transfer(payment: Payment) -> None:
    """Wait for a bank transfer: the page is complete, and says where to transfer to.

    https://docs.stripe.com/payments/bank-transfers/accept-a-payment
    """
    _complete_session(payment)
    instructions = {
        "amount_remaining": payment.intent["amount"],
        "currency": payment.intent["currency"],
        "financial_addresses": [],
        "hosted_instructions_url": payment.receipt_url,
        "reference": payment.intent["id"][-8:].upper(),
        "type": "eu_bank_transfer",
    }
    payment.intent.update(
        status="requires_action",
        last_payment_error=None,
        next_action={
            "type": "display_bank_transfer_instructions",
            "display_bank_transfer_instructions": instructions,
        },
    )


def settle_paid(payment: Payment) -> None:
    """Let the debit's money arrive."""
    payment.session["payment_status"] = "paid"
    payment.intent.update(status="succeeded", amount_received=payment.intent["amount"])
    _pay_charge(payment)


def settle_failed(payment: Payment) -> None:
    """Let the bank refuse the debit."""
    payment.session["payment_status"] = "unpaid"
    payment.intent.update(
        status="requires_payment_method", payment_method=None, last_payment_error=payment.error
    )
    _fail_charge(payment)


def _complete_session(payment: Payment) -> None:
    payment.session.update(
        status="complete",
        payment_intent=payment.intent["id"],
        customer_details=NO_CUSTOMER_DETAILS,
        url=None,
    )


def _pay_charge(payment: Payment) -> None:
    payment.charge.update(
        status="succeeded",
        paid=True,
        captured=True,
        amount_captured=payment.charge["amount"],
        outcome=AUTHORIZED,
        receipt_url=payment.receipt_url,
    )


def _fail_charge(payment: Payment) -> None:
    payment.charge.update(
        status="failed",
        failure_code=payment.error["code"],
        failure_message=payment.error["message"],
        outcome=REFUSED,
    )


@dataclass(frozen=True)
class Transition:
    """One step: what it does, the statuses in which it is possible, and its events in order.

    `session` is the status of the session, `intents` are those of the intent. `has_charge` is False
    for a step before anything is charged.
    """

    apply: Callable[[Payment], None]
    session: str
    intents: tuple[str, ...]
    events: tuple[str, ...]
    has_charge: bool = True


TRANSITIONS = {
    Step.SUCCEED: Transition(
        succeed,
        session="open",
        intents=UNPAID,
        events=("charge.succeeded", "payment_intent.succeeded", "checkout.session.completed"),
    ),
    Step.DECLINE: Transition(
        decline,
        session="open",
        intents=UNPAID,
        events=("charge.failed", "payment_intent.payment_failed"),
    ),
    Step.REQUIRE_AUTHENTICATION: Transition(
        require_authentication,
        session="open",
        intents=UNPAID,
        events=("payment_intent.requires_action",),
        has_charge=False,
    ),
    Step.FAIL_AUTHENTICATION: Transition(
        fail_authentication,
        session="open",
        intents=UNPAID,
        events=("payment_intent.payment_failed",),
        has_charge=False,
    ),
    Step.PROCESS: Transition(
        process,
        session="open",
        intents=UNPAID,
        events=("charge.pending", "payment_intent.processing", "checkout.session.completed"),
    ),
    Step.AWAIT_TRANSFER: Transition(
        await_transfer,
        session="open",
        intents=UNPAID,
        events=("payment_intent.requires_action", "checkout.session.completed"),
        has_charge=False,
    ),
    Step.ALL_TRANSFERRED: Transition(
        receive_all,
        session="complete",
        intents=("requires_action",),
        events=(
            "charge.succeeded",
            "payment_intent.succeeded",
            "checkout.session.async_payment_succeeded",
        ),
    ),
    Step.SETTLE_PAID: Transition(
        settle_paid,
        session="complete",
        intents=("processing",),
        events=(
            "charge.succeeded",
            "payment_intent.succeeded",
            "checkout.session.async_payment_succeeded",
        ),
    ),
    Step.SETTLE_FAILED: Transition(
        settle_failed,
        session="complete",
        intents=("processing",),
        events=(
            "charge.failed",
            "payment_intent.payment_failed",
            "checkout.session.async_payment_failed",
        ),
    ),
}

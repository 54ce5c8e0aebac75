"""Stripe's published test numbers, and the steps that each causes.

https://docs.stripe.com/testing. Besides the numbers there is a name for a card that declines
renewals, two for bank debits that take time, and one for a bank transfer; Stripe has no numbers for
those.
"""

from dataclasses import dataclass, field
from enum import StrEnum

from sandbox.refusals import Refusal
from sandbox.store import Json


class Step(StrEnum):
    """A step of a payment, when a method is tried or later; see `transitions.py`.

    The values are stored, so that a delayed step outlives a restart.
    """

    SUCCEED = "succeed"
    DECLINE = "decline"
    REQUIRE_AUTHENTICATION = "require_authentication"  # 3-D Secure
    FAIL_AUTHENTICATION = "fail_authentication"
    PROCESS = "process"  # a debit that takes time
    AWAIT_TRANSFER = "await_transfer"  # the payer transfers the money, in one part or several
    ALL_TRANSFERRED = "all_transferred"
    SETTLE_PAID = "settle_paid"
    SETTLE_FAILED = "settle_failed"


def _card_error(code: str, message: str, kind: str = "card_error", **more: str) -> Json:
    return {"type": kind, "code": code, "message": message, **more}


DECLINED = _card_error("card_declined", "Your card was declined.", decline_code="generic_decline")
INSUFFICIENT_FUNDS = _card_error(
    "card_declined", "Your card has insufficient funds.", decline_code="insufficient_funds"
)
NOT_AUTHENTICATED = _card_error(
    "payment_intent_authentication_failure",
    "The payment method failed authentication. Try another one.",
    kind="invalid_request_error",
)
DEBIT_REFUSED = _card_error("payment_method_provider_decline", "The bank refused the debit.")


@dataclass(frozen=True)
class PublishedMethod:
    """A test method by its number or name: how pages show it, and the steps that it causes.

    `step` follows when it is tried on a page, `saving` when it is saved, `charged` when it is
    charged afterwards (None: as on a page), `charged_on_session` when that happens while its payer
    is present (None: no difference), `authenticated` and `not_authenticated` after the 3-D Secure
    question, `settles` after a while. `type` is Stripe's type of payment method, `last4` is set
    where the number ends otherwise, `error` is Stripe's, {} for one that always works. `leaves` is
    the method of this table that is saved in its place; it only saves here, and pays nothing.
    """

    label: str
    brand: str
    step: Step
    type: str = "card"
    last4: str | None = None
    saving: Step | None = None
    charged: Step | None = None
    charged_on_session: Step | None = None
    authenticated: Step | None = None
    not_authenticated: Step | None = None
    settles: Step | None = None
    leaves: str | None = None
    error: Json = field(default_factory=dict)

    def fits(self, mode: str) -> bool:
        """Return whether pages of this mode of Checkout offer it here."""
        if self.leaves:
            return mode == "setup"
        return mode == "payment" or self.type == "card"

    def step_on_page(self, authenticate: bool | None) -> Step:
        """Return the step of a try on a page; `authenticate` answers the 3-D Secure question."""
        match authenticate:
            case True:
                return self.authenticated or self.step
            case False:
                return self.not_authenticated or self.step
            case None:
                return self.step

    @property
    def step_as_saved(self) -> Step:
        """The step of saving it by name, without a page."""
        return self.saving or self.step

    @property
    def step_on_session(self) -> Step:
        """The step of charging it once it is saved, while its payer is present."""
        return self.charged_on_session or self.step_off_session

    @property
    def step_off_session(self) -> Step:
        """The step of charging it once it is saved, without its payer."""
        return self.charged or self.step


METHODS = {
    "4242424242424242": PublishedMethod("Succeeds", "visa", Step.SUCCEED),
    "5555555555554444": PublishedMethod("Mastercard, succeeds", "mastercard", Step.SUCCEED),
    "378282246310005": PublishedMethod("American Express, succeeds", "amex", Step.SUCCEED),
    "4000000000000002": PublishedMethod("Is declined", "visa", Step.DECLINE, error=DECLINED),
    "4000000000009995": PublishedMethod(
        "Has insufficient funds", "visa", Step.DECLINE, error=INSUFFICIENT_FUNDS
    ),
    "4000002500003155": PublishedMethod(
        "Asks for 3-D Secure",
        "visa",
        Step.REQUIRE_AUTHENTICATION,
        charged=Step.SUCCEED,
        charged_on_session=Step.REQUIRE_AUTHENTICATION,
        authenticated=Step.SUCCEED,
        not_authenticated=Step.FAIL_AUTHENTICATION,
        error=NOT_AUTHENTICATED,
    ),
    "4000002760003184": PublishedMethod(
        "Always asks the bank",
        "visa",
        Step.REQUIRE_AUTHENTICATION,
        authenticated=Step.SUCCEED,
        not_authenticated=Step.FAIL_AUTHENTICATION,
        error=NOT_AUTHENTICATED,
    ),
    "4000000000000341": PublishedMethod(
        "Saves, then declines", "visa", Step.DECLINE, saving=Step.SUCCEED, error=DECLINED
    ),
    "renewals_declined": PublishedMethod(
        "Succeeds once, then declines",
        "visa",
        Step.SUCCEED,
        last4="0341",
        charged=Step.DECLINE,
        error=DECLINED,
    ),
    "delayed_success": PublishedMethod(
        "Debit, succeeds later",
        "bank",
        Step.PROCESS,
        type="sepa_debit",
        settles=Step.SETTLE_PAID,
    ),
    "ideal": PublishedMethod(
        "iDEAL, leaves a debit", "bank", Step.SUCCEED, type="ideal", leaves="delayed_success"
    ),
    "bancontact": PublishedMethod(
        "Bancontact, leaves a debit",
        "bank",
        Step.SUCCEED,
        type="bancontact",
        leaves="delayed_success",
    ),
    "bank_transfer": PublishedMethod(
        "Bank transfer, which you send", "bank", Step.AWAIT_TRANSFER, type="customer_balance"
    ),
    "delayed_failure": PublishedMethod(
        "Debit, fails later",
        "bank",
        Step.PROCESS,
        type="sepa_debit",
        settles=Step.SETTLE_FAILED,
        error=DEBIT_REFUSED,
    ),
}

# The numbers behind the names that Stripe's calls take (https://docs.stripe.com/testing).
NUMBERS_BY_NAME = {
    "pm_card_visa": "4242424242424242",
    "pm_card_mastercard": "5555555555554444",
    "pm_card_amex": "378282246310005",
    "pm_card_chargeCustomerFail": "4000000000000341",
    "pm_card_visa_chargeDeclined": "4000000000000002",
    "pm_card_visa_chargeDeclinedInsufficientFunds": "4000000000009995",
    "pm_card_authenticationRequired": "4000002760003184",
    "pm_card_authenticationRequiredOnSetup": "4000002500003155",
}


def published_method(number: str) -> PublishedMethod:
    """Return the test method with this number or name. Raises Refusal (400) for another number."""
    method = METHODS.get(number)
    if method is None:
        raise Refusal(400, "Only Stripe's published test numbers work here.")
    return method

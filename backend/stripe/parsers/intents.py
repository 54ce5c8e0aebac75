"""PaymentIntents: what one received, whether it waits for its payer, the 3-D Secure link."""

from typing import Any

from backend.stripe.metadata import INSTALLATION_METADATA, PAYMENT_METADATA, metadata_id
from backend.stripe.parsers.charges import Charge
from backend.stripe.parsers.documented import Decline, Documented, Marked
from backend.stripe.parsers.facts import PaymentFact, PaymentOutcome

# https://docs.stripe.com/payments/paymentintents/lifecycle
OUTCOMES_BY_STATUS: dict[str, PaymentOutcome] = {
    "succeeded": "paid",
    "processing": "processing",
    "canceled": "canceled",
}
# Statuses of an intent that waits for its payer.
UNPAID = ("requires_payment_method", "requires_confirmation", "requires_action")
# Parts of the types of next actions that take place elsewhere, within days: vouchers, transfers.
# https://docs.stripe.com/api/payment_intents/object#payment_intent_object-next_action-type
OFFLINE_ACTIONS = ("display", "microdeposits")


class Redirect(Documented):
    """A page to which the payer is to be sent."""

    url: str | None = None


class BankTransfer(Documented):
    """How a payer transfers money; `amount_remaining` in minor units is what is still to come.

    https://docs.stripe.com/payments/bank-transfers/accept-a-payment
    """

    amount_remaining: int | None = None


class NextAction(Documented):
    """What the payer has to do next."""

    type: str
    redirect_to_url: Redirect | None = None
    display_bank_transfer_instructions: BankTransfer | None = None


class PaymentIntent(Marked):
    """A PaymentIntent, with amounts in minor units of `currency`; `created` in seconds since 1970.

    `latest_charge` is an id unless Stripe was asked to expand it.

    https://docs.stripe.com/api/payment_intents/object
    """

    livemode: bool
    status: str
    amount: int
    amount_received: int
    currency: str
    created: int | None = None
    customer: str | None = None
    payment_method: str | None = None
    last_payment_error: Decline | None = None
    next_action: NextAction | None = None
    presentment_details: dict[str, Any] | None = None
    client_secret: str | None = None
    latest_charge: str | Charge | None = None

    @property
    def waits_for_payer(self) -> bool:
        """Whether it waits for a payer on a page, and for nothing that takes place elsewhere."""
        action = self.next_action.type if self.next_action else ""
        is_offline = any(part in action for part in OFFLINE_ACTIONS)
        return self.status in UNPAID and not is_offline

    @property
    def three_d_secure_url(self) -> str | None:
        """Where the payer authenticates with their bank, if the bank requires it.

        https://docs.stripe.com/payments/3d-secure/authentication-flow
        """
        redirect = self.next_action.redirect_to_url if self.next_action else None
        return redirect.url if redirect else None

    @property
    def charged_at(self) -> int | None:
        """When it was charged last, if its charge is expanded."""
        charge = self.latest_charge
        return charge.created if isinstance(charge, Charge) else None

    @property
    def latest_charge_id(self) -> str | None:
        """The id of the charge of the last try, once one was made."""
        charge = self.latest_charge
        return charge.id if isinstance(charge, Charge) else charge

    @property
    def funded_minor(self) -> int | None:
        """What has come of a bank transfer that is not whole yet; None without one."""
        action = self.next_action
        transfer = action.display_bank_transfer_instructions if action else None
        if transfer is None or transfer.amount_remaining is None:
            return None
        return self.amount - transfer.amount_remaining

    @property
    def decline(self) -> str | None:
        """Stripe's code of why the last try failed, if one did."""
        return self.last_payment_error.reason if self.last_payment_error else None


def parse_intent(intent: PaymentIntent, outcome: PaymentOutcome | None) -> PaymentFact:
    """Make the fact that `outcome` happened to an intent."""
    return PaymentFact(
        about="payment",
        source="intent",
        outcome=outcome,
        happened_at=intent.charged_at,
        installation=metadata_id(intent.metadata, INSTALLATION_METADATA),
        payment_id=metadata_id(intent.metadata, PAYMENT_METADATA),
        stripe_payment_intent_id=intent.id,
        stripe_customer_id=intent.customer,
        received_minor=intent.amount_received,
        funded_minor=intent.funded_minor,
        tax_minor=0,
        plain=intent.amount_received == intent.amount and not intent.presentment_details,
        currency=intent.currency,
        decline=intent.decline if outcome in ("declined", "failed") else None,
        stripe_payment_method_id=intent.payment_method,
    )

"""Charges: how much of one was refunded, and what it brought to Stripe's balance."""

from backend.stripe.metadata import INSTALLATION_METADATA, PAYMENT_METADATA, metadata_id
from backend.stripe.parsers.documented import Documented, Marked
from backend.stripe.parsers.facts import ChargeFact


class BalanceTransaction(Documented):
    """A movement on Stripe's balance, in minor units of the currency that the account settles in.

    Before fees: https://docs.stripe.com/api/balance_transactions/object
    """

    amount: int
    currency: str


class Charge(Marked):
    """A charge, with amounts in minor units of `currency`.

    https://docs.stripe.com/api/charges/object
    """

    livemode: bool
    currency: str
    amount_refunded: int
    payment_intent: str | None = None
    balance_transaction: str | BalanceTransaction | None = None
    receipt_url: str | None = None

    @property
    def settled(self) -> BalanceTransaction | None:
        """The balance transaction of the charge, if Stripe was asked to expand it."""
        transaction = self.balance_transaction
        return transaction if isinstance(transaction, BalanceTransaction) else None


def parse_charge(charge: Charge) -> ChargeFact:
    """Make the fact of how much of a charge was refunded."""
    return ChargeFact(
        about="refunds",
        outcome="reported",
        installation=metadata_id(charge.metadata, INSTALLATION_METADATA),
        payment_id=metadata_id(charge.metadata, PAYMENT_METADATA),
        stripe_payment_intent_id=charge.payment_intent,
        id=charge.id,
        livemode=charge.livemode,
        currency=charge.currency,
        amount_minor=charge.amount_refunded,
    )

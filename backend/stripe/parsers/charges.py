"""Charges: how much of one went back, and what it brought on Stripe's balance."""

from backend.stripe.metadata import INSTALLATION_METADATA, PAYMENT_METADATA, metadata_id
from backend.stripe.parsers.documented import Documented, Marked
from backend.stripe.parsers.facts import ChargeFact


class BalanceTransaction(Documented):
    """What moved on Stripe's balance, in minor units of the currency that the account settles in.

    Before fees: https://docs.stripe.com/api/balance_transactions/object
    """

    amount: int
    currency: str


class Charge(Marked):
    """https://docs.stripe.com/api/charges/object."""

    livemode: bool
    currency: str
    amount_refunded: int
    payment_intent: str | None = None
    balance_transaction: str | BalanceTransaction | None = None
    receipt_url: str | None = None

    @property
    def settled(self) -> BalanceTransaction | None:
        """What Stripe's balance got for it, where that was asked for."""
        found = self.balance_transaction
        return found if isinstance(found, BalanceTransaction) else None


def parse_charge(charge: Charge) -> ChargeFact:
    """Say how much of a charge went back."""
    return ChargeFact(
        about="refunds",
        outcome="told",
        installation=metadata_id(charge.metadata, INSTALLATION_METADATA),
        payment_id=metadata_id(charge.metadata, PAYMENT_METADATA),
        intent_id=charge.payment_intent,
        id=charge.id,
        livemode=charge.livemode,
        currency=charge.currency,
        amount_minor=charge.amount_refunded,
    )

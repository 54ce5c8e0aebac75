"""Charges: what paid one, how much was refunded, what it brought to Stripe's balance."""

from typing import Any

from pydantic import model_validator

from backend.stripe.metadata import INSTALLATION_METADATA, PAYMENT_METADATA, metadata_id
from backend.stripe.parsers.documented import Documented, Marked
from backend.stripe.parsers.facts import CardFact, ChargeFact, Fact, NoFact


class BalanceTransaction(Documented):
    """A movement on Stripe's balance, in minor units of the currency that the account settles in.

    Before fees; `created` in seconds since 1970:
    https://docs.stripe.com/api/balance_transactions/object
    """

    amount: int
    currency: str
    created: int | None = None


class ChargedMethod(Documented):
    """What was charged, under the name of its `type`; not every type has a brand or digits.

    https://docs.stripe.com/api/charges/object#charge_object-payment_method_details
    """

    type: str
    brand: str | None = None
    bank_name: str | None = None
    last4: str | None = None

    @model_validator(mode="before")
    @classmethod
    def lift_details(cls, source: Any) -> Any:
        """Put the fields of the object under the name of the type beside the type."""
        if isinstance(source, dict) and isinstance(source.get("type"), str):
            details = source.get(source["type"])
            return {**(details if isinstance(details, dict) else {}), "type": source["type"]}
        return source


class Charge(Marked):
    """A charge, with amounts in minor units of `currency`; `created` in seconds since 1970.

    https://docs.stripe.com/api/charges/object
    """

    livemode: bool
    currency: str
    amount_refunded: int
    created: int | None = None
    payment_intent: str | None = None
    balance_transaction: str | BalanceTransaction | None = None
    receipt_url: str | None = None
    payment_method_details: ChargedMethod | None = None

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


def parse_charged_method(charge: Charge) -> Fact:
    """Make the fact of what paid a charge of ours; nothing of a charge without our mark is kept."""
    payment_id = metadata_id(charge.metadata, PAYMENT_METADATA)
    method = charge.payment_method_details
    if payment_id is None or method is None:
        return NoFact(outcome=None)
    return CardFact(
        about="card",
        outcome="charged",
        installation=metadata_id(charge.metadata, INSTALLATION_METADATA),
        payment_id=payment_id,
        stripe_payment_intent_id=charge.payment_intent,
        type=method.type,
        brand=method.brand or method.bank_name,
        last_four=method.last4,
    )

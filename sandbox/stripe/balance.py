"""Stripe's books: a balance transaction for each movement of the account's balance.

They are in the currency in which a charge is paid out. That is the charge's own, unless the fault
`settlement` named another when it was paid; then each movement is converted at the rate of its day
(https://docs.stripe.com/api/balance_transactions/object). Amounts are gross, in the charge unit;
`fee` is what Stripe keeps.

The functions that take a refund or a dispute, its charge and an amount are the movements of
`clawback_steps.py`. They return whether money moved; `amount` is what a person named for that step.
"""

import time

from sandbox.refusals import Refusal
from sandbox.store import Json
from sandbox.stripe.currencies import (
    CHARGE_FEE,
    CHARGE_FEE_PERCENT,
    CURRENCIES,
    DISPUTE_FEE,
    RATES,
    decimal_amount,
)
from sandbox.stripe.local_stripe import LocalStripe
from sandbox.stripe.objects import new


def exchange_rate(stripe: LocalStripe, currency: str, into: str) -> float:
    """Return the value of one whole unit of `currency` in whole units of `into`."""
    rates = RATES | stripe.faults.rates
    return round(rates[currency] / rates[into], 6)


def convert(stripe: LocalStripe, amount: int, currency: str, into: str) -> int:
    """Return an amount of `currency` in `into`, both in their charge units."""
    units = 10.0 ** (CURRENCIES[into].digits - CURRENCIES[currency].digits)
    return round(amount * exchange_rate(stripe, currency, into) * units)


def check_converted(stripe: LocalStripe, total: int, currency: str) -> None:
    """Raise Refusal (400) for a total below the minimum of the currency it is converted into.

    https://docs.stripe.com/currencies#minimum-and-maximum-charge-amounts
    """
    into = stripe.faults.settlement or currency
    converted = convert(stripe, total, currency, into)
    minimum = CURRENCIES[into].minimum
    if into != currency and converted < minimum:
        least, result = (decimal_amount(each, into)["amount"] for each in (minimum, converted))
        amount = decimal_amount(total, currency)["amount"]
        raise Refusal(
            400,
            f"Amount must convert to at least {least} {into}. {amount} {currency} converts to"
            f" approximately {result} {into}.",
            code="amount_too_small",
        )


def book(
    stripe: LocalStripe,
    source: Json,
    into: str,
    *,
    type: str,
    category: str,
    amount: int,
    fixed_fee: float = 0,
    fee_percent: float = 0,
) -> Json:
    """Book one movement: `amount` in the currency of `source`, converted into `into`; return it.

    `fixed_fee` is in whole units of `into`, `fee_percent` in percent of what moved.
    """
    currency = source["currency"]
    moved = convert(stripe, amount, currency, into)
    fee = round(fixed_fee * 10 ** CURRENCIES[into].digits) + round(moved * fee_percent / 100)
    detail = {
        "amount": fee,
        "application": None,
        "currency": into,
        "type": "stripe_fee",
        "description": "Stripe processing fees",
    }
    transaction = new(
        "balance_transaction",
        amount=moved,
        available_on=int(time.time()),
        currency=into,
        description=source.get("description"),
        exchange_rate=None if currency == into else exchange_rate(stripe, currency, into),
        fee=fee,
        fee_details=[detail] if fee else [],
        net=moved - fee,
        reporting_category=category,
        source=source["id"],
        type=type,
    )
    stripe.keep(transaction)
    return transaction


def book_charge(stripe: LocalStripe, charge: Json) -> None:
    """Book a charge that succeeded, once; the events before this have no balance transaction.

    https://docs.stripe.com/payments/payment-intents/asynchronous-capture
    """
    if charge["paid"] and charge["balance_transaction"] is None:
        booked = book(
            stripe,
            charge,
            stripe.faults.settlement or charge["currency"],
            type="charge",
            category="charge",
            amount=charge["amount"],
            fixed_fee=CHARGE_FEE,
            fee_percent=CHARGE_FEE_PERCENT,
        )
        charge["balance_transaction"] = booked["id"]
        stripe.keep(charge)


def settlement_currency(stripe: LocalStripe, charge: Json) -> str:
    """Return the currency in which a charge was booked, and in which it is taken back."""
    booked = stripe.store.get("balance_transaction", charge["balance_transaction"]) or charge
    return str(booked["currency"])


def refund_taken(stripe: LocalStripe, refund: Json, charge: Json, amount: int) -> bool:
    """Take a refund from the balance, as soon as it is made."""
    booked = book(
        stripe,
        refund,
        settlement_currency(stripe, charge),
        type="refund",
        category="refund",
        amount=-refund["amount"],
    )
    refund["balance_transaction"] = booked["id"]
    return True


def refund_returned(stripe: LocalStripe, refund: Json, charge: Json, amount: int) -> bool:
    """Return a failed refund to the balance."""
    booked = book(
        stripe,
        refund,
        settlement_currency(stripe, charge),
        type="refund_failure",
        category="refund_failure",
        amount=refund["amount"],
    )
    refund["failure_balance_transaction"] = booked["id"]
    return True


def dispute_taken(stripe: LocalStripe, dispute: Json, charge: Json, amount: int) -> bool:
    """Take the disputed amount from the balance, and a fee."""
    return _move_disputed(stripe, dispute, charge, -dispute["amount"], fee=DISPUTE_FEE)


def dispute_taken_without_fee(
    stripe: LocalStripe, dispute: Json, charge: Json, amount: int
) -> bool:
    """Take the amount that the payer gets before there is a dispute."""
    return _move_disputed(stripe, dispute, charge, -dispute["amount"])


def dispute_returned(stripe: LocalStripe, dispute: Json, charge: Json, amount: int) -> bool:
    """Return the disputed amount to the balance, without the fee."""
    return _move_disputed(stripe, dispute, charge, dispute["amount"])


def refunded_part_returned(stripe: LocalStripe, dispute: Json, charge: Json, amount: int) -> bool:
    """Return the part of a disputed amount that was refunded before: it is not paid twice."""
    own, other = charge["currency"], dispute["currency"]
    refunded = convert(stripe, charge["amount_refunded"], own, other)
    left = convert(stripe, charge["amount"] - charge["amount_refunded"], own, other)
    more = min(max(dispute["amount"] - left, 0), refunded)
    return more > 0 and _move_disputed(stripe, dispute, charge, more)


def dispute_adjusted(stripe: LocalStripe, dispute: Json, charge: Json, amount: int) -> bool:
    """Book a difference between two rates, in the currency of the balance."""
    into = settlement_currency(stripe, charge)
    booked = book(
        stripe,
        {**dispute, "currency": into},
        into,
        type="adjustment",
        category="other_adjustment",
        amount=amount,
    )
    dispute["balance_transactions"].append(booked)
    return True


def _move_disputed(
    stripe: LocalStripe, dispute: Json, charge: Json, amount: int, fee: float = 0
) -> bool:
    """Take a disputed amount (below 0), or give it back."""
    booked = book(
        stripe,
        dispute,
        settlement_currency(stripe, charge),
        type="adjustment",
        category="dispute" if amount < 0 else "dispute_reversal",
        amount=amount,
        fixed_fee=fee,
    )
    dispute["balance_transactions"].append(booked)
    return True

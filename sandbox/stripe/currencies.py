"""Currencies of the local Stripe: units, limits, exchange rates and fees.

Amounts are integers in the charge unit of their currency, as everywhere in Stripe's API.
"""

from dataclasses import dataclass
from decimal import Decimal

from sandbox.refusals import Refusal
from sandbox.store import Json


@dataclass(frozen=True)
class Currency:
    """A currency's digits and limits, in its charge unit (https://docs.stripe.com/currencies).

    `digits` are those after the decimal point; a total must be a multiple of `step`, and from
    `minimum` to `maximum`.
    """

    digits: int
    step: int
    minimum: int
    maximum: int


CURRENCIES = {
    "eur": Currency(digits=2, step=1, minimum=50, maximum=99_999_999),
    "usd": Currency(digits=2, step=1, minimum=50, maximum=99_999_999),
    "gbp": Currency(digits=2, step=1, minimum=30, maximum=99_999_999),
    "chf": Currency(digits=2, step=1, minimum=50, maximum=99_999_999),
    "czk": Currency(digits=2, step=1, minimum=1_500, maximum=99_999_999),
    "dkk": Currency(digits=2, step=1, minimum=250, maximum=99_999_999),
    "huf": Currency(digits=2, step=1, minimum=17_500, maximum=99_999_999),
    "nok": Currency(digits=2, step=1, minimum=300, maximum=99_999_999),
    "pln": Currency(digits=2, step=1, minimum=200, maximum=99_999_999),
    "sek": Currency(digits=2, step=1, minimum=300, maximum=99_999_999),
    "twd": Currency(digits=2, step=1, minimum=2_000, maximum=99_999_999),
    "isk": Currency(digits=2, step=100, minimum=10_000, maximum=99_999_900),
    "ugx": Currency(digits=2, step=100, minimum=300_000, maximum=99_999_900),
    "jpy": Currency(digits=0, step=1, minimum=50, maximum=99_999_999),
    "krw": Currency(digits=0, step=1, minimum=1_000, maximum=99_999_999),
    "bhd": Currency(digits=3, step=10, minimum=250, maximum=99_999_990),
    "jod": Currency(digits=3, step=10, minimum=500, maximum=99_999_990),
    "kwd": Currency(digits=3, step=10, minimum=250, maximum=99_999_990),
    "omr": Currency(digits=3, step=10, minimum=250, maximum=99_999_990),
    "tnd": Currency(digits=3, step=10, minimum=2_000, maximum=99_999_990),
}

# What one whole unit of each is worth in euros: roughly, and the same every day unless a test says
# otherwise (POST /stripe/faults {"rates": {"usd": 0.9}}).
RATES = {
    "eur": 1.0,
    "usd": 0.92,
    "gbp": 1.17,
    "chf": 1.05,
    "czk": 0.04,
    "dkk": 0.134,
    "huf": 0.0025,
    "nok": 0.086,
    "pln": 0.23,
    "sek": 0.087,
    "twd": 0.028,
    "isk": 0.0067,
    "ugx": 0.00025,
    "jpy": 0.006,
    "krw": 0.00067,
    "bhd": 2.44,
    "jod": 1.3,
    "kwd": 3.0,
    "omr": 2.39,
    "tnd": 0.3,
}

# What Stripe keeps, in whole units of the currency in which the account is paid out
# (https://stripe.com/pricing, https://docs.stripe.com/disputes).
CHARGE_FEE_PERCENT = 1.5
CHARGE_FEE = 0.25
DISPUTE_FEE = 15.0


def check_currency(currency: str) -> None:
    """Raise Refusal (400) for a currency that is not in the table."""
    if currency not in CURRENCIES:
        raise Refusal(400, f"Invalid currency: {currency}. Here are: {', '.join(CURRENCIES)}")


def check_total(total: int, currency: str) -> None:
    """Raise Refusal (400) for a total that Stripe does not charge."""
    check_currency(currency)
    limits = CURRENCIES[currency]
    if total % limits.step:
        raise Refusal(
            400, f"Invalid integer: {total}. In {currency}, multiples of {limits.step} only."
        )
    if not limits.minimum <= total <= limits.maximum:
        code = "amount_too_small" if total < limits.minimum else "amount_too_large"
        raise Refusal(
            400,
            f"The total must be from {limits.minimum} to {limits.maximum} minor units.",
            code=code,
        )


def decimal_amount(amount: int, currency: str) -> Json:
    """Return `{"amount", "digits"}` for people: 5000 cents is "50.00", of which 2 digits are shown.

    `digits` is 0 where those after the point can only be zeros.
    """
    limits = CURRENCIES[currency]
    shown = 0 if limits.step == 10**limits.digits else limits.digits
    return {"amount": str(Decimal(amount).scaleb(-limits.digits)), "digits": shown}

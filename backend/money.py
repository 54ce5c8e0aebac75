"""Amounts: decimal text outside, whole minor units inside.

The table says how many decimals Stripe charges a currency with, and its smallest and largest
charge (https://docs.stripe.com/currencies). `public.currencies` holds the same rows and is the one
that decides; a test compares the two.
"""

import re
from dataclasses import dataclass
from decimal import Decimal

from backend.errors import (
    AmountTooLarge,
    AmountTooPrecise,
    AmountTooSmall,
    AmountUnreadable,
    CurrencyUnknown,
)
from backend.schemas import Money

# ASCII digits only: other scripts' digits are as easily misread as mistyped. A comma is how much
# of Europe writes a decimal point; grouping is refused because "1,000" means two things.
PLAIN_NUMBER = re.compile(r"(-?)([0-9]{1,15})(?:[.,]([0-9]{1,15}))?")


@dataclass(frozen=True)
class Currency:
    """One row: `exponent` decimals, limits of one charge in minor units."""

    code: str
    exponent: int
    minimum: int
    maximum: int


CURRENCIES = {
    currency.code: currency
    for currency in (Currency("eur", exponent=2, minimum=50, maximum=99_999_999),)
}


def minor_units(text: str, code: str) -> int:
    """`("12.50", "eur")` -> 1250. Raises one of errors.AmountRefused."""
    currency = CURRENCIES.get(code)
    if currency is None:
        raise CurrencyUnknown
    match = PLAIN_NUMBER.fullmatch(text.strip())
    if match is None:
        raise AmountUnreadable
    sign, whole, fraction = match[1], match[2], (match[3] or "").rstrip("0")
    if len(fraction) > currency.exponent:
        raise AmountTooPrecise(digits=str(currency.exponent), currency=code)
    amount = int(sign + whole + fraction.ljust(currency.exponent, "0"))
    if amount < currency.minimum:
        raise AmountTooSmall(minimum=major_units(currency.minimum, code), currency=code)
    if amount > currency.maximum:
        raise AmountTooLarge(maximum=major_units(currency.maximum, code), currency=code)
    return amount


def major_units(amount_minor: int, code: str) -> str:
    """`(1250, "eur")` -> `"12.50"`."""
    return f"{Decimal(amount_minor).scaleb(-CURRENCIES[code].exponent):f}"


def money(amount_minor: int, code: str) -> Money:
    """Both forms of an amount, as answers carry it."""
    return Money(amount=major_units(amount_minor, code), amount_minor=amount_minor, currency=code)

"""Amounts: decimal text outside, whole minor units inside.

The table says with how many decimals and in which steps Stripe charges a currency.
`public.currencies` has the same, and the limits; it is the one that decides, and a test compares
the two. Where https://docs.stripe.com/currencies is silent or strange:

- Three-decimal currencies are charged in steps of ten: the last digit is always 0.
- ISK and UGX have no decimals any more, but are still charged in hundredths that are always 00. We
  read and show them as people do, without decimals.
- HUF and TWD are paid out without decimals, but charged with two; so are they read and shown here.
"""

import re
from decimal import Decimal
from typing import NamedTuple

from backend import errors

# ASCII digits only: other scripts' digits are as easily misread as mistyped. A comma is how much
# of Europe writes a decimal point; grouping is refused because "1,000" means two things.
PLAIN_NUMBER = re.compile(r"(-?)([0-9]{1,15})(?:[.,]([0-9]{1,15}))?")


class Digits(NamedTuple):
    """How a currency is charged: with `exponent` decimals, in steps of `step` minor units."""

    exponent: int
    step: int

    @property
    def shown(self) -> int:
        """How many decimals people write and read: none where only whole units can be charged."""
        return 0 if self.step == 10**self.exponent else self.exponent


CURRENCIES = {
    code: Digits(exponent, step)
    for exponent, step, codes in (
        (2, 1, "eur usd gbp chf czk dkk huf nok pln sek twd"),
        (2, 100, "isk ugx"),
        (0, 1, "jpy krw"),
        (3, 10, "bhd jod kwd omr tnd"),
    )
    for code in codes.split()
}


def minor_units(text: str, code: str) -> int:
    """`("12.50", "eur")` -> 1250. Raises CurrencyUnknown, AmountUnreadable, AmountTooPrecise.

    Whether it is too small or too large to be charged, `private.require_amount` says.
    """
    currency = CURRENCIES.get(code)
    if currency is None:
        raise errors.CurrencyUnknown(currencies=" ".join(sorted(CURRENCIES)))
    match = PLAIN_NUMBER.fullmatch(text.strip())
    if match is None:
        raise errors.AmountUnreadable
    sign, whole, fraction = match[1], match[2], (match[3] or "").rstrip("0")
    amount = int(sign + whole + fraction.ljust(currency.exponent, "0"))
    if len(fraction) > currency.exponent or amount % currency.step:
        raise errors.AmountTooPrecise(step=major_units(currency.step, code), currency=code)
    return amount


def major_units(amount_minor: int, code: str) -> str:
    """`(1250, "eur")` -> `"12.50"`, `(1200, "isk")` -> `"12"`; never rounded."""
    currency = CURRENCIES[code]
    digits = currency.exponent if amount_minor % currency.step else currency.shown
    return f"{Decimal(amount_minor).scaleb(-currency.exponent):.{digits}f}"

"""Amounts: decimal text outside, whole minor units inside.

The table says how Stripe charges a currency (https://docs.stripe.com/currencies): with how many
decimals, in which steps, from how much to how much. `public.currencies` holds the same rows and is
the one that decides; a test compares the two. Where it is silent or strange:

- Three-decimal currencies are charged in steps of ten: the last digit is always 0.
- ISK and UGX have no decimals any more, but are still charged in hundredths that are always 00. We
  read and show them as people do, without decimals.
- HUF and TWD are paid out without decimals, but charged with two; so are they read and shown here.
- Stripe names a minimum for currencies it pays out in. The others (twd, isk, ugx, krw and those
  with three decimals) must be worth the minimum of the account's own, about EUR 0.50: theirs here
  are our own, a little above it.
- The maximum is the eight digits that Stripe takes of every currency.
"""

import re
from dataclasses import dataclass
from decimal import Decimal

from backend import errors

# ASCII digits only: other scripts' digits are as easily misread as mistyped. A comma is how much
# of Europe writes a decimal point; grouping is refused because "1,000" means two things.
PLAIN_NUMBER = re.compile(r"(-?)([0-9]{1,15})(?:[.,]([0-9]{1,15}))?")


@dataclass(frozen=True)
class Currency:
    """One row: charged with `exponent` decimals; step and limits of one charge in minor units."""

    code: str
    exponent: int
    step: int
    minimum: int
    maximum: int

    @property
    def digits(self) -> int:
        """How many decimals people write and read: none where only whole units can be charged."""
        return 0 if self.step == 10**self.exponent else self.exponent


CURRENCIES = {
    currency.code: currency
    for currency in (
        Currency("eur", 2, 1, 50, 99_999_999),
        Currency("usd", 2, 1, 50, 99_999_999),
        Currency("gbp", 2, 1, 30, 99_999_999),
        Currency("chf", 2, 1, 50, 99_999_999),
        Currency("czk", 2, 1, 1_500, 99_999_999),
        Currency("dkk", 2, 1, 250, 99_999_999),
        Currency("huf", 2, 1, 17_500, 99_999_999),
        Currency("nok", 2, 1, 300, 99_999_999),
        Currency("pln", 2, 1, 200, 99_999_999),
        Currency("sek", 2, 1, 300, 99_999_999),
        Currency("twd", 2, 1, 2_000, 99_999_999),
        Currency("isk", 2, 100, 10_000, 99_999_900),
        Currency("ugx", 2, 100, 300_000, 99_999_900),
        Currency("jpy", 0, 1, 50, 99_999_999),
        Currency("krw", 0, 1, 1_000, 99_999_999),
        Currency("bhd", 3, 10, 250, 99_999_990),
        Currency("jod", 3, 10, 500, 99_999_990),
        Currency("kwd", 3, 10, 250, 99_999_990),
        Currency("omr", 3, 10, 250, 99_999_990),
        Currency("tnd", 3, 10, 2_000, 99_999_990),
    )
}


def minor_units(text: str, code: str) -> int:
    """What may be charged: `("12.50", "eur")` -> 1250. Raises one of errors.AmountRefused."""
    amount, currency = whole_units(text, code), CURRENCIES[code]
    if amount < currency.minimum:
        raise errors.AmountTooSmall(minimum=major_units(currency.minimum, code), currency=code)
    if amount > currency.maximum:
        raise errors.AmountTooLarge(maximum=major_units(currency.maximum, code), currency=code)
    return amount


def whole_units(text: str, code: str) -> int:
    """The same of any size. Raises CurrencyUnknown, AmountUnreadable, AmountTooPrecise."""
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
    digits = currency.exponent if amount_minor % currency.step else currency.digits
    return f"{Decimal(amount_minor).scaleb(-currency.exponent):.{digits}f}"

"""Amounts as people write and read them: one rule for the chat, the API and the commands.

The table has the decimals and steps in which Stripe charges a currency. `public.currencies` has the
same and the limits, and decides; a test compares the two. Where https://docs.stripe.com/currencies
is silent or differs from how people write amounts:

- Three-decimal currencies are charged in steps of ten: the last digit is always 0.
- ISK and UGX have no decimals any more, but are still charged in hundredths that are always 00.
  They are read and shown without decimals.
- HUF and TWD are paid out without decimals, but charged with two, and read and shown with two.

What is read never depends on the reader's language: a text that people of two countries read as two
amounts is refused. The currency's own sign or code may stand beside the number, so that what we
show can be typed back. docs/decisions/0024 has the rule and why.
"""

import re
from decimal import Decimal
from typing import Literal, NamedTuple

from backend.schemas.currency_marks import is_mark_of, split_marks
from backend.schemas.money import Money

__all__ = ["CURRENCIES", "AmountError", "major_units", "money_of", "read_money"]

MAX_DIGITS = 15  # before the decimal sign
MAX_NUMBER_LENGTH = 24  # with all its separators
ARABIC_DECIMAL, ARABIC_THOUSANDS = "\u066b", "\u066c"
DECIMAL_SIGNS = f".,{ARABIC_DECIMAL}"
SEPARATOR = f"[{DECIMAL_SIGNS}{ARABIC_THOUSANDS} ']"  # those that are no decimal sign: thousands
NUMBER = re.compile(f"(-?)([0-9]+(?:{SEPARATOR}[0-9]+)*)")
# Separators of other keyboards. Their digits are refused: they are easily misread and mistyped.
AS_ASCII = str.maketrans(
    {
        **{"\uff0e": ".", "\uff0c": ",", "\u2019": "'", "\uff07": "'"},
        **dict.fromkeys("\u00a0\u2009\u202f\u3000", " "),
    }
)

AmountErrorCode = Literal[
    "amount_unreadable", "amount_ambiguous", "amount_too_precise", "currency_unknown"
]


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


class AmountError(ValueError):
    """A text that is no amount of the currency: the API's error `code`, and its facts.

    `amount_ambiguous` has both `readings`, the smaller first: "1.00 1000.00".
    """

    def __init__(self, code: AmountErrorCode, **facts: str) -> None:
        """Amounts in `facts` are decimal text in major units of the currency."""
        super().__init__(code)
        self.code, self.facts = code, facts


def read_money(text: str, currency: str) -> Money:
    """Parse decimal text in major units: `("12,50 €", "eur")` -> 1250 minor units.

    Raises AmountError, also beside the sign or code of another currency. The limits of a charge are
    checked in SQL.
    """
    digits = CURRENCIES.get(currency)
    if digits is None:
        raise AmountError("currency_unknown", currencies=" ".join(sorted(CURRENCIES)))
    number, marks = split_marks(text.strip())
    match = NUMBER.fullmatch(number.translate(AS_ASCII))
    is_of_another = not all(is_mark_of(mark, currency) for mark in marks)
    if match is None or is_of_another or len(number) > MAX_NUMBER_LENGTH:
        raise AmountError("amount_unreadable")
    sign, digits_and_separators = match.groups()
    whole, decimals = whole_and_decimals(digits_and_separators, currency)
    if len(whole) > MAX_DIGITS:
        raise AmountError("amount_unreadable")
    padded = decimals[: digits.exponent].ljust(digits.exponent, "0")
    amount = int(sign + whole + padded)
    has_too_many = len(decimals) > max(2, digits.exponent)  # "5.00" is common in every currency
    cut_off = decimals[digits.exponent :].strip("0")
    if has_too_many or cut_off or amount % digits.step:
        step = major_units(digits.step, currency)
        raise AmountError("amount_too_precise", step=step, currency=currency)
    return money_of(amount, currency)


def whole_and_decimals(number: str, currency: str) -> tuple[str, str]:
    """Split a number into the digits before and after its decimal sign.

    `number` has ASCII digits between single separators. Raises AmountError where its last separator
    can be read as a decimal sign and as one of thousands, or where it is grouped in no known way.
    """
    groups, separators = re.split(SEPARATOR, number), re.findall(SEPARATOR, number)
    if not separators:
        return number, ""
    if len(separators) > 1 and is_grouped(groups, separators):
        return "".join(groups), ""
    # The last separator is the decimal sign, or else there is one reading more, or none.
    (*before, decimals), (*between, last) = groups, separators
    if last in between or (between and not is_grouped(before, between)):
        raise AmountError("amount_unreadable")
    whole = "".join(before)
    is_decimal_sign = last in DECIMAL_SIGNS
    has_three_decimals = is_decimal_sign and CURRENCIES[currency].exponent == 3
    if len(decimals) == 3 and not has_three_decimals:
        readings = as_text(whole, decimals, currency), as_text(whole + decimals, "", currency)
        raise AmountError("amount_ambiguous", readings=" ".join(readings), currency=currency)
    if not is_decimal_sign:
        raise AmountError("amount_unreadable")
    return whole, decimals


def is_grouped(groups: list[str], separators: list[str]) -> bool:
    """Return whether a number is grouped in thousands, three digits after each separator."""
    first, *rest = groups
    return (
        len(set(separators)) == 1
        and separators[0] != ARABIC_DECIMAL
        and len(first) <= 3
        and not first.startswith("0")
        and all(len(group) == 3 for group in rest)
    )


def as_text(whole: str, decimals: str, currency: str) -> str:
    """Format one reading of a text, with at least the decimals that the currency is shown with."""
    digits = CURRENCIES[currency]
    shown_decimals = decimals.rstrip("0") if len(decimals.rstrip("0")) > digits.shown else ""
    decimal_places = len(shown_decimals) or digits.shown
    return f"{Decimal(f'{whole}.{decimals or 0}'):.{decimal_places}f}"


def money_of(amount_minor: int, currency: str) -> Money:
    """Make the Money of an amount in minor units."""
    text = major_units(amount_minor, currency)
    return Money(amount=text, amount_minor=amount_minor, currency=currency)


def major_units(amount_minor: int, code: str) -> str:
    """Format minor units: `(1250, "eur")` -> `"12.50"`, `(1200, "isk")` -> `"12"`; exact."""
    currency = CURRENCIES[code]
    digits = currency.exponent if amount_minor % currency.step else currency.shown
    return f"{Decimal(amount_minor).scaleb(-currency.exponent):.{digits}f}"

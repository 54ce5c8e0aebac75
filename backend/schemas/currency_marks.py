"""Signs, codes and words of a currency beside a number, as people write them and as we show them.

A mark may stand before the number, after it, or on both sides where both are of one currency:
"€50.00", "50 €", "KWD 1.000", "$50 USD". Which number it is decides `backend/schemas/amounts.py`.
"""

import re
import unicodedata
from typing import NamedTuple

__all__ = ["CURRENCY_MARKS", "currency_of"]

MAX_LENGTH = 64  # of a number with its marks
# What may lie between a number and its mark: any space, and marks of the writing direction, which
# come along when an amount is copied out of a sentence of another direction.
BETWEEN = " \t\u00a0\u2007\u2009\u202f\u3000\u061c\u200e\u200f\u2066\u2067\u2068\u2069"
WORD_JOINER = "\u2060"  # after the minus of an amount that we show
NUMBER_WITH_MARKS = re.compile(r"([^0-9]*?)(-?[0-9](?:.*[0-9])?)([^0-9]*)", re.DOTALL)
AS_USUAL = str.maketrans("\uffe5\uff04\uffe1\uffe6", "¥$£₩")  # full-width ones of East Asia

# Beside the ISO code, which is always one: signs of CLDR (https://cldr.unicode.org) and what is
# written in the currency's own country, in small letters. A sign of several currencies ("kr") is
# that of the wallet; "$" is never Taiwan's, which we show as NT$.
CURRENCY_MARKS: dict[str, frozenset[str]] = {
    code: frozenset(marks.split())
    for code, marks in (
        ("eur", "€ euro euros евро"),
        ("usd", "$ us$"),
        ("gbp", "£ £gb"),
        ("chf", "fr fr. sfr sfr."),
        ("czk", "kč kc"),
        ("dkk", "kr kr. dkr"),
        ("huf", "ft"),
        ("nok", "kr kr. nkr"),
        ("pln", "zł zl"),
        ("sek", "kr kr. skr"),
        ("isk", "kr kr. ikr"),
        ("twd", "nt$"),
        ("jpy", "¥ jp¥ 円"),
        ("krw", "₩ 원"),
        *((code, "") for code in ("ugx", "bhd", "jod", "kwd", "omr", "tnd")),
    )
}


class MarkedNumber(NamedTuple):
    """A text in two parts: the number as it was written, and the marks beside it, at most two."""

    number: str
    marks: tuple[str, ...]


def split_marks(text: str) -> MarkedNumber:
    """Split a text into a number and the marks beside it, in small letters.

    A text without a digit, or longer than MAX_LENGTH, is its own number: nothing can read it.
    """
    text = text.replace(WORD_JOINER, "")
    match = NUMBER_WITH_MARKS.fullmatch(text) if len(text) <= MAX_LENGTH else None
    if match is None:
        return MarkedNumber(text, ())
    before, number, after = match.groups()
    if before.startswith("-") and before.strip(BETWEEN) != "-":  # "-€5.00": of the number
        before, number = before[1:], f"-{number}"
    marks = (part.strip(BETWEEN).translate(AS_USUAL).casefold() for part in (before, after))
    return MarkedNumber(number, tuple(mark for mark in marks if mark))


def is_mark_of(mark: str, currency: str) -> bool:
    """Return whether a mark, in small letters, can denote the currency of this code."""
    return mark == currency or mark in CURRENCY_MARKS[currency]


def currency_of(text: str, default: str) -> str:
    """Return the code of the currency that a text names; `default` where it names none.

    What looks like a code or sign of a currency and is none of ours is returned as it is.
    """
    marks = split_marks(text).marks
    if all(is_mark_of(mark, default) for mark in marks):
        return default
    codes = [code for code in CURRENCY_MARKS if all(is_mark_of(mark, code) for mark in marks)]
    if len(codes) == 1:
        return codes[0]
    mark = marks[0]
    is_code = len(mark) == 3 and mark.isascii() and mark.isalpha()
    is_sign = len(mark) == 1 and unicodedata.category(mark) == "Sc"
    return mark if (is_code or is_sign) and len(set(marks)) == 1 else default

"""Cells of a CSV file that a spreadsheet shows as what they are: text stays text.

A spreadsheet runs a text as a formula (https://owasp.org/www-community/attacks/CSV_Injection), or
takes it for a number or a date and shows another one: `0012345678` loses its zeros, `1234567E12`
becomes a product, `3-4` and `MAR-1` a day. An apostrophe before it keeps it a text.
"""

import re
from functools import cache

from babel.dates import get_month_names

# Also what East Asian keyboards have for them.
FORMULA_SIGNS = r"=+\-@\t\r\uff1d\uff0b\uff0d\uff20"
STARTS_AS_A_FORMULA = re.compile(f"[{FORMULA_SIGNS}]")
# After what a spreadsheet may take for the end of a cell, whatever separator this file has.
FORMULA_AFTER_A_SEPARATOR = re.compile(rf"([,;|\t\r\n] *[\"']?)(?=[{FORMULA_SIGNS}])")
# Digits with what numbers, amounts, dates, times, percentages and powers have between and after.
NUMBER_OR_DATE = re.compile(r"[\s0-9.,:/'%$€£¥()+-]*[0-9][\s0-9.,:/'%$€£¥()e+-]*([ap]m?)?", re.I)
TRUTH_VALUES = {"true", "false", "истина", "ложь", "wahr", "falsch"}
LANGUAGES_OF_MONTHS = ("en", "de", "ru")  # beside the reader's own
NEEDS_QUOTES = re.compile(
    r"[\",;|\t\r\n]|^\s|\s$"
)  # of whatever separator the reader's program has


def text_cell(text: str, locale: str) -> str:
    """Return a text as a cell: quoted where needed, and kept from being anything but a text.

    `locale` (CLDR) is the reader's, whose names of months their spreadsheet knows.
    """
    text = FORMULA_AFTER_A_SEPARATOR.sub(r"\1'", text)
    if STARTS_AS_A_FORMULA.match(text) or is_converted(text, locale):
        text = f"'{text}"
    return quoted(text)


def is_converted(text: str, locale: str) -> bool:
    """Return whether a spreadsheet takes a text for a number, a date, a time or a truth value."""
    plain = text.strip().casefold()
    if plain in TRUTH_VALUES or NUMBER_OR_DATE.fullmatch(plain):
        return True
    if not any(char.isdigit() for char in plain):
        return False
    return any(
        date_with_a_month(known).fullmatch(plain) for known in {*LANGUAGES_OF_MONTHS, locale}
    )


@cache
def date_with_a_month(locale: str) -> re.Pattern[str]:
    """Return what matches a day, a month's name and a year, two of them, in any order."""
    names = set()
    for width in ("wide", "abbreviated"):
        for context in ("format", "stand-alone"):
            names |= set(get_month_names(width, context, locale=locale).values())
    words = {name.casefold().rstrip(".") for name in names}
    month = "|".join(re.escape(word) for word in sorted(words, key=len, reverse=True))
    between = r"[\s./,-]*"
    number = f"[0-9]{{1,4}}{between}"
    return re.compile(f"(?:{number}){{0,2}}(?:{month}){between}(?:{number}){{0,2}}", re.IGNORECASE)


def quoted(text: str) -> str:
    """Return a text in quotation marks (RFC 4180) where it has a separator of any program."""
    if not NEEDS_QUOTES.search(text):
        return text
    return '"' + text.replace('"', '""') + '"'

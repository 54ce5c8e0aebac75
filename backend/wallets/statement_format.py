"""How a month is written as a file: in which language, and with which separators.

A spreadsheet splits a file at the list separator of its region, and reads numbers with the region's
decimal sign. Where that is a comma (Germany, Russia), the list separator is a semicolon.
"""

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Final, NamedTuple

from babel import Locale, UnknownLocaleError
from babel.numbers import get_decimal_symbol

from backend.schemas import StatementSeparators

LOCALES: Final = Path(__file__).parent / "locales"
FALLBACK_LANGUAGE: Final = "en"
# Language tag -> columns, kinds, empty -> texts.
STATEMENT_TEXTS: Final[Mapping[str, Mapping[str, Mapping[str, str]]]] = {
    file.stem: tomllib.loads(file.read_text(encoding="utf-8")) for file in LOCALES.glob("*.toml")
}


class StatementFormat(NamedTuple):
    """A language's texts, its CLDR locale, what separates cells, and the decimal sign."""

    texts: Mapping[str, Mapping[str, str]]
    locale: str
    delimiter: str
    decimal_sign: str


def statement_format(
    language: str | None, separators: StatementSeparators | None
) -> StatementFormat:
    """Return the format for readers of a language (an IETF tag in small letters).

    Without a language it is English with commas and points; `separators` chooses others than the
    language's.
    """
    locale = nearest_locale(language or FALLBACK_LANGUAGE)
    if separators is None:
        separators = "semicolon" if get_decimal_symbol(locale) == "," else "comma"
    delimiter, decimal_sign = (";", ",") if separators == "semicolon" else (",", ".")
    texts = STATEMENT_TEXTS.get(locale.language, STATEMENT_TEXTS[FALLBACK_LANGUAGE])
    return StatementFormat(texts, str(locale), delimiter, decimal_sign)


def nearest_locale(language: str) -> Locale:
    """Return the locale of a language tag: of "pt-br", else "pt", else English."""
    while language:
        try:
            return Locale.parse(language, sep="-")
        except (UnknownLocaleError, ValueError):
            language = language.rpartition("-")[0]
    return Locale(FALLBACK_LANGUAGE)

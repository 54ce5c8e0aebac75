"""Every word people read: sentences from `*.toml` beside this file, money and times through Babel.

A locale file is named by its language tag (`en.toml`, `pt-br.toml`). A sentence is a text with
`{placeholders}`, or a table by plural category (`{one = ..., other = ...}`) chosen by `count`.
"""

import re
import tomllib
from collections import ChainMap
from collections.abc import Callable, Iterator, Mapping
from copy import copy
from datetime import date, datetime, tzinfo
from decimal import Decimal
from html import escape
from pathlib import Path
from typing import Any, NamedTuple

from babel import Locale
from babel.dates import UTC, format_date, format_skeleton, get_timezone
from babel.numbers import format_decimal

from backend.schemas import CURRENCIES, Money

LOCALES = Path(__file__).parent
COMPLETE_LANGUAGE = "en"
PLURAL_CATEGORIES = {"zero", "one", "two", "few", "many", "other"}

# Line breaks and writing-direction marks in a name could make it look like a line of ours.
NOT_SHOWN = dict.fromkeys([*range(32), *range(127, 160), *range(0x202A, 0x202F), 0x2028, 0x2029])
NOT_SHOWN |= dict.fromkeys(range(0x2066, 0x206A))

# "HUF 5,000": CLDR wants a space between a currency's letters and its digits, Babel leaves it out.
BETWEEN_CODE_AND_DIGIT = r"(?<=[A-Za-z])(?=\d)|(?<=\d)(?=[A-Za-z])"

Sentence = str | dict[str, str]


class Price(NamedTuple):
    """An amount to be shown: decimal text in major units."""

    amount: str
    currency: str


class MonthName(str):
    """A month ("2026-11") to be shown by its name."""


Fact = str | int | Price | Money | datetime | date


class Words:
    """One language: `say` answers HTML for a message, `plain` text for a button or a notice.

    Times are told by the reader's clock, and those of UTC say so.
    """

    def __init__(
        self, locale: Locale, sentences: Mapping[str, Sentence], zone: tzinfo = UTC
    ) -> None:
        """`sentences` by dotted key."""
        self._locale = locale
        self._sentences = sentences
        self._zone = zone

    def by_the_clock_of(self, time_zone: str) -> "Words":
        """The same words where that IANA time zone's clock is read; UTC's where it is unknown."""
        try:
            zone = get_timezone(time_zone)
        except LookupError:
            zone = UTC
        return Words(self._locale, self._sentences, zone)

    @property
    def own_name(self) -> str:
        """The language's name in itself."""
        return (self._locale.display_name or str(self._locale)).capitalize()

    def day_of(self, moment: datetime) -> date:
        """Which day a moment belongs to where the reader is."""
        return moment.astimezone(self._zone).date()

    def say(self, key: str, **facts: Fact) -> str:
        """The sentence as Telegram's HTML. Names and other text among the facts are escaped."""
        return self._fill(key, facts, lambda text: escape(text, quote=False))

    def plain(self, key: str, **facts: Fact) -> str:
        """The sentence where Telegram reads no HTML: on buttons and in notices."""
        return self._fill(key, facts, str)

    def first(self, *keys: str) -> str:
        """The first of `keys` for which there is a sentence."""
        return next(key for key in keys if key in self._sentences)

    def _fill(self, key: str, facts: Mapping[str, Fact], safe: Callable[[str], str]) -> str:
        sentence = self._sentences[key]
        if isinstance(sentence, dict):
            count = facts.get("count")
            form = self._locale.plural_form(count) if isinstance(count, int) else "other"
            sentence = sentence.get(form, sentence["other"])
        return sentence.format_map(
            {name: safe(self._written(fact)) for name, fact in facts.items()}
        )

    def _written(self, fact: Fact) -> str:
        match fact:
            case Price() | Money():
                return self._money(Decimal(fact.amount), fact.currency)
            case datetime():
                clock = format_skeleton("Hm", fact, tzinfo=self._zone, locale=self._locale)
                return f"{clock} UTC" if fact.astimezone(self._zone).tzname() == "UTC" else clock
            case MonthName():
                first = datetime.fromisoformat(f"{fact}-01T00:00Z")
                return format_skeleton("yMMMM", first, tzinfo=UTC, locale=self._locale)
            case date():
                return format_date(fact, "long", locale=self._locale)
            case int():
                return format_decimal(fact, locale=self._locale)
            case _:
                return fact.translate(NOT_SHOWN)

    def _money(self, amount: Decimal, currency: str) -> str:
        # As many decimals as Stripe's currency table says, not CLDR's; more only where there are.
        exponent = amount.as_tuple().exponent
        own = CURRENCIES[currency].shown if currency in CURRENCIES else 0
        digits = max(-exponent if isinstance(exponent, int) else 0, own)
        pattern = copy(self._locale.currency_formats["standard"])
        pattern.frac_prec = (digits, digits)
        written = pattern.apply(
            amount, self._locale, currency=currency.upper(), currency_digits=False
        )
        return re.sub(BETWEEN_CODE_AND_DIGIT, "\u00a0", written)


def short(name: str, most: int = 40) -> str:
    """A name as it fits into a line or on a button: at most so many characters."""
    return name if len(name) <= most else f"{name[: most - 1].rstrip()}…"


class Texts:
    """All languages there are."""

    def __init__(self, catalogs: Mapping[str, Mapping[str, Sentence]]) -> None:
        """`catalogs` are sentences by dotted key, by lower-case language tag; English complete."""
        self._words = {}
        for tag in catalogs:
            chain = [near for near in (*_nearer(tag), COMPLETE_LANGUAGE) if near in catalogs]
            sentences = ChainMap(*(dict(catalogs[near]) for near in chain))
            self._words[tag] = Words(Locale.parse(tag, sep="-"), sentences)

    def words(self, language: str | None, time_zone: str = "UTC") -> Words:
        """The words for a language tag: "pt-br", else "pt", else English."""
        nearest = (tag for tag in _nearer((language or "").lower()) if tag in self._words)
        return self._words[next(nearest, COMPLETE_LANGUAGE)].by_the_clock_of(time_zone)

    @property
    def languages(self) -> frozenset[str]:
        """The tags of all languages there are."""
        return frozenset(self._words)


def load_texts(folder: Path = LOCALES) -> Texts:
    """Read every locale file of `folder`."""
    return Texts({file.stem: read_catalog(file) for file in sorted(folder.glob("*.toml"))})


def read_catalog(file: Path) -> dict[str, Sentence]:
    """One locale file's sentences by dotted key."""
    return dict(_flat(tomllib.loads(file.read_text(encoding="utf-8"))))


def _flat(table: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Sentence]]:
    for name, value in table.items():
        if isinstance(value, dict) and not value.keys() <= PLURAL_CATEGORIES:
            yield from _flat(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", value


def _nearer(tag: str) -> Iterator[str]:
    while tag:
        yield tag
        tag = tag.rpartition("-")[0]

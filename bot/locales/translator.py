"""Sentences in one language, with money, times and names formatted by Babel."""

import re
from collections.abc import Callable, Mapping
from copy import copy
from datetime import date, datetime, tzinfo
from decimal import Decimal
from html import escape
from typing import NamedTuple
from unicodedata import bidirectional

from babel import Locale
from babel.dates import UTC, format_date, format_skeleton, get_timezone
from babel.numbers import format_decimal

from backend.schemas import CURRENCIES, Money
from bot.locales.key import Key
from bot.locales.names import WORD_JOINER, WRITTEN_BY_PEOPLE, without_links

# Line breaks and writing-direction marks in a name could make it look like a line of ours.
NOT_SHOWN = dict.fromkeys([*range(32), *range(127, 160), *range(0x202A, 0x202F), 0x2028, 0x2029])
NOT_SHOWN |= dict.fromkeys(range(0x2066, 0x206A))

# A name in a script of the other direction would turn around what stands beside it, so it is set
# apart: https://www.unicode.org/reports/tr9/#Explicit_Directional_Isolates
FIRST_STRONG_ISOLATE, POP_ISOLATE = "\u2068", "\u2069"
RIGHT_TO_LEFT = ("R", "AL")  # Unicode's directions of letters

# "HUF 5,000": CLDR wants a space between a currency's letters and its digits, Babel leaves it out.
BETWEEN_CODE_AND_DIGIT = r"(?<=[A-Za-z])(?=\d)|(?<=\d)(?=[A-Za-z])"

# A command in a sentence: no part of an address, of a tag or of a word such as "and/or".
COMMAND = re.compile(r"(?<![\w/<])/[a-z]+(?![\w/@>])")

Sentence = str | dict[str, str]  # a text, or texts by plural category


class Price(NamedTuple):
    """An amount to show: decimal text in major units, and its currency's ISO code."""

    amount: str
    currency: str


class Filled(str):
    """A sentence that was filled in: its names are set apart, and linked by nobody, already."""


class MonthName(str):
    """A month ("2026-11") to show by its name."""


Fact = str | int | Price | Money | datetime | date


class Translator:
    """The sentences of one language, for a reader in one time zone.

    Times are shown in that time zone; those in UTC say so. In a group commands name the bot.
    """

    def __init__(
        self,
        locale: Locale,
        sentences: Mapping[str, Sentence],
        zone: tzinfo = UTC,
        group_bot: str = "",
    ) -> None:
        """Take the locale, the sentences by the names of their keys, and the reader's time zone.

        `group_bot` is the name of the bot whose commands are to be typed in a group, else "".
        """
        self._locale = locale
        self._sentences = sentences
        self._zone = zone
        self._group_bot = group_bot

    def in_time_zone(self, time_zone: str) -> "Translator":
        """Return the same translator for an IANA time zone; for UTC where the zone is unknown."""
        try:
            zone = get_timezone(time_zone)
        except (LookupError, ValueError):  # no such zone, or what no zone can be called
            zone = UTC
        return Translator(self._locale, self._sentences, zone, self._group_bot)

    def in_group(self, bot_name: str) -> "Translator":
        """Return the same translator for texts whose commands are typed in a group.

        There Telegram gives a bot "/balance" only where no other bot wrote after it, and
        "/balance@its_name" always: https://core.telegram.org/bots/features#privacy-mode
        """
        return Translator(self._locale, self._sentences, self._zone, bot_name)

    def with_named_bot(self, text: str) -> str:
        """Return a text in whose commands the bot is named, where they are typed in a group."""
        if not self._group_bot:
            return text
        return COMMAND.sub(rf"\g<0>@{self._group_bot}", text)

    @property
    def language(self) -> str:
        """The language's tag: "en", "pt-br"."""
        return str(self._locale).replace("_", "-").lower()

    @property
    def own_name(self) -> str:
        """The language's name in itself."""
        return (self._locale.display_name or str(self._locale)).capitalize()

    def day_of(self, moment: datetime) -> date:
        """Return the date of a moment in the reader's time zone."""
        return moment.astimezone(self._zone).date()

    def html(self, key: Key, **facts: Fact) -> str:
        """Return the sentence as Telegram's HTML, with the facts in it escaped.

        Raises KeyError where `facts` lack a placeholder of the sentence.
        """
        return self._fill(key, facts, lambda text: escape(text, quote=False))

    def text(self, key: Key, **facts: Fact) -> str:
        """Return the sentence for buttons and notices, where Telegram reads no HTML.

        Raises KeyError where `facts` lack a placeholder of the sentence.
        """
        return Filled(self._fill(key, facts, str))

    def _fill(self, key: Key, facts: Mapping[str, Fact], escaped: Callable[[str], str]) -> str:
        """Choose the plural form by the fact `count`, and fill in the placeholders."""
        sentence = self._sentences[key.name]
        if isinstance(sentence, dict):
            count = facts.get("count")
            form = self._locale.plural_form(count) if isinstance(count, int) else "other"
            sentence = sentence.get(form, sentence["other"])
        return self.with_named_bot(sentence).format_map(
            {name: escaped(self._format(name, fact)) for name, fact in facts.items()}
        )

    def _format(self, name: str, fact: Fact) -> str:
        match fact:
            case Price() | Money():
                return self._format_money(Decimal(fact.amount), fact.currency)
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
            case Filled():
                return fact
            case _ if name in WRITTEN_BY_PEOPLE:
                return self._set_apart(without_links(fact.translate(NOT_SHOWN)))
            case _:
                return self._set_apart(fact.translate(NOT_SHOWN))

    def _set_apart(self, text: str) -> str:
        """Isolate a text with letters of the other direction than the language's."""
        is_left_to_right = self._locale.text_direction == "ltr"
        others = RIGHT_TO_LEFT if is_left_to_right else ("L",)
        if any(bidirectional(char) in others for char in text):
            return f"{FIRST_STRONG_ISOLATE}{text}{POP_ISOLATE}"
        return text

    def _format_money(self, amount: Decimal, currency: str) -> str:
        # As many decimals as Stripe's currency table says, not CLDR's; more only where there are.
        exponent = amount.as_tuple().exponent
        decimals = -exponent if isinstance(exponent, int) else 0
        shown = CURRENCIES[currency].shown if currency in CURRENCIES else 0
        digits = max(decimals, shown)
        pattern = copy(self._locale.currency_formats["standard"])
        pattern.frac_prec = (digits, digits)
        formatted = pattern.apply(
            amount, self._locale, currency=currency.upper(), currency_digits=False
        )
        joined = re.sub(BETWEEN_CODE_AND_DIGIT, "\u00a0", formatted)
        # No line ends between a minus and the sign after it: https://www.unicode.org/reports/tr14/
        return joined.replace("-", f"-{WORD_JOINER}")


def short(name: str, limit: int = 40) -> str:
    """Return a name of at most `limit` characters, cut so that it fits a line or button."""
    return name if len(name) <= limit else f"{name[: limit - 1].rstrip()}…"

"""A text is read as an amount only where all who may have written it mean that amount.

The readers here know nothing of the parser: each has a decimal sign and a sign between thousands.
"""

import re
from collections.abc import Iterator
from decimal import Decimal
from itertools import product

from hypothesis import given, settings, strategies as some

from backend.schemas import CURRENCIES, AmountError, read_money

SIGNS = str.maketrans({"\uff0c": ",", "\uff0e": ".", "\u2019": "'", "\u00a0": " ", "\u202f": " "})
ALL_SIGNS: list[str] = [*".,' \u066b\u066c", *map(chr, SIGNS)]
READERS = [
    (point, group) for point, group in product(".,\u066b", [*".,' \u066c", ""]) if point != group
]


@some.composite
def texts(draw: some.DrawFn) -> str:
    """Groups of digits, mostly of three, with any sign between them."""
    group = some.sampled_from(["000", "500", "0"]) | some.from_regex(r"\A([0-9]{3}|[0-9]{1,5})\Z")
    first, *rest = draw(some.lists(group, min_size=1, max_size=4))
    return first + "".join(draw(some.sampled_from(ALL_SIGNS)) + each for each in rest)


def readings(text: str) -> Iterator[Decimal]:
    """What each reader takes the text for, who takes it for a number at all."""
    text = text.translate(SIGNS)
    for point, group in READERS:
        grouped = rf"[0-9]{{1,3}}(?:{re.escape(group)}[0-9]{{3}})+|" if group else ""
        if match := re.fullmatch(rf"({grouped}[0-9]+)(?:{re.escape(point)}([0-9]+))?", text):
            yield Decimal(f"{match[1].replace(group, '') if group else match[1]}.{match[2] or 0}")


@settings(max_examples=500, deadline=None)
@given(texts())
def test_no_two_readers_take_what_is_accepted_for_two_amounts(text: str) -> None:
    for code in ("eur", "jpy", "isk", "kwd"):
        try:
            amount = Decimal(read_money(text, code).amount)
        except AmountError:
            continue
        # Where a currency has three decimals, three digits after one point or comma are those.
        collected = {
            each for each in readings(text) if CURRENCIES[code].exponent < 3 or each <= amount
        }
        assert collected == {amount}, code


def test_the_readers_disagree_about_a_thousand() -> None:
    assert set(readings("1,000")) == set(readings("1.000")) == {Decimal(1), Decimal(1000)}

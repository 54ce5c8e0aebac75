"""Card numbers: recognizing and removing them before anything is stored, logged or answered.

A card number is known by four things together: how many digits its issuer's cards have, the
issuer's first digits, the check digit, and where it is divided into groups, if it is. SQL has the
same definition for what is written past the HTTP API: `private.has_card_number`.
"""

import re
import unicodedata
from itertools import accumulate
from typing import Any, Final, NamedTuple

CARD_REMOVED: Final = "[card number removed]"
MIN_LENGTH: Final = 13
MAX_LENGTH: Final = 19
# The first digits of each kind of card, and how many digits it has:
# https://en.wikipedia.org/wiki/Payment_card_number#Issuer_identification_number_(IIN)
ISSUERS: Final[tuple[tuple[str, tuple[int, ...]], ...]] = (
    ("4", (13, 16, 19)),  # Visa
    ("5[1-5]|222[1-9]|22[3-9]|2[3-6]|27[01]|2720", (16,)),  # Mastercard
    ("34|37", (15,)),  # American Express
    ("30[0-5]|3095|36|38|39", (14, 16, 19)),  # Diners Club
    ("352[89]|35[3-8]", (16, 17, 18, 19)),  # JCB
    ("6011|64[4-9]|65", (16, 19)),  # Discover
    ("62|81", (16, 17, 18, 19)),  # UnionPay
    ("50|5[6-8]|6304|6390|67", (13, 14, 15, 16, 17, 18, 19)),  # Maestro, Verve
    ("220[0-4]", (16, 17, 18, 19)),  # Mir
    ("60|636|637|638|639|82|8600|9792|9860", (16,)),  # RuPay, UzCard, Troy, Humo
)
BRANDS: Final = tuple((re.compile(first), frozenset(lengths)) for first, lengths in ISSUERS)
# After how many digits a number of this length may be divided; None: of any length.
DIVISIONS: Final[tuple[tuple[int | None, frozenset[int]], ...]] = (
    (None, frozenset({4, 8, 12, 16})),
    (14, frozenset({4, 10})),  # Diners Club
    (15, frozenset({4, 10})),  # American Express
    (19, frozenset({6})),  # UnionPay
)
ENOUGH_DIGITS: Final = re.compile(r"(?:\d\D*){13}")
# UUIDs, and hexadecimal ids and hashes with a letter in them, in which digits are no card's.
ID: Final = re.compile(
    r"(?<![0-9A-Za-z])(?:[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
    r"|(?=[0-9]*[a-f])[0-9a-f]{24,})(?![0-9A-Za-z])",
    re.IGNORECASE,
)
RUN: Final = re.compile(r"[0-9](?:[\W_]{0,3}[0-9]){12,}")  # groups of digits, near each other
GROUP: Final = re.compile("[0-9]+")
WORD_BEFORE: Final = re.compile(r"\w*$")
WORD_AFTER: Final = re.compile(r"\w*")
IMEI_LENGTH: Final = 15
IMEI_BEFORE: Final = re.compile(r"imei\W{0,3}[0-9]?\W{0,3}$", re.IGNORECASE)
CONTEXT_LENGTH: Final = 80  # characters before and after a number that are read


class Span(NamedTuple):
    """Where a card number is in a text: from `start` to before `end`."""

    start: int
    end: int


def is_card_number(digits: str) -> bool:
    """Return whether ASCII digits are a card's: length, issuer, and check digit (ISO/IEC 7812)."""
    if not any(first.match(digits) and len(digits) in lengths for first, lengths in BRANDS):
        return False
    doubled = [sum(divmod(2 * int(digit), 10)) for digit in digits[-2::-2]]
    return (sum(map(int, digits[::-2])) + sum(doubled)) % 10 == 0


def is_grouped_like_card(lengths: list[int]) -> bool:
    """Return whether cards are divided into groups of these lengths, or of single digits."""
    *cuts, total = accumulate(lengths)
    return set(lengths) == {1} or any(
        length in (None, total) and places.issuperset(cuts) for length, places in DIVISIONS
    )


def without_card_numbers(text: str) -> str:
    """Replace each card number in a text, such as `4242 4242-42424242`, with CARD_REMOVED.

    Its digits may be of any script, with invisible characters between them.
    """
    rest, copied_to = "", 0
    for start, end in find_card_numbers(text):
        rest += text[copied_to:start] + CARD_REMOVED
        copied_to = end
    return rest + text[copied_to:]


def find_card_numbers(text: str) -> list[Span]:
    """Find the card numbers in a text, from front to back."""
    if not ENOUGH_DIGITS.search(text):
        return []
    if text.isascii():
        return _find_in(text)
    places = [
        place
        for place, character in enumerate(text)
        if unicodedata.category(character) not in ("Cf", "Mn")
    ]
    digits = (unicodedata.decimal(text[place], None) for place in places)
    plain = "".join(
        _plain_sign(text[place]) if digit is None else str(digit)
        for place, digit in zip(places, digits, strict=True)
    )
    return [Span(places[start], places[end - 1] + 1) for start, end in _find_in(plain)]


def _plain_sign(character: str) -> str:
    """Return a sign as it is; in SQL a number that is no digit is a part of no word."""
    return " " if unicodedata.category(character) == "No" else character


def _find_in(text: str) -> list[Span]:
    """Find the card numbers in a text whose digits are ASCII, and that has nothing invisible."""
    text = ID.sub(lambda match: "x" * len(match[0]), text)
    return [span for run in RUN.finditer(text) for span in _find_in_run(text, run)]


def _find_in_run(text: str, run: re.Match[str]) -> list[Span]:
    """Find the card numbers in a run of digit groups, any of which may begin or end one.

    An example of more digits than a card's: `4242 4242 4242 4242 12/34`.
    """
    groups = list(GROUP.finditer(text, run.start(), run.end()))
    spans: list[Span] = []
    for index, first in enumerate(groups):
        if spans and first.start() < spans[-1].end:
            continue
        ends = [
            last.end()
            for count, last in enumerate(groups[index : index + MAX_LENGTH], start=1)
            if _is_card(text, groups[index : index + count])
        ]
        if ends:
            spans.append(Span(first.start(), ends[-1]))  # the longest: no digit of a card is left
    return spans


def _is_card(text: str, groups: list[re.Match[str]]) -> bool:
    """Return whether digit groups of a text are one card number together."""
    digits = "".join(group[0] for group in groups)
    return (
        MIN_LENGTH <= len(digits) <= MAX_LENGTH
        and is_card_number(digits)
        and is_grouped_like_card([len(group[0]) for group in groups])
        and not _is_named_otherwise(text, groups[0].start(), groups[-1].end(), len(digits))
    )


def _is_named_otherwise(text: str, start: int, end: int, length: int) -> bool:
    """Return whether digits are a part of an id (`pi_4242...`), or are said to be an IMEI.

    A word of letters alone may touch them: `Visa4242...`.
    """
    before, after = text[max(0, start - CONTEXT_LENGTH) : start], text[end : end + CONTEXT_LENGTH]
    if length == IMEI_LENGTH and IMEI_BEFORE.search(before):
        return True
    touching = (WORD_BEFORE.search(before), WORD_AFTER.match(after))
    return any(match and match[0].strip("_") and not match[0].isalpha() for match in touching)


def mask_card_numbers(document: Any, name: str = "") -> Any:
    """Replace card numbers in the texts of a JSON document, except in values that are named ids."""
    if isinstance(document, dict):
        return {name: mask_card_numbers(value, name) for name, value in document.items()}
    if isinstance(document, list):
        return [mask_card_numbers(value, name) for value in document]
    is_id = name.endswith("id") or name == "chat_instance"
    if isinstance(document, str) and not is_id:
        return without_card_numbers(document)
    return document

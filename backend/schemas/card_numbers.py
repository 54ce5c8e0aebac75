"""Card numbers: recognizing and removing them before anything is stored, logged or answered."""

import re
from typing import Any, Final

CARD_REMOVED: Final = "[card number removed]"
# 13 digits or more, in groups or not, that touch no word. UUIDs and dates (group `id`) come first,
# so that they are not taken for one.
SHAPED: Final = re.compile(
    r"(?P<id>[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
    r"|(?<![0-9])[0-3]?[0-9]([./-])[0-3]?[0-9]\2(?:19|20)[0-9]{2}(?![0-9]))"
    r"|(?<![0-9A-Za-z_])[0-9](?:[^0-9A-Za-z]{0,3}[0-9]){12,}(?![0-9A-Za-z_])"
)
GROUP: Final = re.compile("[0-9]+")
# The first digits of cards, which years and Telegram's ids do not have:
# https://en.wikipedia.org/wiki/Payment_card_number
BRAND: Final = re.compile("2[2-7]|3[04-9]|[456]")
MAX_LENGTH: Final = 19


def is_card_number(text: str) -> bool:
    """Return whether the digits of a text, 13 to 19, satisfy the Luhn check: ISO/IEC 7812."""
    digits = "".join(GROUP.findall(text))
    if not 12 < len(digits) <= MAX_LENGTH:
        return False
    doubled = [sum(divmod(2 * int(digit), 10)) for digit in digits[-2::-2]]
    return (sum(map(int, digits[::-2])) + sum(doubled)) % 10 == 0


def without_card_numbers(text: str) -> str:
    """Replace each card number in a text, such as `4242 4242-42424242`, with CARD_REMOVED."""
    return SHAPED.sub(lambda match: match[0] if match["id"] else _blotted(match[0]), text)


def _blotted(digits: str) -> str:
    """Replace card numbers in a run of digit groups, any of which may begin or end one.

    An example of more digits than a card's: `4242 4242 4242 4242 12/34`.
    """
    groups = list(GROUP.finditer(digits))
    text, copied_to = "", 0
    for index, first in enumerate(groups):
        start = first.start()
        if start < copied_to or not BRAND.match(first[0]):
            continue
        ends = [group.end() for group in groups[index : index + MAX_LENGTH]]
        card_ends = [end for end in ends if is_card_number(digits[start:end])]
        if card_ends:
            text += digits[copied_to:start] + CARD_REMOVED
            copied_to = max(card_ends)  # the longest, so that no digit of a card is left
    return text + digits[copied_to:]


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

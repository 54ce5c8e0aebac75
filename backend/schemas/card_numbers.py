"""Card numbers: how to know one, and to take it out before anything is kept, logged or answered."""

import re
from typing import Any, Final

CARD_REMOVED: Final = "[card number removed]"
# 13 digits or more, in groups or not, that touch no word; but first UUIDs and dates, which look so.
SHAPED: Final = re.compile(
    r"(?P<id>[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
    r"|(?<![0-9])[0-3]?[0-9]([./-])[0-3]?[0-9]\2(?:19|20)[0-9]{2}(?![0-9]))"
    r"|(?<![0-9A-Za-z_])[0-9](?:[^0-9A-Za-z]{0,3}[0-9]){12,}(?![0-9A-Za-z_])"
)
GROUP: Final = re.compile("[0-9]+")
# How cards begin, and years and Telegram's ids do not: https://en.wikipedia.org/wiki/Payment_card_number
BRAND: Final = re.compile("2[2-7]|3[04-9]|[456]")
MAX_LENGTH: Final = 19


def is_card_number(text: str) -> bool:
    """Of its digits, 13 or more, the last one is the sum of Luhn over the others: ISO/IEC 7812."""
    digits = "".join(GROUP.findall(text))
    if not 12 < len(digits) <= MAX_LENGTH:
        return False
    doubled = [sum(divmod(2 * int(digit), 10)) for digit in digits[-2::-2]]
    return (sum(map(int, digits[::-2])) + sum(doubled)) % 10 == 0


def without_card_numbers(text: str) -> str:
    """The text with CARD_REMOVED for each card number in it: `4242 4242-42424242`."""
    return SHAPED.sub(lambda match: match[0] if match["id"] else _blotted(match[0]), text)


def _blotted(digits: str) -> str:
    """Of more digits (`4242 4242 4242 4242 12/34`) each group may begin one, and end it."""
    groups = list(GROUP.finditer(digits))
    text, at = "", 0
    for n, first in enumerate(groups):
        if first.start() < at or not BRAND.match(first[0]):
            continue
        ends = (group.end() for group in groups[n : n + MAX_LENGTH])
        if end := max(
            (end for end in ends if is_card_number(digits[first.start() : end])), default=0
        ):
            text, at = text + digits[at : first.start()] + CARD_REMOVED, end
    return text + digits[at:]


def mask_card_numbers(document: Any, name: str = "") -> Any:
    """JSON without card numbers in its texts; what is named an id is none."""
    if isinstance(document, dict):
        return {name: mask_card_numbers(value, name) for name, value in document.items()}
    if isinstance(document, list):
        return [mask_card_numbers(value, name) for value in document]
    is_id = name.endswith("id") or name == "chat_instance"
    return without_card_numbers(document) if isinstance(document, str) and not is_id else document

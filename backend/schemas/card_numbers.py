"""Card numbers: how to know one, and to take it out before anything is kept, logged or answered."""

import re
from collections.abc import Callable
from typing import Any, Final

CARD_REMOVED: Final = "[card number removed]"
# A UUID of digits alone is no card; else 13 to 19 digits, grouped or not, that touch no word.
SHAPED: Final = re.compile(
    r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
    r"|(?<![0-9A-Za-z_])(?:[0-9](?:[ \u00a0./-]{0,2})){12,18}[0-9](?![0-9A-Za-z_])"
)


def is_card_number(text: str) -> bool:
    """Whether the digits in it are those of a card: ISO/IEC 7812, the sum of Luhn."""
    digits = [int(digit) for digit in text if digit.isdigit()]
    doubled = [sum(divmod(2 * digit, 10)) for digit in digits[-2::-2]]
    return 13 <= len(digits) <= 19 and any(digits) and (sum(digits[::-2]) + sum(doubled)) % 10 == 0


def without_card_numbers(text: str) -> str:
    """The text with CARD_REMOVED for each card number in it, as `4242 4242-42424242`."""

    def kept(found: re.Match[str]) -> str:
        uuid = len(found[0]) == 36 and found[0].count("-") == 4
        return found[0] if uuid or not is_card_number(found[0]) else CARD_REMOVED

    return SHAPED.sub(kept, text)


def everywhere(told: Any, change: Callable[[str], str] = without_card_numbers) -> Any:
    """JSON with every text in it changed, the names as well; what is a number is read as text."""
    if isinstance(told, dict):
        return {change(str(name)): everywhere(value, change) for name, value in told.items()}
    if isinstance(told, list):
        return [everywhere(value, change) for value in told]
    if isinstance(told, str):
        return change(told)
    whole = isinstance(told, int) and not isinstance(told, bool) and told > 0
    return change(str(told)) if whole and change(str(told)) != str(told) else told

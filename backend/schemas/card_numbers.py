"""Card numbers: how to know one, and to take it out before anything is kept, logged or answered."""

import re
from typing import Any, Final

CARD_REMOVED: Final = "[card number removed]"
# 13 to 19 digits, in groups or not, that touch no word; but first what only looks like them: a
# UUID, and what Telegram calls its supergroups.
SHAPED: Final = re.compile(
    r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|-100[0-9]{10}(?![0-9])"
    r"|(?<![0-9A-Za-z_])(?:[0-9][ \u00a0-]{0,2}){12,18}[0-9](?![0-9A-Za-z_])"
)


def is_card_number(digits: str) -> bool:
    """Whether their last one is the sum of Luhn over the others: ISO/IEC 7812."""
    doubled = [sum(divmod(2 * int(digit), 10)) for digit in digits[-2::-2]]
    return (sum(map(int, digits[::-2])) + sum(doubled)) % 10 == 0


def without_card_numbers(text: str) -> str:
    """The text with CARD_REMOVED for each card number in it: `4242 4242-42424242`."""

    def kept(found: re.Match[str]) -> str:
        digits = re.sub("[^0-9]", "", found[0])
        is_id = found[0][0] == "-" or len(found[0]) == 36
        return found[0] if is_id or not is_card_number(digits) else CARD_REMOVED

    return SHAPED.sub(kept, text)


def in_all_texts(told: Any, name: str = "") -> Any:
    """JSON without card numbers in its texts; what is named an id is none."""
    if isinstance(told, dict):
        return {name: in_all_texts(value, name) for name, value in told.items()}
    if isinstance(told, list):
        return [in_all_texts(value, name) for value in told]
    is_id = name.endswith("id") or name == "chat_instance"
    return without_card_numbers(told) if isinstance(told, str) and not is_id else told

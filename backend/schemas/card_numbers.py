"""Card numbers: how to know one, and to take it out before anything is kept, logged or answered."""

import re
from typing import Any, Final

CARD_REMOVED: Final = "[card number removed]"
# 13 to 19 digits, in groups or not, that touch no word; but first what only looks like them: a
# UUID, and what Telegram calls its supergroups.
SHAPED: Final = re.compile(
    r"(?P<id>[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|-100[0-9]{10}(?![0-9]))"
    r"|(?<![0-9A-Za-z_])(?:[0-9][ \u00a0-]{0,2}){12,18}[0-9](?![0-9A-Za-z_])"
)
GROUP: Final = re.compile("[0-9]+")


def is_card_number(text: str) -> bool:
    """Of its digits, 13 or more, the last one is the sum of Luhn over the others: ISO/IEC 7812."""
    digits = "".join(GROUP.findall(text))
    doubled = [sum(divmod(2 * int(digit), 10)) for digit in digits[-2::-2]]
    return len(digits) > 12 and (sum(map(int, digits[::-2])) + sum(doubled)) % 10 == 0


def without_card_numbers(text: str) -> str:
    """The text with CARD_REMOVED for each card number in it: `4242 4242-42424242`.

    Of more digits (`4242 4242 4242 4242 12/34`) each group may be its first, and each its last.
    """
    kept, at = "", 0
    while found := SHAPED.search(text, at):
        start, end = found.span()
        ends = [end] if found["id"] else [g.end() for g in GROUP.finditer(text, start, end)]
        cards = [end for end in ends if not found["id"] and is_card_number(text[start:end])]
        kept += text[at:start] + (CARD_REMOVED if cards else text[start : ends[0]])
        at = max(cards, default=ends[0])
    return kept + text[at:]


def in_all_texts(told: Any, name: str = "") -> Any:
    """JSON without card numbers in its texts; what is named an id is none."""
    if isinstance(told, dict):
        return {name: in_all_texts(value, name) for name, value in told.items()}
    if isinstance(told, list):
        return [in_all_texts(value, name) for value in told]
    is_id = name.endswith("id") or name == "chat_instance"
    return without_card_numbers(told) if isinstance(told, str) and not is_id else told

"""Long messages in parts, and long lists in pages.

https://core.telegram.org/bots/api#sendmessage: a message has at most 4,096 characters after its
HTML is parsed, counted in UTF-16 code units.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from bot.telegram.screens import Row, Screen, button

MAX_LENGTH: Final = 4096
# Of a page of a list: its title and what else is above and below the list need some, too.
PAGE_LENGTH: Final = 3000
MAX_BUTTONS: Final = 20  # of a list, on one page; Telegram takes 100 in a message


def utf16_length(text: str) -> int:
    """Return the length of a text for Telegram. HTML counts in full, so it is never too short."""
    return len(text.encode("utf-16-le")) // 2


def pages_of(blocks: Sequence[Sequence[str]]) -> list[list[str]]:
    """Return the lines of each page: as many blocks of lines as fit, and no block on two pages.

    There is at least one page; a block that is too long is a page of its own.
    """
    pages: list[list[str]] = [[]]
    for block in blocks:
        if pages[-1] and utf16_length("\n".join([*pages[-1], *block])) > PAGE_LENGTH:
            pages.append([])
        pages[-1] += block
    return pages


def arrow_row(data: str, page: int, last_page: int) -> Row:
    """Return the arrows to the previous and the next page, where there are such: `data:page`."""
    arrows = []
    if page > 0:
        arrows.append(button("\u2190", f"{data}:{page - 1}"))
    if page < last_page:
        arrows.append(button("\u2192", f"{data}:{page + 1}"))
    return tuple(arrows)


def parts_of(screen: Screen) -> list[Screen]:
    """Return a screen as messages that are short enough, the last with its buttons.

    It is cut between lines. A single line that is too long stays as it is: Telegram refuses it.
    """
    parts: list[list[str]] = [[]]
    for line in screen.text.split("\n"):
        if parts[-1] and utf16_length("\n".join([*parts[-1], line])) > MAX_LENGTH:
            parts.append([])
        parts[-1].append(line)
    texts = [text for part in parts if (text := "\n".join(part).strip())] or [screen.text]
    return [*(Screen(text) for text in texts[:-1]), replace(screen, text=texts[-1])]

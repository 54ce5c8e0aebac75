"""Names of people and organizations: what is kept of them, and when nothing of them can be seen.

Removed is what cannot be seen, and what would change the line around a name. Kept is what belongs
to a word or to an emoji though it cannot be seen by itself: joiners, variation selectors, flags.
"""

import re
import unicodedata
from itertools import pairwise
from typing import Final

# As wide as a letter, and empty: fillers of Hangul, the braille pattern without dots, U+FFFC.
BLANKS: Final = dict.fromkeys((0x115F, 0x1160, 0x2800, 0x3164, 0xFFA0, 0xFFFC), " ")
# Marks without width: the grapheme joiner, inherent vowels of Khmer.
ZERO_WIDTH_MARKS: Final = frozenset("\u034f\u17b4\u17b5")
NON_JOINER, JOINER = "\u200c", "\u200d"
# Of England, Scotland, ...: https://www.unicode.org/reports/tr51/#valid-emoji-tag-sequences
FLAG: Final = re.compile("(\U0001f3f4[\U000e0030-\U000e0039\U000e0061-\U000e007a]{2,6}\U000e007f)")
VIRAMA: Final = 9  # the canonical combining class of marks that take a letter's vowel away
VISIBLE: Final = ("L", "N", "P", "S")  # Unicode's general categories: letters, numbers, signs


def plain_name(text: object) -> object:
    """Return a name in one line, without what cannot be seen; "" where nothing can be seen.

    What is no text is returned as it is, so that this can validate a field of a model.
    """
    if not isinstance(text, str):
        return text
    words = " ".join(text.translate(BLANKS).split())
    pieces = [
        piece if FLAG.fullmatch(piece) else without_invisible(piece) for piece in FLAG.split(words)
    ]
    name = " ".join("".join(pieces).split())
    return name if any(is_visible(char) for char in name) else ""


def without_invisible(text: str) -> str:
    """Return a text without what cannot be seen and joins or changes nothing beside it."""
    parts: list[str] = []
    for char, following in pairwise([*text, ""]):
        previous = parts[-1] if parts else ""
        if char in (NON_JOINER, JOINER):
            is_part = joins(previous, char, following)
        elif is_variation_selector(char):
            is_part = is_visible(previous)
        else:
            is_part = not is_invisible(char)
        if is_part:
            parts.append(char)
    return "".join(parts)


def joins(previous: str, joiner: str, following: str) -> bool:
    """Return whether a joiner shapes what stands beside it: letters of a word, or an emoji.

    Persian has non-joiners inside words; Indic scripts have joiners also at the end of a word,
    after a virama, and Arabic after an abbreviation's letter.
    https://www.unicode.org/versions/latest/core-spec/chapter-23/#G23126
    """
    if is_word_part(previous) and is_word_part(following):
        return True
    if joiner == NON_JOINER:
        return False
    if unicodedata.combining(previous or " ") == VIRAMA or is_arabic(previous):
        return True
    return is_emoji_part(previous) and is_emoji_part(following)


def is_word_part(char: str) -> bool:
    """Return whether this is a letter, or a mark on one."""
    return bool(char) and unicodedata.category(char)[0] in "LM" and not is_variation_selector(char)


def is_arabic(char: str) -> bool:
    """Return whether this is a letter of a script that joins as Arabic does."""
    return bool(char) and unicodedata.bidirectional(char) == "AL"


def is_emoji_part(char: str) -> bool:
    """Return whether this may be a part of an emoji: a sign, a skin tone, a variation selector."""
    if not char:
        return False
    is_sign = unicodedata.category(char) in ("So", "Sk", "Sm")
    return is_sign or is_new_emoji(char) or is_variation_selector(char)


def is_new_emoji(char: str) -> bool:
    """Return whether an emoji may stand here that this Python's version of Unicode lacks."""
    return "\U0001f000" <= char <= "\U0001faff"


def is_variation_selector(char: str) -> bool:
    """Return whether this chooses a form of the character before it, and has none by itself.

    https://www.unicode.org/reports/tr37/, and for Mongolian the core specification, chapter 13.
    """
    return (
        "\ufe00" <= char <= "\ufe0f"
        or "\U000e0100" <= char <= "\U000e01ef"
        or char in "\u180b\u180c\u180d\u180f"
    )


def is_invisible(char: str) -> bool:
    """Return whether this cannot be seen: a control, a direction mark, a filler without width.

    Category C is controls, formats, surrogates, private use and unassigned characters.
    """
    if char in ZERO_WIDTH_MARKS:
        return True
    return unicodedata.category(char)[0] == "C" and not is_new_emoji(char)


def is_visible(char: str) -> bool:
    """Return whether this can be seen by itself; a mark needs a letter below it."""
    if not char or ord(char) in BLANKS:
        return False
    return unicodedata.category(char)[0] in VISIBLE or is_new_emoji(char)

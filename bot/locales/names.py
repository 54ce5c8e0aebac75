"""Names as they are shown: no Telegram client makes a link of one.

Telegram makes links of what looks like an address, a mention, a command, a hashtag or a number to
call, whoever wrote it: https://core.telegram.org/api/entities.
"""

import re
from typing import Final

# Without width, and no part of an address, a mention or a command: `is_url_unicode_symbol` in
# https://github.com/tdlib/td/blob/master/td/telegram/MessageEntity.cpp
WORD_JOINER: Final = "\u2060"
LINK_SIGNS: Final = re.compile(
    r"[@#](?=\w)"  # @somebody, #tag
    r"|\$(?=[A-Z])"  # $USD
    r"|(?<![\w/<>])/(?=\w)"  # /command
    r"|:(?=//)"  # tg://resolve
    r"|(?<=[^\s.])\.(?=[^\W\d_])"  # evil.com
    r"|(?<=\d)\.(?=\d{1,3}\.\d{1,3}\.\d)"  # 192.0.2.1
)
NUMBER: Final = re.compile(r"\+?\d(?:[\s().\-/]{0,2}\d){6,}")  # of a phone, or of a card
TWO_DIGITS: Final = re.compile(r"\d{2}(?=\d)|\d(?=\D)")

# The facts of sentences that people write: names, labels. What a search was for is none of them:
# it stands as code, in which no client looks for links, and is to be copied as it was typed.
WRITTEN_BY_PEOPLE: Final = frozenset(
    {
        "about", "by", "card", "label", "name", "organization", "organization_name", "owner",
        "package", "payer", "what", "who",
    }
)  # fmt: skip


def without_links(name: str) -> str:
    """Return a name in which no Telegram client finds anything to link; it looks the same."""
    numbers_split = NUMBER.sub(lambda match: TWO_DIGITS.sub(rf"\g<0>{WORD_JOINER}", match[0]), name)
    return LINK_SIGNS.sub(rf"\g<0>{WORD_JOINER}", numbers_split)

"""Who the people are: what Telegram says of them, kept up to date as they write."""

import re
import unicodedata

from backend import presentation
from backend.database import SERVICE, Database, TelegramUser
from backend.schemas import Introduction, Me

NAMELESS = "?"
DEFAULT_LANGUAGE = "en"
LANGUAGE = re.compile("[A-Za-z0-9-]{2,35}")  # an IETF tag; https://core.telegram.org/bots/api#user


async def introduce(database: Database, person: TelegramUser, words: Introduction) -> Me:
    """Make a person and their private chat known, or refresh what is known of them."""
    row = await database.call(
        "introduce",
        SERVICE,
        telegram_id=person.telegram_id,
        name=printable(words.name) or NAMELESS,
        language=words.language if LANGUAGE.fullmatch(words.language or "") else DEFAULT_LANGUAGE,
        chat_id=words.chat_id,
    )
    return presentation.me(row)


def printable(name: str) -> str:
    """A name without control and direction characters, which could rewrite the line around it."""
    kept = "".join(" " if unicodedata.category(char)[0] == "Z" else char for char in name)
    return "".join(char for char in kept if unicodedata.category(char)[0] != "C").strip()

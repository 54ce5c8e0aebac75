"""Who the people are: what Telegram says of them, kept up to date as they write."""

import re
import unicodedata

from backend.database.functions import people
from backend.database.protocol import Database, Person, SupabaseUser, TelegramUser
from backend.schemas import CodeRequest, Introduction, LinkCode, Me, without_card_numbers

NAMELESS = "?"
LONGEST_NAME = 256
DEFAULT_LANGUAGE = "en"
LANGUAGE = re.compile("[A-Za-z0-9-]{2,35}")  # an IETF tag; https://core.telegram.org/bots/api#user


async def introduce(database: Database, actor: Person, wanted: Introduction) -> Me:
    """Make the caller and their private chat known, or refresh what is known of them."""
    name, language = kept_name(wanted.name), kept_language(wanted.language or "")
    if isinstance(actor, TelegramUser):
        return await people.introduce(
            database,
            telegram_id=actor.telegram_id,
            name=name,
            language=language,
            chat_id=wanted.chat_id,
        )
    return await people.meet(
        database, auth_user_id=actor.auth_user_id, name=name, language=language, refresh=True
    )


async def meet(database: Database, person: SupabaseUser, profile: object) -> None:
    """Make a Supabase user known at their first call, under the name that `profile` has.

    That is the token's `user_metadata`, which its user writes; their e-mail is nobody's name.
    """
    named = profile if isinstance(profile, dict) else {}
    await people.meet(
        database,
        auth_user_id=person.auth_user_id,
        name=kept_name(str(named.get("full_name") or named.get("name") or "")),
        language=DEFAULT_LANGUAGE,
        refresh=False,
    )


def kept_name(name: str) -> str:
    """A name as it is kept, whatever somebody calls themselves."""
    return printable(name)[:LONGEST_NAME] or NAMELESS


def kept_language(language: str) -> str:
    """A language as it is kept, which is DEFAULT_LANGUAGE where it is no tag."""
    return language if LANGUAGE.fullmatch(language) else DEFAULT_LANGUAGE


def printable(name: str) -> str:
    """A name without control and direction characters, which could rewrite the line around it."""
    kept = without_card_numbers(" ".join(name.split()))  # also over several lines
    return "".join(char for char in kept if unicodedata.category(char)[0] != "C").strip()


async def make_link_code(database: Database, actor: Person) -> LinkCode:
    """What the bot must be shown to link a Supabase user with Telegram. Raises AlreadyLinked."""
    return await people.create_link_code(database, actor)


async def link(database: Database, actor: Person, wanted: CodeRequest) -> Me:
    """From now on the Telegram user who shows a code and the Supabase user who made it are one.

    Raises LinkInvalid, AlreadyLinked, BothHaveHistory.
    """
    return await people.use_link_code(database, actor, code=wanted.code)

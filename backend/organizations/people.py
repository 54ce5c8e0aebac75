"""Who the people are: what Telegram says of them, kept up to date as they write."""

import re
import unicodedata

from backend.database.functions import people
from backend.database.protocol import Database, Person, SupabaseUser, TelegramUser
from backend.schemas import CodeRequest, Introduction, LinkCode, Me, without_card_numbers

NAMELESS = "?"
MAX_NAME_LENGTH = 256
DEFAULT_LANGUAGE = "en"
LANGUAGE = re.compile("[A-Za-z0-9-]{2,35}")  # an IETF tag; https://core.telegram.org/bots/api#user


async def update_me(database: Database, actor: Person, introduction: Introduction) -> Me:
    """Make the caller and their private chat known, or refresh what is known of them."""
    name, language = stored_name(introduction.name), stored_language(introduction.language or "")
    if isinstance(actor, TelegramUser):
        return await people.upsert_telegram_user(
            database,
            telegram_id=actor.telegram_id,
            name=name,
            language=language,
            chat_id=introduction.chat_id,
        )
    return await people.upsert_supabase_user(
        database, auth_user_id=actor.auth_user_id, name=name, language=language, refresh=True
    )


async def ensure_supabase_user(database: Database, person: SupabaseUser, profile: object) -> None:
    """Make a Supabase user known at their first call, under the name that `profile` has.

    That is the token's `user_metadata`, which its user writes; their e-mail is nobody's name.
    """
    metadata = profile if isinstance(profile, dict) else {}
    await people.upsert_supabase_user(
        database,
        auth_user_id=person.auth_user_id,
        name=stored_name(str(metadata.get("full_name") or metadata.get("name") or "")),
        language=DEFAULT_LANGUAGE,
        refresh=False,
    )


def stored_name(name: str) -> str:
    """A name as it is kept, whatever somebody calls themselves."""
    return printable(name)[:MAX_NAME_LENGTH] or NAMELESS


def stored_language(language: str) -> str:
    """A language as it is kept, which is DEFAULT_LANGUAGE where it is no tag."""
    return language if LANGUAGE.fullmatch(language) else DEFAULT_LANGUAGE


def printable(name: str) -> str:
    """A name without control and direction characters, which could rewrite the line around it."""
    text = without_card_numbers(" ".join(name.split()))  # also over several lines
    return "".join(char for char in text if unicodedata.category(char)[0] != "C").strip()


async def create_link_code(database: Database, actor: Person) -> LinkCode:
    """What the bot must be shown to link a Supabase user with Telegram. Raises AlreadyLinked."""
    return await people.create_link_code(database, actor)


async def redeem_link_code(database: Database, actor: Person, request: CodeRequest) -> Me:
    """From now on the Telegram user who shows a code and the Supabase user who made it are one.

    Raises LinkInvalid, AlreadyLinked, BothHaveHistory.
    """
    return await people.redeem_link_code(database, actor, code=request.code)

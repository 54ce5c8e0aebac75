"""People: their profile as Telegram or Supabase Auth has it, and linking of the two."""

import re

from backend.database.functions import people
from backend.database.protocol import Database, Person, SupabaseUser, TelegramUser
from backend.schemas import (
    CodeRequest,
    Introduction,
    LinkCode,
    Me,
    plain_name,
    without_card_numbers,
)

NAMELESS = "?"
MAX_NAME_LENGTH = 256
DEFAULT_LANGUAGE = "en"
LANGUAGE = re.compile("[A-Za-z0-9-]{2,35}")  # an IETF tag; https://core.telegram.org/bots/api#user


async def update_me(database: Database, actor: Person, introduction: Introduction) -> Me:
    """Register the actor, or update their name, language and private chat."""
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
    """Register a Supabase user at their first call, with the name in `profile`.

    That is the token's `user_metadata`, which its user can write. The e-mail address is never used
    as a name, which others see.
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
    """Return a name as it is stored: shortened, NAMELESS where nothing of that can be seen."""
    return printable(printable(name)[:MAX_NAME_LENGTH]) or NAMELESS


def stored_language(language: str) -> str:
    """Return a language tag as it is stored; DEFAULT_LANGUAGE where it is none."""
    return language if LANGUAGE.fullmatch(language) else DEFAULT_LANGUAGE


def printable(name: str) -> str:
    """Return a name in one line without what cannot be seen, and without card numbers."""
    return without_card_numbers(str(plain_name(name)))


async def create_link_code(database: Database, actor: Person) -> LinkCode:
    """Create a code to link a Supabase user with a Telegram user. Raises AlreadyLinked."""
    return await people.create_link_code(database, actor)


async def redeem_link_code(database: Database, actor: Person, request: CodeRequest) -> Me:
    """Merge the Telegram user who shows a code and the Supabase user who created it.

    Raises LinkInvalid, AlreadyLinked, BothHaveHistory.
    """
    return await people.redeem_link_code(database, actor, code=request.code)


async def undo_link(database: Database, actor: Person) -> None:
    """Undo the actor's link between a Supabase user and a Telegram user. Raises NotLinked."""
    await people.undo_link(database, actor)

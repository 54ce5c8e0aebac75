"""Who the people are: what Telegram says of them, kept up to date as they write."""

import re
import unicodedata
from typing import Any

from backend.database.protocol import SERVICE, Database, Person, SupabaseUser, TelegramUser
from backend.schemas import CodeRequest, Introduction, Json, LinkCode, Me, without_card_numbers

NAMELESS = "?"
LONGEST_NAME = 256
DEFAULT_LANGUAGE = "en"
LANGUAGE = re.compile("[A-Za-z0-9-]{2,35}")  # an IETF tag; https://core.telegram.org/bots/api#user


async def introduce(database: Database, actor: Person, wanted: Introduction) -> Me:
    """Make the caller and their private chat known, or refresh what is known of them."""
    known = known_as(wanted.name, wanted.language or "")
    if isinstance(actor, TelegramUser):
        known |= {"telegram_id": actor.telegram_id, "chat_id": wanted.chat_id}
        row = await database.call("introduce", SERVICE, **known)
    else:
        known |= {"auth_user_id": actor.auth_user_id, "refresh": True}
        row = await database.call("meet", SERVICE, **known)
    return Me(**row)


async def meet(database: Database, person: SupabaseUser, profile: Any) -> None:
    """Make a Supabase user known at their first call, under the name that `profile` has.

    That is the token's `user_metadata`, which its user writes; their e-mail is nobody's name.
    """
    named = profile if isinstance(profile, dict) else {}
    known = known_as(str(named.get("full_name") or named.get("name") or ""), "")
    await database.call("meet", SERVICE, auth_user_id=person.auth_user_id, refresh=False, **known)


def known_as(name: str, language: str) -> Json:
    """A name and a language as they are kept, whatever somebody calls themselves."""
    tag = language if LANGUAGE.fullmatch(language) else DEFAULT_LANGUAGE
    return {"name": printable(name)[:LONGEST_NAME] or NAMELESS, "language": tag}


def printable(name: str) -> str:
    """A name without control and direction characters, which could rewrite the line around it."""
    kept = without_card_numbers(" ".join(name.split()))  # also over several lines
    return "".join(char for char in kept if unicodedata.category(char)[0] != "C").strip()


async def make_link_code(database: Database, actor: Person) -> LinkCode:
    """What the bot must be shown to link a Supabase user with Telegram. Raises AlreadyLinked."""
    return LinkCode(**await database.call("create_link_code", actor))


async def link(database: Database, actor: Person, wanted: CodeRequest) -> Me:
    """From now on the Telegram user who shows a code and the Supabase user who made it are one.

    Raises LinkInvalid, AlreadyLinked, BothHaveHistory.
    """
    return Me(**await database.call("use_link_code", actor, code=wanted.code))

"""SQL functions of people: registered, linked, counted, blocked, erased."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from pydantic import TypeAdapter

from backend.database.protocol import SERVICE, Database, Person
from backend.database.rows import Row
from backend.schemas import LinkCode, Me, Role


class RoleRow(Row):
    """One organization of a person, for the operator."""

    organization_id: UUID
    organization_name: str
    role: Role


class PersonRow(Row):
    """A person as the operator sees them; `blocked_at` is None for whoever is not blocked."""

    user_id: UUID
    name: str
    telegram_id: int | None
    auth_user_id: UUID | None
    created_at: datetime
    blocked_at: datetime | None
    blocked_reason: str | None
    organizations: list[RoleRow]


PEOPLE = TypeAdapter(list[PersonRow])
USER_ID: TypeAdapter[UUID | None] = TypeAdapter(UUID | None)


async def upsert_telegram_user(
    database: Database, *, telegram_id: int, name: str, language: str, chat_id: int | None = None
) -> Me:
    """Register a Telegram user, or update their name, language and private chat.

    `chat_id` only of a private chat, which counts as reachable from then on.
    """
    row = await database.call(
        "upsert_telegram_user",
        SERVICE,
        telegram_id=telegram_id,
        name=name,
        language=language,
        chat_id=chat_id,
    )
    return Me.model_validate(row)


async def upsert_supabase_user(
    database: Database, *, auth_user_id: UUID, name: str, language: str, refresh: bool
) -> Me:
    """Register a Supabase user; with `refresh` also update their name and language."""
    row = await database.call(
        "upsert_supabase_user",
        SERVICE,
        auth_user_id=auth_user_id,
        name=name,
        language=language,
        refresh=refresh,
    )
    return Me.model_validate(row)


async def create_link_code(database: Database, actor: Person) -> LinkCode:
    """Create a code to link the actor with a Telegram user, valid for 15 minutes.

    Raises AlreadyLinked.
    """
    return LinkCode.model_validate(await database.call("create_link_code", actor))


async def redeem_link_code(database: Database, actor: Person, *, code: str) -> Me:
    """Merge the Telegram user who shows a code and the Supabase user who created it.

    Raises LinkInvalid, AlreadyLinked, BothHaveHistory, and changes nothing then.
    """
    return Me.model_validate(await database.call("redeem_link_code", actor, code=code))


class ErasureObstacle(Row):
    """Why a person cannot be erased yet.

    `last_owner`: others belong to the organization, which would have no owner. `balance`,
    `recurring` and `open` (payments or refunds): they are its only member, and its money is not
    settled.
    """

    organization_id: UUID
    organization_name: str
    why: Literal["last_owner", "balance", "recurring", "open"]


class ErasureRow(Row):
    """A person, and whether they were erased; `name` is what it was.

    `stripe_customers` are Stripe's ids of the organizations of which they are the only member.
    """

    user_id: UUID
    name: str
    erased: bool
    obstacles: list[ErasureObstacle]
    stripe_customers: list[str]


async def erase_person(
    database: Database,
    *,
    telegram_id: int | None = None,
    auth_user_id: UUID | None = None,
    dry_run: bool = False,
) -> ErasureRow:
    """Erase a person by their id at Telegram or at Supabase; where there are obstacles, nobody.

    Payments, ledger and audit log keep their `user_id`. Raises NotFound.
    """
    row = await database.call(
        "erase_person",
        SERVICE,
        telegram_id=telegram_id,
        auth_user_id=auth_user_id,
        dry_run=dry_run,
    )
    return ErasureRow.model_validate(row)


async def undo_link(database: Database, actor: Person) -> None:
    """Make two people of the actor again; the history stays with who had it. Raises NotLinked."""
    await database.call("undo_link", actor)


async def get_own_user_id(database: Database, actor: Person) -> UUID | None:
    """Return the actor's user id; None for nobody known, and for whoever is kept out."""
    return USER_ID.validate_python(await database.call("get_own_user_id", actor))


async def set_sign_in_policy(
    database: Database, *, anonymous_users: bool, second_factor_for_money: bool
) -> None:
    """Set whether anonymous sign-ins are people, and whether what moves money wants aal2."""
    await database.call(
        "set_sign_in_policy",
        SERVICE,
        anonymous_users=anonymous_users,
        second_factor_for_money=second_factor_for_money,
    )


async def list_people(
    database: Database, *, search_text: str | None = None, max_rows: int | None = None
) -> list[PersonRow]:
    """Return people by a part of their name or an id; without a text those who are blocked."""
    rows = await database.call("list_people", SERVICE, search_text=search_text, max_rows=max_rows)
    return PEOPLE.validate_python(rows)


async def block_person(database: Database, *, user_id: UUID, reason: str) -> PersonRow:
    """Keep a person out, in every way that they come. Raises NotFound."""
    row = await database.call("block_person", SERVICE, user_id=user_id, reason=reason)
    return PersonRow.model_validate(row)


async def unblock_person(database: Database, *, user_id: UUID) -> PersonRow:
    """Let a person in again. Raises NotFound."""
    return PersonRow.model_validate(await database.call("unblock_person", SERVICE, user_id=user_id))

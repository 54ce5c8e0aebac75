"""The one door to the database: one call per SQL function of schema `api`.

Every operation is one function, one transaction, one JSON value back. Who is acting decides which
role the database sees: a member (row-level security decides) or the backend itself.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol
from uuid import UUID

import backend.operator_errors  # noqa: F401  (refusals, too)
from backend import errors
from backend.failures import DatabaseUnavailable


@dataclass(frozen=True)
class Service:
    """The backend itself, writing down what Stripe or Telegram told it."""


@dataclass(frozen=True)
class TelegramUser:
    """A person who acts through the bot."""

    telegram_id: int

    @property
    def claims(self) -> dict[str, Any]:
        """What `private.current_user_id()` reads."""
        return {"role": "authenticated", "telegram_id": self.telegram_id}


@dataclass(frozen=True)
class SupabaseUser:
    """A person who signed in with Supabase Auth."""

    auth_user_id: UUID

    @property
    def claims(self) -> dict[str, Any]:
        """What `private.current_user_id()` reads."""
        return {"role": "authenticated", "sub": str(self.auth_user_id)}


Person = TelegramUser | SupabaseUser
Actor = Service | Person
SERVICE = Service()


class Database(Protocol):
    """What use cases know of the database."""

    async def call(self, function: str, actor: Actor, **arguments: Any) -> Any:
        """Run `api.<function>` as `actor`; its JSON answer. Only for `backend.database.functions`.

        Raises the Refusal that the function raised, or DatabaseUnavailable when the outcome is
        unknown or nothing happened.
        """


# By the names of private.refusals() in SQL. What has no error here is a bug, and stays a 500.
REFUSALS = {error.code: error for error in errors.tree(errors.Refusal)}

# Text with a NUL character: https://www.postgresql.org/docs/current/datatype-character.html
INVALID_TEXT_SQLSTATES = ("22021", "22P05")

# Connection trouble, deadlocks and serialization, no resources, an operator or the disk.
TRANSIENT_SQLSTATES = ("08", "40", "53", "57", "58", "55P03")


def error_from_sqlstate(sqlstate: str, detail: str | None) -> errors.PursebotError | None:
    """The error that an SQLSTATE stands for, with the facts of its detail, or None for a bug."""
    if sqlstate.startswith(TRANSIENT_SQLSTATES):
        return DatabaseUnavailable()
    if sqlstate in INVALID_TEXT_SQLSTATES:
        return errors.BadRequest("No text may contain a NUL character.")
    facts: dict[str, Any] = json.loads(detail or "{}") if sqlstate.startswith("PB") else {}
    refusal = REFUSALS.get(facts.pop("refusal", ""))
    return refusal(**{name: str(value) for name, value in facts.items()}) if refusal else None


def call_statement(function: str, arguments: Mapping[str, Any]) -> str:
    """The call as SQL: `select api.f(a => $1, b => $2)`. Names come from our own code only."""
    placeholders = ", ".join(
        f"{name} => ${position}" for position, name in enumerate(arguments, start=1)
    )
    return f"select api.{function}({placeholders})"

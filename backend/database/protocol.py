"""The protocol of the database: one call per SQL function of schema `api`.

Every operation is one function, one transaction, one JSON value back. The actor decides which role
the database sees: a person (row-level security applies) or the service.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol
from uuid import UUID

import backend.operator_errors  # noqa: F401  # imported so that REFUSALS has them
from backend import errors
from backend.failures import DatabaseUnavailable, RowsLocked


@dataclass(frozen=True)
class Service:
    """The backend itself, recording what Stripe or Telegram sent."""


@dataclass(frozen=True)
class TelegramUser:
    """A person who acts through the bot."""

    telegram_id: int

    @property
    def claims(self) -> dict[str, Any]:
        """The claims that `private.current_user_id()` reads."""
        return {"role": "authenticated", "pursebot_telegram_id": self.telegram_id}


@dataclass(frozen=True)
class SupabaseUser:
    """A person who signed in with Supabase Auth."""

    auth_user_id: UUID
    is_anonymous: bool = False  # https://supabase.com/docs/guides/auth/auth-anonymous
    level: str = (
        "aal1"  # "aal2" after a second factor: https://supabase.com/docs/guides/auth/auth-mfa
    )

    @property
    def claims(self) -> dict[str, Any]:
        """The claims that `private.current_user_id()` reads."""
        return {
            "role": "authenticated",
            "sub": str(self.auth_user_id),
            "is_anonymous": self.is_anonymous,
            "aal": self.level,
        }


Person = TelegramUser | SupabaseUser
Actor = Service | Person
SERVICE = Service()


class Database(Protocol):
    """What `backend.database.functions` need of a database adapter."""

    async def call(self, function: str, actor: Actor, **arguments: Any) -> Any:
        """Run `api.<function>` as `actor`, and return its JSON result.

        Only for `backend.database.functions`. Raises the Refusal that the function raised, or
        DatabaseUnavailable where nothing happened or the outcome is unknown. Any other error is a
        bug.
        """


# By the names of private.refusals() in SQL. One that has no class here is a bug: a 500.
REFUSALS = {error.code: error for error in errors.tree(errors.Refusal)}

# Text with a NUL character: https://www.postgresql.org/docs/current/datatype-character.html
INVALID_TEXT_SQLSTATES = ("22021", "22P05")

# Classes: connection, rollback (deadlock, serialization), resources, operator, system.
# https://www.postgresql.org/docs/current/errcodes-appendix.html
TRANSIENT_SQLSTATES = ("08", "40", "53", "57", "58")
# A standby, or a server that still recovers, after a failover: it takes no writes yet.
READ_ONLY_SQLSTATE = "25006"
LOCK_NOT_AVAILABLE = "55P03"  # after lock_timeout


def error_from_sqlstate(sqlstate: str, detail: str | None) -> errors.PursebotError | None:
    """Return the error that an SQLSTATE stands for, with the facts of its detail; None for a bug.

    `detail` is the JSON that `private.refuse` writes: `refusal` (the code), and the facts.
    """
    if sqlstate == LOCK_NOT_AVAILABLE:
        return RowsLocked()
    if sqlstate.startswith(TRANSIENT_SQLSTATES) or sqlstate == READ_ONLY_SQLSTATE:
        return DatabaseUnavailable()
    if sqlstate in INVALID_TEXT_SQLSTATES:
        return errors.BadRequest("No text may contain a NUL character.")
    facts: dict[str, Any] = json.loads(detail or "{}") if sqlstate.startswith("PB") else {}
    refusal = REFUSALS.get(facts.pop("refusal", ""))
    if refusal is None:
        return None
    return refusal(**{name: str(value) for name, value in facts.items()})


def call_statement(function: str, arguments: Mapping[str, Any]) -> str:
    """Write a call as SQL: `select api.f(a => $1, b => $2)`.

    Names are not quoted: they are literals of `backend.database.functions`, never input.
    """
    placeholders = ", ".join(
        f"{name} => ${position}" for position, name in enumerate(arguments, start=1)
    )
    return f"select api.{function}({placeholders})"

"""The direct adapter: asyncpg, connected to PostgreSQL or to a pooler.

Roles are set by SQL, because poolers drop a startup parameter. A person's call runs as PostgREST
would run it: begin, set role and claims for this transaction only, call, commit. Service calls use
connections that set their role when they opened, so that a call is one round trip. Behind a pooler
in transaction mode nothing may outlive a transaction: there both set their role inside it, and no
statement is prepared by name.
"""

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import asyncpg
import structlog

from backend.database.connection_pool import Connection, ConnectionPool
from backend.database.connections import NO_CONNECTION, Unreachable, address_kind
from backend.database.functions.organizations import list_organizations_of
from backend.database.locked_organizations import (
    LOCK_MILLISECONDS,
    TRY_MILLISECONDS,
    Line,
    LockedOrganizations,
    StillLocked,
    ids_of,
)
from backend.database.protocol import Actor, Service, call_statement, error_from_sqlstate
from backend.failures import DatabaseUnavailable, RowsLocked

log = structlog.get_logger("backend")

SET_CALLER = "select set_config('role', $1, true), set_config('request.jwt.claims', $2, true)"
SET_LOCK_TIMEOUT = "select set_config('lock_timeout', $1, true)"
CALL_SECONDS = 10
TRANSACTION_MODE = (
    "SUPABASE_DB_URL is a pooler's in transaction mode, where no role outlives a transaction:"
    " set SUPABASE_DB_POOLER=true, or take the address of session mode (Supabase: port 5432)."
)


class PostgresDatabase:
    """The protocol `Database` over two pools: one for people's calls, one for the service's."""

    def __init__(self, members: ConnectionPool, service: ConnectionPool, pooled: bool) -> None:
        """`pooled`: behind a pooler in transaction mode."""
        self._members = members
        self._service = service
        self._pooled = pooled
        self._locked = LockedOrganizations()

    async def call(self, function: str, actor: Actor, **arguments: Any) -> Any:
        """Run `api.<function>` as `actor`; see `Database.call`.

        Raises RowsLocked where something keeps the rows of its organization locked.
        """
        call = Call(function, actor, arguments)
        try:
            answer = await self._try_once(call)
            if isinstance(answer, Line):
                answer = await answer.wait(lambda: self._try_for_a_moment(call))
        except StillLocked as error:
            raise RowsLocked from error
        except asyncpg.PostgresError as error:
            if is_fatal(error):
                raise DatabaseUnavailable from error
            mapped_error = error_from_sqlstate(error.sqlstate or "", error.as_dict().get("detail"))
            if mapped_error is None:
                raise
            raise mapped_error from error
        except Unreachable as error:
            log.warning("database_unreachable", reason=str(error))
            raise DatabaseUnavailable from error
        except NO_CONNECTION as error:  # lost under the call
            raise DatabaseUnavailable from error
        return answer

    async def _try_once(self, call: "Call") -> Any:
        """Run a call; return its result, or the line to wait in where rows are locked."""
        async with self._pool(call).connection() as connection:
            # After the wait for a connection: others may have met the lock meanwhile.
            if (
                self._locked
                and call.waits_for_rows
                and (line := self._locked.find(*await self._keys(connection, call)))
            ):
                return line
            try:
                return await self._run(connection, call)
            except asyncpg.LockNotAvailableError:
                return self._locked.begin(*await self._keys(connection, call))

    async def _try_for_a_moment(self, call: "Call") -> Any:
        """Run a call that waits TRY_MILLISECONDS for locks. Raises StillLocked."""
        try:
            async with self._pool(call).connection() as connection, connection.transaction():
                await connection.execute(SET_LOCK_TIMEOUT, f"{TRY_MILLISECONDS}ms")
                await connection.execute(SET_CALLER, *role_and_claims(call.actor))
                return await connection.fetchval(call.query, *call.arguments.values())
        except asyncpg.LockNotAvailableError as error:
            raise StillLocked from error

    async def _run(self, connection: Connection, call: "Call") -> Any:
        """Run a call on a connection, as its actor."""
        if isinstance(call.actor, Service) and not self._pooled:
            return await connection.fetchval(call.query, *call.arguments.values())
        async with connection.transaction():
            if self._pooled:
                await connection.execute(SET_LOCK_TIMEOUT, f"{LOCK_MILLISECONDS}ms")
            await connection.execute(SET_CALLER, *role_and_claims(call.actor))
            return await connection.fetchval(call.query, *call.arguments.values())

    async def _keys(self, connection: Connection, call: "Call") -> tuple[set[str], bool]:
        """Return what a call's organization is known by, and whether it is about one only.

        People's calls have one and mostly name it; that of the service's calls SQL knows.
        """
        ids = ids_of(call.arguments)
        if not isinstance(call.actor, Service):
            return ids, True
        organizations = await list_organizations_of(
            OneConnection(self._run, connection), ids=sorted(ids),
            notification_id=call.arguments.get("notification_id"),
        )  # fmt: skip
        return set(organizations), len(organizations) == 1

    def _pool(self, call: "Call") -> ConnectionPool:
        return self._service if isinstance(call.actor, Service) else self._members


@dataclass(frozen=True)
class Call:
    """A call of `api.<function>` as somebody."""

    function: str
    actor: Actor
    arguments: dict[str, Any]

    @property
    def waits_for_rows(self) -> bool:
        """Whether it may wait for locks on an organization's rows; the others go on meanwhile."""
        reads = self.function.startswith(("get_", "list_", "has_"))
        return not reads and self.function != "record_failed_event"

    @property
    def query(self) -> str:
        """The call as SQL."""
        return call_statement(self.function, self.arguments)


@dataclass(frozen=True)
class OneConnection:
    """The protocol `Database` over a connection that was lent already."""

    run: Callable[[Connection, Call], Awaitable[Any]]
    connection: Connection

    async def call(self, function: str, actor: Actor, **arguments: Any) -> Any:
        """Run `api.<function>` as `actor`."""
        return await self.run(self.connection, Call(function, actor, arguments))


def role_and_claims(actor: Actor) -> tuple[str, str]:
    """Return the database role and the claims (JSON) of an actor, as PostgREST would set them."""
    if isinstance(actor, Service):
        return "service_role", "{}"
    return "authenticated", json.dumps(actor.claims)


def is_fatal(error: asyncpg.PostgresError) -> bool:
    """Return whether an error ended the connection: the server or a pooler did, not a function."""
    facts = error.as_dict()
    return (facts.get("severity_en") or facts.get("severity")) in ("FATAL", "PANIC")


async def set_json_codec(connection: Connection) -> None:
    """Have arguments and results of type jsonb converted from and to Python values."""
    await connection.set_type_codec(
        "jsonb", schema="pg_catalog", encoder=json.dumps, decoder=json.loads
    )


async def prepare_session(connection: Connection) -> None:
    """Prepare a connection on which settings last: no call waits long for rows that are locked."""
    await set_json_codec(connection)
    await connection.execute(f"set lock_timeout = {LOCK_MILLISECONDS}")


@asynccontextmanager
async def postgres_database(
    url: str, *, pooled: bool = False, size: int = 8
) -> AsyncIterator[PostgresDatabase]:
    """Open both pools at `url`, with `size` connections together.

    Raises DatabaseUnavailable if there is no database, or the address is not what `pooled` says.
    """

    def pool(role: str, max_connections: int) -> ConnectionPool:
        return ConnectionPool(
            url, max_connections,
            None if pooled else role, set_json_codec if pooled else prepare_session,
            command_timeout=CALL_SECONDS,
            statement_cache_size=0 if pooled else 100,
            server_settings={"application_name": "pursebot"},
        )  # fmt: skip

    members = pool("authenticated", size // 2)
    service = pool("service_role", size - size // 2)
    try:
        if not pooled and await address_kind(url) == "transaction":
            raise DatabaseUnavailable(TRANSACTION_MODE)
        async with members.connection(), service.connection():
            pass
        yield PostgresDatabase(members, service, pooled)
    except Unreachable as error:
        raise DatabaseUnavailable(str(error)) from error
    finally:
        await members.close()
        await service.close()

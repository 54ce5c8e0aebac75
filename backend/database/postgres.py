"""The direct adapter: asyncpg, connected to PostgreSQL or to a pooler.

Roles are set by SQL, because poolers drop a startup parameter. A person's call runs as PostgREST
would run it: begin, set role and claims for this transaction only, call, commit. Service calls use
connections that set their role when they opened, so that a call is one round trip. Behind a pooler
in transaction mode nothing may outlive a transaction: there both set their role inside it, and no
statement is prepared by name.
"""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
import structlog

from backend.database.connection_pool import Connection, ConnectionPool
from backend.database.connections import Unreachable, address_kind
from backend.database.protocol import Actor, Service, call_statement, error_from_sqlstate
from backend.failures import DatabaseUnavailable

log = structlog.get_logger("backend")

SET_CALLER = "select set_config('role', $1, true), set_config('request.jwt.claims', $2, true)"
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

    async def call(self, function: str, actor: Actor, **arguments: Any) -> Any:
        """Run `api.<function>` as `actor`; see `Database.call`."""
        pool = self._service if isinstance(actor, Service) else self._members
        query = call_statement(function, arguments)
        try:
            async with pool.connection() as connection:
                if isinstance(actor, Service) and not self._pooled:
                    return await connection.fetchval(query, *arguments.values())
                async with connection.transaction():
                    await connection.execute(SET_CALLER, *role_and_claims(actor))
                    return await connection.fetchval(query, *arguments.values())
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
        except (OSError, TimeoutError, asyncpg.InterfaceError) as error:
            raise DatabaseUnavailable from error


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


@asynccontextmanager
async def postgres_database(
    url: str, *, pooled: bool = False, size: int = 8
) -> AsyncIterator[PostgresDatabase]:
    """Open both pools at `url`, with `size` connections together.

    Raises DatabaseUnavailable if there is no database, or the address is not what `pooled` says.
    """

    def pool(role: str, max_connections: int) -> ConnectionPool:
        return ConnectionPool(
            url, max_connections, None if pooled else role, set_json_codec,
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

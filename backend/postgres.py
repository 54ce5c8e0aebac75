"""The direct way to the database: asyncpg, straight to Postgres.

Member calls run as PostgREST would run them: begin, set role and claims for this transaction only,
call, commit. Service calls use a pool whose role is fixed when it connects, so that they are one
round trip. Behind a pooler in transaction mode nothing may outlive a transaction: there both set
their role inside it, and no statement is prepared by name.
"""

import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import asyncpg

from backend.database import Actor, Service, named, refusal_of
from backend.failures import DatabaseUnavailable

SET_CALLER = "select set_config('role', $1, true), set_config('request.jwt.claims', $2, true)"
CALL_SECONDS = 10


class PostgresDatabase:
    """`Database` over two small asyncpg pools."""

    def __init__(self, members: asyncpg.Pool, service: asyncpg.Pool, pooled: bool) -> None:
        """`pooled`: behind a pooler in transaction mode."""
        self._members = members
        self._service = service
        self._pooled = pooled

    async def call(self, function: str, actor: Actor, **arguments: Any) -> Any:
        """As `Database.call`."""
        query = named(function, arguments)
        if isinstance(actor, Service):
            pool, role, claims = self._service, "service_role", "{}"
        else:
            pool, role, claims = self._members, "authenticated", json.dumps(actor.claims)
        try:
            if pool is self._service and not self._pooled:
                return await pool.fetchval(query, *arguments.values())
            async with pool.acquire() as connection, connection.transaction():
                await connection.execute(SET_CALLER, role, claims)
                return await connection.fetchval(query, *arguments.values())
        except asyncpg.PostgresError as error:
            meant = refusal_of(error.sqlstate or "", error.as_dict().get("detail"))
            if meant is None:
                raise
            raise meant from error
        except (OSError, TimeoutError, asyncpg.InterfaceError) as error:
            raise DatabaseUnavailable from error


async def speak_json(connection: "asyncpg.Connection[Any]") -> None:
    """Arguments and answers of type jsonb are plain Python values."""
    await connection.set_type_codec(
        "jsonb", schema="pg_catalog", encoder=json.dumps, decoder=json.loads
    )


@asynccontextmanager
async def postgres_database(url: str, *, pooled: bool = False) -> AsyncIterator[PostgresDatabase]:
    """Open both pools at `url`; raises DatabaseUnavailable if nobody answers there."""

    def pool(role: str) -> asyncpg.Pool:
        return asyncpg.create_pool(
            url,
            min_size=1,
            max_size=8,
            init=speak_json,
            command_timeout=CALL_SECONDS,
            statement_cache_size=0 if pooled else 100,
            server_settings=None if pooled else {"role": role, "application_name": "pursebot"},
        )

    async with AsyncExitStack() as stack:
        try:
            members = await stack.enter_async_context(pool("authenticated"))
            service = await stack.enter_async_context(pool("service_role"))
        except (OSError, TimeoutError, asyncpg.PostgresError) as error:
            raise DatabaseUnavailable(f"The database is not available: {error}") from error
        yield PostgresDatabase(members, service, pooled)

"""Two concurrent callers: the first commits once the second waits, or is done."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import asyncpg

from backend.database.postgres import SET_CALLER, set_json_codec
from backend.database.protocol import Actor, Service, call_statement, error_from_sqlstate

if TYPE_CHECKING:
    Connection = asyncpg.Connection[Any]
else:
    Connection = asyncpg.Connection

Call = tuple[Actor, str, dict[str, Any]]
PATIENCE_SECONDS = 20.0
POLL_SECONDS = 0.01


@dataclass(frozen=True)
class Met:
    """The meeting of two callers: whether the second waited, and the answer of each."""

    waited: bool
    first: Any
    second: Any


@asynccontextmanager
async def session(url: str) -> AsyncIterator[Connection]:
    """Open a connection of the owner's, in a transaction that ends with the block."""
    connection = await asyncpg.connect(url)
    try:
        await set_json_codec(connection)
        transaction = connection.transaction()
        await transaction.start()
        yield connection
        await transaction.commit()
    finally:
        await connection.close()


async def call(connection: Connection, actor: Actor, function: str, **arguments: Any) -> Any:
    """Call `api.<function>` in the connection's transaction, as the backend does for `actor`.

    A refusal of ours is returned, as the exception that the backend raises.
    """
    role, claims = ("service_role", "{}") if isinstance(actor, Service) else (
        "authenticated", json.dumps(actor.claims),
    )  # fmt: skip
    await connection.execute(SET_CALLER, role, claims)
    try:
        return await connection.fetchval(call_statement(function, arguments), *arguments.values())
    except asyncpg.PostgresError as error:
        mapped_error = error_from_sqlstate(error.sqlstate or "", error.as_dict().get("detail"))
        if mapped_error is None:
            raise
        return mapped_error


async def waits(owner: Connection, pid: int, task: "asyncio.Task[Any]") -> bool:
    """Poll until server process `pid` waits for a lock (True), or its `task` is done (False)."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not task.done():
            if await owner.fetchval("select cardinality(pg_blocking_pids($1)) > 0", pid):
                return True
            await asyncio.sleep(POLL_SECONDS)
    return False


async def meet(url: str, owner: Connection, first: Call, second: Call) -> Met:
    """Make the first call, then the second before the first is committed; return how they met."""
    async with session(url) as one, session(url) as other:
        actor, function, arguments = first
        answered = await call(one, actor, function, **arguments)
        actor, function, arguments = second
        pid = await other.fetchval("select pg_backend_pid()")
        coming = asyncio.create_task(call(other, actor, function, **arguments))
        waited = await waits(owner, pid, coming)
        await one.execute("reset role")
        await one.execute("commit")
        await one.execute("begin")  # for the block's own end
        return Met(waited, answered, await coming)

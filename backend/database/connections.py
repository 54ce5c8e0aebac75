"""Opening connections to PostgreSQL, and finding out what kind of address they lead to.

Nothing here is prepared by name or outlives its transaction, so that all of it works behind a
pooler in session or transaction mode.
"""

import asyncio
import errno
import socket
import time
from contextlib import AsyncExitStack
from typing import Any, Literal

import asyncpg

from backend.database.connection_refusals import find_connection_refusal

CONNECT_SECONDS = 5
PATIENCE_SECONDS = 4  # how long a refusal that may pass is waited for
PAUSE_SECONDS = 0.2

Kind = Literal["direct", "session", "transaction"]


class Unreachable(Exception):
    """A connection that could not be opened: `reason` says why, `fix` what to do."""

    def __init__(self, error: BaseException) -> None:
        """`error` is what connecting raised.

        The text of a ValueError is left out: it has the address.
        """
        sentence = str(error) or type(error).__name__
        refusal = find_connection_refusal(code_of(error), sentence)
        self.is_transient = refusal.is_transient or isinstance(error, OSError)
        self.fix = refusal.fix
        message = sentence.strip().rstrip(".")
        self.reason = f"The database is not available: {message}."
        if isinstance(error, ValueError | OverflowError):  # its text contains the password
            self.reason = "SUPABASE_DB_URL is not an address."
            self.fix = (
                "Write postgresql://user:password@host:5432/name."
                " Special characters of the password are written as %40 and the like."
            )
        super().__init__(f"{self.reason} {self.fix}")


def code_of(error: BaseException) -> str | None:
    """Return the SQLSTATE of an answer, or the name of the system's error (ENETUNREACH)."""
    if isinstance(error, OSError) and not isinstance(error, socket.gaierror) and error.errno:
        return errno.errorcode.get(error.errno)
    sqlstate: str | None = getattr(error, "sqlstate", None)
    return sqlstate


NO_CONNECTION = (
    OSError,
    TimeoutError,
    ValueError,
    OverflowError,  # a port that is none
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
)


async def connect(url: str) -> "asyncpg.Connection[Any]":
    """Open a connection as the login role of the address.

    A transient refusal, such as a full pool, is retried for PATIENCE_SECONDS. Raises Unreachable.
    """
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            return await asyncpg.connect(url, timeout=CONNECT_SECONDS, statement_cache_size=0)
        except NO_CONNECTION as error:
            refused = Unreachable(error)
            full = refused.is_transient and not isinstance(error, OSError)
            if not full or time.monotonic() > deadline:
                is_unspeakable = isinstance(error, ValueError | OverflowError)
                raise refused from (None if is_unspeakable else error)
        await asyncio.sleep(PAUSE_SECONDS)


async def backend_pid(connection: "asyncpg.Connection[Any]") -> int:
    """Return the id of the server process that runs the next transaction."""
    async with connection.transaction():
        pid: int = await connection.fetchval("select pg_backend_pid()")
        return pid


async def address_kind(url: str) -> Kind:
    """Find out whether an address is PostgreSQL's own or a pooler's, and in which mode.

    A pooler greets with a process id of its own making. In transaction mode a second client is
    served by the process that has just served the first, which stays connected; in session mode
    that process belongs to the first as long as it stays. Raises Unreachable, also where the server
    ends a connection meanwhile.
    """
    try:
        return await _find_kind(url)
    except NO_CONNECTION as error:
        raise Unreachable(error) from error


async def _find_kind(url: str) -> Kind:
    async with AsyncExitStack() as stack:
        first = await connect(url)
        stack.push_async_callback(first.close)
        served_by = await backend_pid(first)
        if served_by == first.get_server_pid():
            return "direct"
        second = await connect(url)
        stack.push_async_callback(second.close)
        for _ in range(5):  # others may be served in between
            if await backend_pid(second) == await backend_pid(first):
                return "transaction"
        return "session"

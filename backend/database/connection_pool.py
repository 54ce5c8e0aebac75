"""A pool of asyncpg connections that are opened when needed and shared by many calls.

asyncpg's own pool does not fit: where a pooler refuses one more connection it asks for that one
again and again while another is idle, and it closes connections without resetting their role.
"""

import asyncio
import time
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING, Any

import asyncpg

from backend.database.connections import CONNECT_SECONDS, NO_CONNECTION, Unreachable

if TYPE_CHECKING:
    Connection = asyncpg.Connection[asyncpg.Record]
else:
    Connection = asyncpg.Connection

WAIT_SECONDS = 10  # for a connection, before the call is refused
INITIAL_BACKOFF_SECONDS = 0.1  # before a refused connection is opened again; it doubles each time
IDLE_SECONDS = 60  # after which a connection is tested before it is lent again
CLOSE_SECONDS = 1  # for a test, for `reset role`, and for closing


class ConnectionPool:
    """At most `size` connections, each with `role` from when it opens (None: the login role).

    A connection resets what it has set before it closes: a pooler in session mode may give the
    server process to another client without `discard all`.
    """

    def __init__(
        self,
        url: str,
        size: int,
        role: str | None,
        prepare: Callable[[Connection], Awaitable[None]],
        **options: Any,
    ) -> None:
        """`prepare` sets up a new connection; `options` are those of `asyncpg.connect`."""
        self._url, self._role, self._prepare, self._options = url, role, prepare, options
        self._permits = asyncio.Semaphore(size)
        self._idle: list[tuple[Connection, float]] = []  # and since when, by time.monotonic()
        # Calls that were refused a new connection and wait for one that another call returns.
        self._refused: deque[asyncio.Future[Connection]] = deque()
        self._closing: set[asyncio.Task[None]] = set()

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[Connection]:
        """Lend a connection for the block. Raises Unreachable if there is none within WAIT_SECONDS.

        A connection on which anything but a PostgresError was raised is closed: its state is not
        known. So is one that takes no writes.
        """
        connection = await self._borrow()
        sound = False
        try:
            yield connection
            sound = True
        except asyncpg.PostgresError as error:
            # The server answered; after anything else the state is not known. One that takes no
            # writes, for new connections it may take them again.
            sound = not isinstance(error, asyncpg.ReadOnlySQLTransactionError)
            raise
        finally:
            if sound and not connection.is_closed() and not connection.is_in_transaction():
                self._give_back(connection)
            else:
                self._close_in_background(connection)
            self._permits.release()

    async def close(self) -> None:
        """Close idle connections; one that is lent closes when its block or the process ends."""
        while self._idle:
            self._close_in_background(self._idle.pop()[0])
        await asyncio.gather(*self._closing, return_exceptions=True)

    async def _borrow(self) -> Connection:
        deadline = time.monotonic() + WAIT_SECONDS
        try:
            async with asyncio.timeout(WAIT_SECONDS):
                await self._permits.acquire()
        except TimeoutError:
            raise Unreachable(TimeoutError("all connections of this process are in use")) from None
        try:
            return await self._open_or_reuse(deadline)
        except BaseException:
            self._permits.release()
            raise

    def _give_back(self, connection: Connection) -> None:
        """Hand a connection to the oldest call that was refused a new one, or keep it as idle."""
        while self._refused:
            waiter = self._refused.popleft()
            if not waiter.done():
                waiter.set_result(connection)
                return
        self._idle.append((connection, time.monotonic()))

    async def _open_or_reuse(self, deadline: float) -> Connection:
        pause = INITIAL_BACKOFF_SECONDS
        while True:
            while self._idle:
                connection, since = self._idle.pop()
                if await self._is_usable(connection, since):
                    return connection
            try:
                return await self._open()
            except NO_CONNECTION as error:
                refused = Unreachable(error)
                if not refused.is_transient or time.monotonic() + pause > deadline:
                    raise refused from error
            if returned := await self._wait_for_returned(pause):
                return returned
            pause *= 2

    async def _wait_for_returned(self, seconds: float) -> Connection | None:
        """Wait for a connection that another call returns, at most so many seconds."""
        waiter: asyncio.Future[Connection] = asyncio.get_running_loop().create_future()
        self._refused.append(waiter)
        try:
            await asyncio.wait([waiter], timeout=seconds)
        except asyncio.CancelledError:
            if not waiter.cancel():
                self._give_back(waiter.result())
            raise
        return None if waiter.cancel() else waiter.result()

    async def _open(self) -> Connection:
        connection: Connection = await asyncpg.connect(
            self._url, timeout=CONNECT_SECONDS, **self._options
        )
        try:
            await self._prepare(connection)
            if self._role:
                await connection.execute(f"set role {self._role}")
        except BaseException:
            connection.terminate()
            raise
        return connection

    async def _is_usable(self, connection: Connection, since: float) -> bool:
        """Return whether a connection still works; a proxy in between may have dropped it silently.

        It is tested after IDLE_SECONDS only, which saves a round trip on busy connections.
        """
        if connection.is_closed():
            return False
        if time.monotonic() - since > IDLE_SECONDS:
            try:
                await connection.execute("select", timeout=CLOSE_SECONDS)
            except NO_CONNECTION:
                connection.terminate()
                return False
        return True

    def _close_in_background(self, connection: Connection) -> None:
        """Start closing a connection, so that the caller does not wait for it."""
        task = asyncio.create_task(self._close(connection))
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)

    async def _close(self, connection: Connection) -> None:
        with suppress(*NO_CONNECTION):
            if self._role and not connection.is_closed():
                await connection.execute("reset role; reset all", timeout=CLOSE_SECONDS)
        with suppress(*NO_CONNECTION):
            await connection.close(timeout=CLOSE_SECONDS)

"""A few connections for many calls: opened when needed, waited for when there are no more.

asyncpg's own pool would do, but where a pooler refuses one more connection it asks for that one
again and again while another lies idle; and what it drops, it drops without giving its role back.
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

WAIT_SECONDS = 10  # for a connection, before a caller is told to come again
INITIAL_BACKOFF_SECONDS = 0.1  # before a refused connection is asked for again; then it doubles
IDLE_SECONDS = 60  # after which a connection is asked whether it still stands
CLOSE_SECONDS = 1


class ConnectionPool:
    """At most `size` connections, acting as `role` from when they open (None: as the login).

    A connection gives its role back before it closes: a pooler in session mode may give its server
    process to somebody else, and need not have it forget what was set.
    """

    def __init__(
        self,
        url: str,
        size: int,
        role: str | None,
        prepare: Callable[[Connection], Awaitable[None]],
        **options: Any,
    ) -> None:
        """`prepare` makes a new connection ready; `options` are those of `asyncpg.connect`."""
        self._url, self._role, self._prepare, self._options = url, role, prepare, options
        self._permits = asyncio.Semaphore(size)
        self._idle: list[tuple[Connection, float]] = []  # and since when, by time.monotonic()
        self._refused: deque[asyncio.Future[Connection]] = deque()  # who waits for another's
        self._closing: set[asyncio.Task[None]] = set()

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[Connection]:
        """Borrow one. Raises Unreachable where none can be had in WAIT_SECONDS."""
        connection = await self._borrow()
        sound = False
        try:
            yield connection
            sound = True
        except asyncpg.PostgresError:
            sound = True  # an answer; what comes instead of one leaves nobody knows what
            raise
        finally:
            if sound and not connection.is_closed() and not connection.is_in_transaction():
                self._give_back(connection)
            else:
                self._close_in_background(connection)
            self._permits.release()

    async def close(self) -> None:
        """Close what is idle; what is borrowed closes when it comes back, or with the process."""
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
        """Whoever was refused one comes first: they have waited longest."""
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
        """A connection that somebody gives back within so many seconds."""
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
        """Whether it may be used: what is between may have forgotten it silently."""
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
        """Close it while nobody waits for that."""
        task = asyncio.create_task(self._close(connection))
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)

    async def _close(self, connection: Connection) -> None:
        with suppress(*NO_CONNECTION):
            if self._role and not connection.is_closed():
                await connection.execute("reset role", timeout=CLOSE_SECONDS)
        with suppress(*NO_CONNECTION):
            await connection.close(timeout=CLOSE_SECONDS)

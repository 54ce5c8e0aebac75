"""Keeping PostgreSQL running: started again, with its data, whenever it has died."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from sandbox.postgres.cluster import EmbeddedPostgres, log_of
from sandbox.postgres.programs import PostgresFailed
from sandbox.postgres.server_process import is_running, start_server
from sandbox.runner.processes import Output, beside

CHECK_EVERY = 0.25  # seconds
MAX_ENDS = 5  # within ENDS_WITHIN seconds; then something is wrong that no start removes
ENDS_WITHIN = 60.0


@asynccontextmanager
async def postgres_running(
    server: EmbeddedPostgres, data: Path, output: Output
) -> AsyncIterator[None]:
    """Start the server on `data` again whenever it dies during the block, and say so.

    Where that fails, the block is ended, and PostgresFailed raised.
    """
    async with beside(_start_again(server, data, output)):
        yield


async def _start_again(server: EmbeddedPostgres, data: Path, output: Output) -> None:
    loop, ends, log = asyncio.get_running_loop(), list[float](), log_of(data)
    while True:
        await _until_gone(data)
        ends = [end for end in ends if end > loop.time() - ENDS_WITHIN] + [loop.time()]
        if len(ends) >= MAX_ENDS:
            raise PostgresFailed(
                f"PostgreSQL ended {len(ends)} times within a minute, so everything was stopped;"
                f" its data is kept. Its log: {log}"
            )
        output(f"PostgreSQL ended; starting it again, with all its data. Its log: {log}")
        # Not while we are stopped in the middle of it: what it starts would be left behind.
        starting = asyncio.ensure_future(
            asyncio.to_thread(start_server, data, server.socket_folder, log, throwaway=False)
        )
        try:
            await asyncio.shield(starting)
        except asyncio.CancelledError:
            await asyncio.wait([starting])
            raise
        except (PostgresFailed, OSError) as failed:
            raise PostgresFailed(
                "PostgreSQL ended and cannot be started again, so everything was stopped; its data"
                f" is kept in {data}. {failed}"
            ) from None


async def _until_gone(data: Path) -> None:
    """Wait until the server's first process, which all others depend on, has ended.

    Its id is read now: the pid file can be lost or be another's later.
    """
    try:
        process = int((data / "postmaster.pid").read_text().splitlines()[0])
    except (OSError, ValueError, IndexError):
        return  # it has ended already
    while is_running(process, data):  # noqa: ASYNC110 (no event says that it ended)
        await asyncio.sleep(CHECK_EVERY)

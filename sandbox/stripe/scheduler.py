"""A scheduler of acts at a given time: deliveries, expiries, delayed payments.

What is due is in the store as well, so that it is scheduled again after a restart.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable


class Scheduler:
    """A task for each scheduled act; closing it drops them all."""

    def __init__(self) -> None:
        """Begin without any task."""
        self._tasks: set[asyncio.Task[None]] = set()

    def at(self, when: float, act: Callable[[], Awaitable[None]]) -> None:
        """Run `act` at `when` (seconds of the epoch), at once if that is past."""
        task = asyncio.create_task(_run(when, act))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def close(self) -> None:
        """Drop what is still to come, and wait until nothing runs."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


async def _run(when: float, act: Callable[[], Awaitable[None]]) -> None:
    await asyncio.sleep(when - time.time())
    await act()

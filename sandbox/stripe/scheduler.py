"""Things to do at a given time: deliveries, expiries, delayed payments.

What is due is always in the store as well, so that a restart can schedule it again.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable


class Scheduler:
    """One small task for each thing to do; closing it forgets them all."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[None]] = set()

    def at(self, when: float, act: Callable[[], Awaitable[None]]) -> None:
        """Run `act` at `when` (seconds of the epoch), at once if that is past."""
        task = asyncio.create_task(_run(when, act))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def close(self) -> None:
        """Drop whatever is to come and wait until nothing runs."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


async def _run(when: float, act: Callable[[], Awaitable[None]]) -> None:
    await asyncio.sleep(when - time.time())
    await act()

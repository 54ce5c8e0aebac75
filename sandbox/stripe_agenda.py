"""Things to do at a given time: retries, expiries, delayed payments.

What is due is always in the store as well, so that a restart can put it back on the agenda.
"""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable

log = logging.getLogger(__name__)


class Agenda:
    """One small task for each thing to come; closing it forgets them all."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[None]] = set()

    def at(self, when: float, act: Callable[[], Awaitable[None]]) -> None:
        """Run `act` at `when` (seconds of the epoch), at once if that is past."""
        task = asyncio.create_task(self._run(when, act))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _run(self, when: float, act: Callable[[], Awaitable[None]]) -> None:
        try:
            await asyncio.sleep(when - time.time())
            await act()
        except Exception:
            log.exception("something on the agenda of the local Stripe failed")

    async def close(self) -> None:
        """Drop whatever is to come and wait until nothing runs."""
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

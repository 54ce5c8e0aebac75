"""Claiming work from the backend, for as long as the process runs.

The backend keeps the queues; a claim that is never answered runs out and is handed out again. So
nothing is kept here, and a crash loses nothing.
"""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from typing import Final, TypeVar

import structlog

from bot.backend_api.errors import BackendError

Claimed = TypeVar("Claimed")

log = structlog.get_logger("bot")

WAIT_SECONDS: Final = 20
AT_ONCE: Final = 16
SHORTEST_PAUSE, LONGEST_PAUSE = 0.5, 30.0  # between claims while the backend is away
SECONDS_TO_FINISH: Final = 1.5  # for what was begun when the process is told to stop


async def work_off(
    claim: Callable[[int], Awaitable[Sequence[Claimed]]],
    handle: Callable[[Claimed], Coroutine[None, None, None]],
) -> None:
    """Claim and handle, many at once, until cancelled; then finish what was begun."""
    begun: set[asyncio.Task[None]] = set()
    try:
        while True:
            for each in await patiently(claim):
                task = asyncio.create_task(handle(each))
                begun.add(task)
                task.add_done_callback(begun.discard)
            while len(begun) >= AT_ONCE:
                await asyncio.wait(begun, return_when=asyncio.FIRST_COMPLETED)
    finally:
        if begun:
            await asyncio.wait(begun, timeout=SECONDS_TO_FINISH)


async def patiently(claim: Callable[[int], Awaitable[Sequence[Claimed]]]) -> Sequence[Claimed]:
    """What there is to do, once there is something and the backend is there to say it."""
    pause = SHORTEST_PAUSE
    while True:
        try:
            claimed = await claim(WAIT_SECONDS)
        except BackendError as error:
            if pause == SHORTEST_PAUSE:
                log.warning("backend_lost", reason=str(error))
            await asyncio.sleep(pause)
            pause = min(2 * pause, LONGEST_PAUSE)
            continue
        if pause > SHORTEST_PAUSE:
            log.info("backend_found")
        return claimed

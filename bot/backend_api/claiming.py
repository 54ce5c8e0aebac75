"""Claiming work from the backend's queues, for as long as the process runs.

The backend stores the queues; a claim that is never reported expires and is handed out again. So
nothing is stored here, and a crash loses nothing.
"""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from typing import Final, TypeVar

import structlog

from bot.backend_api.errors import BackendError, SecretRefused

Claimed = TypeVar("Claimed")

log = structlog.get_logger("bot")

WAIT_SECONDS: Final = 20  # for work, at the backend
AT_ONCE: Final = 16
MIN_PAUSE, MAX_PAUSE = 0.5, 30.0  # seconds between claims while the backend is away
SECONDS_TO_FINISH: Final = 1.5  # for what was begun when the process is to stop


async def process_claims(
    claim: Callable[[int], Awaitable[Sequence[Claimed]]],
    handle: Callable[[Claimed], Coroutine[None, None, None]],
    at_once: int = AT_ONCE,
) -> None:
    """Claim and handle work, `at_once` items in parallel, until cancelled; then finish those begun.

    `claim` takes for how many seconds it may wait for work, and raises BackendError; `handle`
    raises nothing.
    """
    tasks: set[asyncio.Task[None]] = set()
    try:
        while True:
            for claimed in await claim_with_backoff(claim):
                task = asyncio.create_task(handle(claimed))
                tasks.add(task)
                task.add_done_callback(tasks.discard)
            while len(tasks) >= at_once:
                await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        if tasks:
            await asyncio.wait(tasks, timeout=SECONDS_TO_FINISH)


async def claim_with_backoff(
    claim: Callable[[int], Awaitable[Sequence[Claimed]]],
) -> Sequence[Claimed]:
    """Claim until the backend answers; return the claimed items."""
    pause = MIN_PAUSE
    while True:
        try:
            claimed = await claim(WAIT_SECONDS)
        except BackendError as error:
            if pause == MIN_PAUSE and isinstance(error, SecretRefused):
                log.error("backend_unreachable", reason=str(error))
            elif pause == MIN_PAUSE:
                log.warning("backend_unreachable", reason=str(error))
            await asyncio.sleep(pause)
            pause = min(2 * pause, MAX_PAUSE)
            continue
        if pause > MIN_PAUSE:
            log.info("backend_reachable")
        return claimed

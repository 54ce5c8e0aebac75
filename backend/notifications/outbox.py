"""The outbox: notifications that the bot claims, and what became of them."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from backend.database.functions import notifications
from backend.database.protocol import Database
from backend.metrics import Metrics
from backend.schemas import ClaimedNotifications, Notification, NotificationResult

Item = TypeVar("Item")

CLAIM_LIMIT = 30  # Telegram's limit for one second
RECHECK_SECONDS = 0.5  # retries fall due and rates free up without a wakeup


class Wakeup:
    """Wakes long polls of this process after a commit that may have queued something.

    It is a hint only: what there is to send is in the database.
    """

    def __init__(self) -> None:
        """Start without a pending wakeup."""
        self._event = asyncio.Event()

    def wake(self) -> None:
        """Wake all that wait, or else the next to wait."""
        self._event.set()

    async def wait(self, seconds: float) -> None:
        """Wait for the next wakeup, at most `seconds`."""
        try:
            async with asyncio.timeout(seconds):
                await self._event.wait()
        except TimeoutError:
            return
        self._event.clear()


async def claim_notifications(
    database: Database, wakeup: Wakeup, seconds: float, is_waiting: Callable[[], bool]
) -> ClaimedNotifications:
    """Claim what may be sent now; wait up to `seconds` for something while `is_waiting()`."""

    async def fetch() -> list[Notification]:
        return await notifications.claim_notifications(database, max_rows=CLAIM_LIMIT)

    return ClaimedNotifications(
        notifications=await wait_for_items(fetch, wakeup, seconds, is_waiting)
    )


async def wait_for_items(
    fetch: Callable[[], Awaitable[list[Item]]],
    wakeup: Wakeup,
    seconds: float,
    is_waiting: Callable[[], bool],
) -> list[Item]:
    """Return what `fetch` returns as soon as it is not empty; [] after `seconds`.

    It is called at once, after each wakeup, and every RECHECK_SECONDS; never after `is_waiting()`
    is false, so that nothing is claimed for a client that has gone.
    """
    clock = asyncio.get_running_loop()
    deadline = clock.time() + seconds
    while is_waiting():
        items = await fetch()
        left = deadline - clock.time()
        if items or left <= 0:
            return items
        await wakeup.wait(min(left, RECHECK_SECONDS))
    return []


async def finish_notification(
    database: Database,
    wakeup: Wakeup,
    metrics: Metrics,
    notification_id: int,
    result: NotificationResult,
) -> None:
    """Record the outcome of a claimed notification; nothing changes where the claim had run out."""
    finished = await notifications.finish_notification(
        database,
        notification_id=notification_id,
        claim=result.claim,
        outcome=result.outcome,
        message_id=result.message_id,
        retry_after=result.retry_after,
        new_chat_id=result.new_chat_id,
        reason=result.reason,
    )
    if finished.seconds_since_paid is not None:
        metrics.payment_to_chat.observe(finished.seconds_since_paid)
    wakeup.wake()  # a retry, or the chat's next notification, may be due

"""The outbox for the bot: hand out notifications, record what became of them."""

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
    """Wakes a long poll after a commit that may have queued something.

    It is only a hint within this process; what there is to tell stands in the database.
    """

    def __init__(self) -> None:
        """Start asleep."""
        self._event = asyncio.Event()

    def wake(self) -> None:
        """Wake whoever waits."""
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
    """Return what `fetch` has, at once or after a wakeup; nothing after `seconds`."""
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
    """Write down what became of a claim; nothing changes when the claim had run out."""
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
    wakeup.wake()  # a retry may be due, and the chat's next may go

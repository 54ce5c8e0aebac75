"""The outbox's door for the bot: hand out what to tell, hear what became of it."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from backend.database.functions import notifications
from backend.database.protocol import Database
from backend.metrics import Metrics
from backend.schemas import ClaimedNotifications, Notification, NotificationResult

Found = TypeVar("Found")

CLAIM_AT_MOST = 30  # Telegram's limit for one second
LOOK_AGAIN_SECONDS = 0.5  # retries fall due and rates free up without anybody ringing


class Bell:
    """Rung after a commit that may have queued something, so that nobody waits for the next look.

    It is only a hint within this process; what there is to tell stands in the database.
    """

    def __init__(self) -> None:
        """Nobody has rung yet."""
        self._rung = asyncio.Event()

    def ring(self) -> None:
        """Wake whoever waits."""
        self._rung.set()

    async def wait(self, seconds: float) -> None:
        """Until the bell rings, at most `seconds`."""
        try:
            async with asyncio.timeout(seconds):
                await self._rung.wait()
        except TimeoutError:
            return
        self._rung.clear()


async def claim(
    database: Database, bell: Bell, seconds: float, still_waits: Callable[[], bool]
) -> ClaimedNotifications:
    """What the bot may send now; waits up to `seconds` for something while `still_waits`."""

    async def look() -> list[Notification]:
        return await notifications.claim_notifications(database, most=CLAIM_AT_MOST)

    return ClaimedNotifications(notifications=await until_some(look, bell, seconds, still_waits))


async def until_some(
    look: Callable[[], Awaitable[list[Found]]],
    bell: Bell,
    seconds: float,
    still_waits: Callable[[], bool],
) -> list[Found]:
    """What `look` finds, at once or when the bell has rung; nothing after `seconds`."""
    clock = asyncio.get_running_loop()
    deadline = clock.time() + seconds
    while still_waits():
        found = await look()
        left = deadline - clock.time()
        if found or left <= 0:
            return found
        await bell.wait(min(left, LOOK_AGAIN_SECONDS))
    return []


async def finish(
    database: Database,
    bell: Bell,
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
    bell.ring()  # a retry may be due, and the chat's next may go

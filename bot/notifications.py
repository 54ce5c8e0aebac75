"""The delivery worker: claims what the backend wants told, tells it, and reports what came of it.

The backend keeps the queue, the rates and the retries; a claim that is never reported runs out and
is handed out again. So nothing is kept here, and a crash loses nothing.
"""

import asyncio
from collections.abc import Callable
from typing import Final

import structlog
from telegram import Bot
from telegram.error import TelegramError

from backend.schemas import Notification, NotificationResult, Payment
from bot.backend_calls import BackendError
from bot.backend_client import BackendClient
from bot.chat_order import ChatTurns
from bot.outcomes import result_of
from bot.payment_message import credited_screen, payment_screen
from bot.screens import Screen
from bot.texts import Texts, Words

log = structlog.get_logger("bot")

WAIT_SECONDS: Final = 20
AT_ONCE: Final = 16
SHORTEST_PAUSE, LONGEST_PAUSE = 0.5, 30.0  # between claims while the backend is away
SECONDS_TO_FINISH: Final = 1.5  # for what is being delivered when the process is told to stop


def about_payment(
    screen: Callable[[Payment, Words], Screen],
) -> Callable[[Notification, Words], Screen]:
    """A screen of a payment, for the notification that carries one."""

    def shown(notification: Notification, words: Words) -> Screen:
        if notification.payment is None:
            raise ValueError(f"{notification.kind} without its payment")
        return screen(notification.payment, words)

    return shown


def credit_told(notification: Notification, words: Words) -> Screen:
    """To another member, or to a group: their ids are negative, and no button works there."""
    screen = about_payment(credited_screen)(notification, words)
    return screen if notification.chat_id > 0 else Screen(screen.text)


SCREENS: Final[dict[str, Callable[[Notification, Words], Screen]]] = {
    "payment_shown": about_payment(payment_screen),
    "wallet_credited": credit_told,
}


class DeliveryWorker:
    """Delivers to many chats at once and to each chat one message after the other."""

    def __init__(self, bot: Bot, backend: BackendClient, texts: Texts) -> None:
        """`bot` must be initialized."""
        self._bot, self._backend, self._texts = bot, backend, texts
        self._chats = ChatTurns()
        self._deliveries: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        """Deliver until cancelled; then finish what is on its way."""
        try:
            while True:
                for notification in await self._claim():
                    delivery = asyncio.create_task(self._deliver(notification))
                    self._deliveries.add(delivery)
                    delivery.add_done_callback(self._deliveries.discard)
                while len(self._deliveries) >= AT_ONCE:
                    await asyncio.wait(self._deliveries, return_when=asyncio.FIRST_COMPLETED)
        finally:
            if self._deliveries:
                await asyncio.wait(self._deliveries, timeout=SECONDS_TO_FINISH)

    async def _claim(self) -> list[Notification]:
        """What to deliver next, once there is something and the backend is there to say it."""
        pause = SHORTEST_PAUSE
        while True:
            try:
                claimed = await self._backend.claim(WAIT_SECONDS)
            except BackendError as error:
                if pause == SHORTEST_PAUSE:
                    log.warning("backend_lost", reason=str(error))
                await asyncio.sleep(pause)
                pause = min(2 * pause, LONGEST_PAUSE)
                continue
            if pause > SHORTEST_PAUSE:
                log.info("backend_found")
            return claimed.notifications

    async def _deliver(self, notification: Notification) -> None:
        async with self._chats.turn(notification.chat_id):
            try:
                message_id = await self._show(notification)
                result = NotificationResult(
                    claim=notification.claim, outcome="delivered", message_id=message_id
                )
            except TelegramError as error:
                result = result_of(error, notification.claim, notification.message_id)
            except Exception:
                log.exception("crashed", notification=notification.id)
                result = NotificationResult(claim=notification.claim, outcome="retry")
            await self._report(notification, result)

    async def _show(self, notification: Notification) -> int:
        """Edit the message, or send a new one; answers where it stands."""
        words = self._texts.words(notification.language, notification.time_zone)
        screen = SCREENS[notification.kind](notification, words)
        if notification.message_id is not None:
            await self._bot.edit_message_text(
                screen.text,
                notification.chat_id,
                notification.message_id,
                reply_markup=screen.keyboard,
            )
            return notification.message_id
        text = screen.text
        if notification.repeat:
            text += "\n" + words.say("payment.sent_again")
        sent = await self._bot.send_message(
            notification.chat_id,
            text,
            reply_markup=screen.keyboard,
            message_thread_id=notification.message_thread_id,
            disable_notification=notification.silent,
        )
        return sent.message_id

    async def _report(self, notification: Notification, result: NotificationResult) -> None:
        facts = {"notification": notification.id, "kind": notification.kind}
        facts |= result.model_dump(include={"outcome", "reason"}, exclude_none=True)
        try:
            await self._backend.report(notification.id, result)
        except BackendError as error:  # the claim runs out, and it comes again
            log.warning("not_reported", error=str(error), **facts)
        else:
            log.info("notified", **facts)

"""The delivery worker: claims notifications, shows them, and reports what Telegram answered.

The backend keeps the queue, the rates and the retries.
"""

from dataclasses import replace

import structlog
from telegram import Bot
from telegram.error import TelegramError

from backend.schemas import Notification, NotificationResult
from bot.backend_api.client import BackendClient
from bot.backend_api.errors import BackendError
from bot.backend_api.work_queues import process_claims
from bot.delivery.screens import notification_screen
from bot.locales import keys
from bot.locales.texts import Texts
from bot.telegram.chat_order import ChatTurns
from bot.telegram.messages import edit_message, send_message
from bot.telegram.outcomes import result_of

log = structlog.get_logger("bot")


class DeliveryWorker:
    """Delivers to many chats at once and to each chat one message after the other."""

    def __init__(self, bot: Bot, backend: BackendClient, texts: Texts) -> None:
        """`bot` must be initialized."""
        self._bot, self._backend, self._texts = bot, backend, texts
        self._chats = ChatTurns()

    async def run(self) -> None:
        """Deliver until cancelled; then finish what is on its way."""
        await process_claims(self._claim, self._deliver)

    async def _claim(self, wait: int) -> list[Notification]:
        return (await self._backend.claim_notifications(wait)).notifications

    async def _deliver(self, notification: Notification) -> None:
        """Show a notification when it is its chat's turn, and report the result."""
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
        """Edit the message, or send a new one; return the id of the message that shows it."""
        translator = self._texts.translator(notification.language, notification.time_zone)
        screen = notification_screen(notification, translator)
        chat_id, message_id = notification.chat_id, notification.message_id
        if message_id is not None:
            await edit_message(self._bot, chat_id, message_id, screen)
            return message_id
        if notification.repeat:
            repeated = translator.html(keys.Payment.SENT_AGAIN)
            screen = replace(screen, text=f"{screen.text}\n{repeated}")
        message = await send_message(
            self._bot,
            chat_id,
            screen,
            thread_id=notification.message_thread_id,
            silent=notification.silent,
        )
        return message.message_id

    async def _report(self, notification: Notification, result: NotificationResult) -> None:
        facts = {"notification": notification.id, "kind": notification.kind}
        facts |= result.model_dump(include={"outcome", "reason"}, exclude_none=True)
        try:
            await self._backend.report_notification(notification.id, result)
        except BackendError as error:  # the claim runs out, and it comes again
            log.warning("not_reported", error=str(error), **facts)
        else:
            log.info("notified", **facts)

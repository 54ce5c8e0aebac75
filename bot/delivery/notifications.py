"""The delivery worker: claims what the backend wants told, tells it, and reports what came of it.

The backend keeps the queue, the rates and the retries.
"""

from collections.abc import Callable
from typing import Any, Final

import structlog
from telegram import Bot
from telegram.error import TelegramError

from backend.schemas import Notification, NotificationResult
from bot.backend_api.claims import work_off
from bot.backend_api.client import BackendClient
from bot.backend_api.errors import BackendError
from bot.locales.texts import Texts, Words
from bot.organizations.members import news_screen
from bot.payment_methods.cards import link_screen, news_of_card
from bot.payments.disputes import DISPUTES, dispute_screen
from bot.payments.message import credited_screen, payment_screen
from bot.payments.refunds import refund_screen
from bot.subscriptions import recurring as subscriptions
from bot.telegram.chat_order import ChatTurns
from bot.telegram.outcomes import result_of
from bot.telegram.screens import Screen
from bot.wallets.adjustments import adjustment_screen

Telling = Callable[[Notification, Words], Screen]

log = structlog.get_logger("bot")


def about(subject: str, screen: Callable[[Any, Words], Screen]) -> Telling:
    """A screen of a payment, or of a link, for the notification that carries one."""

    def shown(notification: Notification, words: Words) -> Screen:
        if (carried := getattr(notification, subject)) is None:
            raise ValueError(f"{notification.kind} without its {subject}")
        return screen(carried, words)

    return shown


def credit_told(notification: Notification, words: Words) -> Screen:
    """To another member, or to a group: their ids are negative, and no button works there."""
    screen = about("payment", credited_screen)(notification, words)
    return screen if notification.chat_id > 0 else Screen(screen.text)


SCREENS: Final[dict[str, Telling]] = {
    "payment_shown": about("payment", payment_screen),
    "wallet_credited": credit_told,
    "method_link_shown": about("link", link_screen),
    "method_news": news_of_card,
    "recurring": subscriptions.news_screen,
    "wallet_adjusted": adjustment_screen,
    **dict.fromkeys(("member_joined", "role_changed", "member_removed"), news_screen),
    **dict.fromkeys(("refund_made", "refund_failed"), refund_screen),
    **dict.fromkeys(DISPUTES, dispute_screen),
}


class DeliveryWorker:
    """Delivers to many chats at once and to each chat one message after the other."""

    def __init__(self, bot: Bot, backend: BackendClient, texts: Texts) -> None:
        """`bot` must be initialized."""
        self._bot, self._backend, self._texts = bot, backend, texts
        self._chats = ChatTurns()

    async def run(self) -> None:
        """Deliver until cancelled; then finish what is on its way."""
        await work_off(self._claim, self._deliver)

    async def _claim(self, wait: int) -> list[Notification]:
        return (await self._backend.claim_notifications(wait)).notifications

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
            await self._backend.report_notification(notification.id, result)
        except BackendError as error:  # the claim runs out, and it comes again
            log.warning("not_reported", error=str(error), **facts)
        else:
            log.info("notified", **facts)

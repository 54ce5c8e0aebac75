"""The delivery worker: claims notifications, sends their screens, reports Telegram's answers.

The backend stores the queue, limits the rates and retries.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Final

import structlog
from telegram import Bot
from telegram.error import TelegramError

from backend.schemas import MethodLink, Notification, NotificationResult, Payment
from bot.backend_api.claiming import process_claims
from bot.backend_api.client import BackendClient
from bot.backend_api.errors import BackendError
from bot.locales import keys
from bot.locales.texts import Texts
from bot.locales.translator import Translator
from bot.organizations.members import membership_notification_screen
from bot.organizations.topics import topic_closed_screen
from bot.payment_methods.screens import payment_method_notification_screen, setup_link_screen
from bot.payments.clawbacks import clawback_screen, dispute_opened_screen, fraud_warning_screen
from bot.payments.message import credited_screen, payment_screen
from bot.subscriptions.screens import subscription_notification_screen
from bot.telegram.chat_order import ChatTurns
from bot.telegram.messages import edit_message, send_message
from bot.telegram.outcomes import result_of
from bot.telegram.screens import Screen
from bot.wallets.adjustments import adjustment_screen

log = structlog.get_logger("bot")

ABOUT_GROUPS: Final = ("topic_closed",)  # their commands are to be typed in a group


class DeliveryWorker:
    """Delivers notifications: to many chats in parallel, to each chat in order."""

    def __init__(self, bot: Bot, backend: BackendClient, texts: Texts) -> None:
        """Take an initialized bot, the backend to claim from, and all languages."""
        self._bot, self._backend, self._texts = bot, backend, texts
        self._chats = ChatTurns()

    async def run(self) -> None:
        """Deliver until cancelled; then finish the deliveries begun."""
        await process_claims(self._claim, self._deliver)

    async def _claim(self, wait: int) -> list[Notification]:
        return (await self._backend.claim_notifications(wait)).notifications

    async def _deliver(self, notification: Notification) -> None:
        """Deliver a notification in its chat's turn, and report the result."""
        async with self._chats.turn(notification.chat_id):
            try:
                message_id = await self._show(notification)
                result = NotificationResult(
                    claim=notification.claim, outcome="delivered", message_id=message_id
                )
            except TelegramError as error:
                result = result_of(error, notification.claim, notification.message_id)
            except Exception:
                log.exception("notification_crashed", notification=notification.id)
                result = NotificationResult(claim=notification.claim, outcome="retry")
            await self._report(notification, result)

    async def _show(self, notification: Notification) -> int:
        """Edit the message, or send a new one; return the id of the message that shows it."""
        translator = self._texts.translator(notification.language, notification.time_zone)
        if notification.chat_id < 0 or notification.kind in ABOUT_GROUPS:
            translator = translator.in_group(self._bot.username)
        screen = notification_screen(notification, translator)
        chat_id, message_id = notification.chat_id, notification.message_id
        if message_id is not None:
            await edit_message(self._bot, chat_id, message_id, screen)
            return message_id
        if happened_at := notification.happened_at:
            day = translator.day_of(happened_at)
            dated = translator.html(keys.Delivery.HAPPENED, day=day, time=happened_at)
            screen = replace(screen, text=f"{screen.text}\n{dated}")
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
        except BackendError as error:  # the claim expires, and it is handed out again
            log.warning("result_not_reported", error=str(error), **facts)
        else:
            log.info("notification_processed", **facts)


def notification_screen(notification: Notification, translator: Translator) -> Screen:
    """Return the screen of a notification.

    Raises KeyError or ValueError for one that lacks what its kind carries.
    """
    return SCREENS[notification.kind](notification, translator)


def payment_shown_screen(notification: Notification, translator: Translator) -> Screen:
    """Return the message of a payment."""
    return payment_screen(payment_of(notification), translator)


def wallet_credited_screen(notification: Notification, translator: Translator) -> Screen:
    """Return the notification of a payment for other members or for a group.

    A group's chat id is negative, and its message has no buttons. What the group may read of it,
    the backend has decided.
    """
    screen = credited_screen(payment_of(notification), translator)
    return screen if notification.chat_id > 0 else Screen(screen.text)


def setup_link_shown_screen(notification: Notification, translator: Translator) -> Screen:
    """Return the message of a setup link."""
    return setup_link_screen(link_of(notification), translator)


def payment_of(notification: Notification) -> Payment:
    """Return the payment that a notification carries; raise ValueError where it has none."""
    if notification.payment is None:
        raise ValueError(f"{notification.kind} without its payment")
    return notification.payment


def link_of(notification: Notification) -> MethodLink:
    """Return the setup link that a notification carries; raise ValueError where it has none."""
    if notification.link is None:
        raise ValueError(f"{notification.kind} without its link")
    return notification.link


SCREENS: Final[Mapping[str, Callable[[Notification, Translator], Screen]]] = {
    "payment_shown": payment_shown_screen,
    "wallet_credited": wallet_credited_screen,
    "wallet_adjusted": adjustment_screen,
    "method_link_shown": setup_link_shown_screen,
    "method_news": payment_method_notification_screen,
    "recurring": subscription_notification_screen,
    "member_joined": membership_notification_screen,
    "role_changed": membership_notification_screen,
    "member_removed": membership_notification_screen,
    "refund_made": clawback_screen,
    "refund_failed": clawback_screen,
    "dispute_opened": dispute_opened_screen,
    "dispute_withdrawn": clawback_screen,
    "dispute_reinstated": clawback_screen,
    "dispute_closed": clawback_screen,
    "fraud_warned": fraud_warning_screen,
    "topic_closed": topic_closed_screen,
}

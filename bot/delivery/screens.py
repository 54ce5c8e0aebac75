"""Which screen shows a notification, by its kind.

What the kinds carry says `backend.schemas.Notification`.
"""

from collections.abc import Callable, Mapping
from typing import Final

from backend.schemas import MethodLink, Notification, Payment
from bot.locales.translator import Translator
from bot.organizations.members import membership_notification_screen
from bot.payment_methods.screens import payment_method_notification_screen, setup_link_screen
from bot.payments.clawbacks import clawback_screen, dispute_opened_screen, fraud_warning_screen
from bot.payments.message import credited_screen, payment_screen
from bot.subscriptions.screens import subscription_notification_screen
from bot.telegram.screens import Screen
from bot.wallets.adjustments import adjustment_screen


def notification_screen(notification: Notification, translator: Translator) -> Screen:
    """Return the screen of a notification, for the chat that it goes to.

    Raises KeyError or ValueError for one that lacks what its kind carries.
    """
    return SCREENS[notification.kind](notification, translator)


def payment_shown_screen(notification: Notification, translator: Translator) -> Screen:
    """Return the message of the payment itself."""
    return payment_screen(payment_of(notification), translator)


def wallet_credited_screen(notification: Notification, translator: Translator) -> Screen:
    """Return what another member reads, or a group: its id is negative, and no button works there.

    Which of it a group can see, the backend has decided already.
    """
    screen = credited_screen(payment_of(notification), translator)
    return screen if notification.chat_id > 0 else Screen(screen.text)


def setup_link_shown_screen(notification: Notification, translator: Translator) -> Screen:
    """Return the message of a link to add a payment method."""
    return setup_link_screen(link_of(notification), translator)


def payment_of(notification: Notification) -> Payment:
    """Return the payment that a notification carries; raise ValueError where it has none."""
    if notification.payment is None:
        raise ValueError(f"{notification.kind} without its payment")
    return notification.payment


def link_of(notification: Notification) -> MethodLink:
    """Return the link that a notification carries; raise ValueError where it has none."""
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
}

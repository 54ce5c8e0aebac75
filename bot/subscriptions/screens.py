"""Screens, lines and labels of subscriptions, and their notifications."""

from collections.abc import Mapping
from typing import Final

from backend import schemas
from bot.locales import keys
from bot.locales.key import Key
from bot.locales.translator import Fact, Price, Translator, short
from bot.telegram.screens import Row, Screen, back_button, button, button_ids, with_link_button

PACKAGE_ON_BUTTON: Final = 20  # characters
ACTIONS: Final[Mapping[str, tuple[str, ...]]] = {  # by status; all names are in ACTION_NAMES
    "incomplete": ("look", "end"),
    "active": ("change", "pause", "end"),
    "past_due": ("change", "end"),
    "paused": ("change", "resume", "end"),
    "canceled": (),
}
ACTION_NAMES: Final[Mapping[str, Key]] = {
    "look": keys.SubscriptionAction.VIEW,
    "change": keys.SubscriptionAction.CHANGE,
    "pause": keys.SubscriptionAction.PAUSE,
    "resume": keys.SubscriptionAction.RESUME,
    "end": keys.SubscriptionAction.END,
}


def subscription_screen(subscription: schemas.Subscription, translator: Translator) -> Screen:
    """Return a subscription with its status, the link to pay it, and the possible actions."""
    facts = subscription_facts(subscription, translator)
    text = "\n".join(
        [
            subscription_line(subscription, translator),
            translator.html(message_key(subscription), **facts),
        ]
    )
    rows: list[Row] = []
    actions = ACTIONS[subscription.status]
    if actions:
        ids = button_ids(subscription)
        rows.append(
            tuple(
                button(translator.text(ACTION_NAMES[action]), f"sub_{action}:{ids}")
                for action in actions
            )
        )
    rows.append((back_button(f"subs:{subscription.organization_id.hex}", translator),))
    return with_link_button(text, subscription.url, keys.Button.PAYMENT_PAGE, translator, *rows)


def message_key(subscription: schemas.Subscription) -> Key:
    """Return the key of the sentence on a subscription's status."""
    if subscription.status == "incomplete" and subscription.paid_with:
        return keys.Subscription.DECLINED
    return keys.SUBSCRIPTION_MESSAGES[subscription.status]


def subscription_line(subscription: schemas.Subscription, translator: Translator) -> str:
    """Return a subscription in one line: amount, interval, status, package and payment method."""
    facts = subscription_facts(subscription, translator)
    parts = [translator.html(keys.Subscription.LINE, **facts)]
    if subscription.package:
        parts.append(translator.html(keys.Subscription.PACKAGE, **facts))
    if subscription.paid_with:
        parts.append(translator.html(keys.Subscription.CARD, **facts))
    return ", ".join(parts)


def subscription_label(subscription: schemas.Subscription, translator: Translator) -> str:
    """Return a subscription's name for a button."""
    parts = [
        translator.text(
            keys.Button.SUBSCRIPTION,
            amount=subscription.money,
            interval=translator.text(keys.INTERVAL_NAMES[subscription.interval]),
        )
    ]
    if subscription.package:
        parts.append(short(subscription.package, PACKAGE_ON_BUTTON))
    if subscription.paid_with:
        parts.append(subscription.paid_with)
    return ", ".join(parts)


def subscription_facts(
    subscription: schemas.Subscription, translator: Translator
) -> dict[str, Fact]:
    """Return the facts for the sentences about a subscription."""
    period_end = subscription.current_period_end
    return {
        "organization": short(subscription.organization_name),
        "amount": subscription.money,
        "interval": translator.text(keys.INTERVAL_NAMES[subscription.interval]),
        "status": translator.text(keys.SUBSCRIPTION_STATUS_NAMES[subscription.status]),
        "package": short(subscription.package or ""),
        "card": subscription.paid_with or "",
        "day": translator.day_of(period_end) if period_end else "",
    }


def subscription_notification_screen(
    notification: schemas.Notification, translator: Translator
) -> Screen:
    """Return the notification that a subscription started, changed, ended or could not be charged.

    The notification's facts are `organization_name`, `news`, `amount` (decimal text, major units),
    `currency`, `interval` and, where it can be paid, `url`.
    """
    facts = {name: str(value) for name, value in notification.facts.items()}
    text = translator.html(
        keys.SUBSCRIPTION_NOTIFICATIONS[facts["news"]],
        organization=short(facts["organization_name"]),
        amount=Price(facts["amount"], facts["currency"]),
        interval=translator.text(keys.INTERVAL_NAMES[facts["interval"]]),
    )
    return with_link_button(text, facts.get("url"), keys.Button.PAYMENT_PAGE, translator)

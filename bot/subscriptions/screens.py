"""Screens, lines and labels of subscriptions, and their notifications."""

from collections.abc import Mapping
from datetime import UTC, datetime
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
    "keep": keys.SubscriptionAction.KEEP,
}


def subscription_screen(subscription: schemas.Subscription, translator: Translator) -> Screen:
    """Return a subscription with its status, the link to pay it, and the possible actions."""
    facts = subscription_facts(subscription, translator)
    text = "\n".join(
        [
            subscription_line(subscription, translator),
            *(translator.html(key, **facts) for key in message_keys(subscription)),
        ]
    )
    rows: list[Row] = []
    actions = ACTIONS[subscription.status]
    if is_ending(subscription):
        actions = (*actions, "keep")
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


def is_ending(subscription: schemas.Subscription) -> bool:
    """Return whether it goes on for now, and an end is set."""
    return subscription.cancel_at is not None and subscription.status != "canceled"


def message_keys(subscription: schemas.Subscription) -> list[Key]:
    """Return the sentences on a subscription's status, and on its end where one is set."""
    if subscription.status == "incomplete" and subscription.paid_with:
        return [keys.Subscription.DECLINED]
    status = keys.SUBSCRIPTION_MESSAGES[subscription.status]
    if not is_ending(subscription):
        return [status]
    if subscription.status == "active" and subscription.cancel_at_period_end:
        return [keys.Subscription.LAST_PERIOD]
    return [status, keys.Subscription.ENDS_LATER]


def subscription_line(subscription: schemas.Subscription, translator: Translator) -> str:
    """Return a subscription in one line: amount, interval, status, end, package, payment method."""
    facts = subscription_facts(subscription, translator)
    parts = [translator.html(keys.Subscription.LINE, **facts)]
    if is_ending(subscription):
        parts.append(translator.html(keys.Subscription.ENDS, **facts))
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
        "end": translator.day_of(subscription.cancel_at) if subscription.cancel_at else "",
    }


def subscription_notification_screen(
    notification: schemas.Notification, translator: Translator
) -> Screen:
    """Return the notification that a subscription started, changed, ended or could not be charged.

    The notification's facts are `organization_name`, `news`, `amount` (decimal text, major units),
    `currency`, `interval`, where it can be paid `url`, and where it will end `ends` (seconds since
    1970).
    """
    facts = {name: str(value) for name, value in notification.facts.items()}
    end = datetime.fromtimestamp(int(facts.get("ends", 0)), UTC)
    text = translator.html(
        keys.SUBSCRIPTION_NOTIFICATIONS[facts["news"]],
        organization=short(facts["organization_name"]),
        amount=Price(facts["amount"], facts["currency"]),
        interval=translator.text(keys.INTERVAL_NAMES[facts["interval"]]),
        end=translator.day_of(end),
    )
    return with_link_button(text, facts.get("url"), keys.Button.PAYMENT_PAGE, translator)

"""Notifications of money that went back or may: refunds, disputes, fraud warnings."""

from datetime import UTC, datetime

from backend.schemas import Notification
from bot.locales import keys
from bot.locales.key import Key
from bot.locales.translator import Fact, Price, Translator, short
from bot.telegram.screens import Screen, button


def clawback_screen(notification: Notification, translator: Translator) -> Screen:
    """Return what owners and admins read of a refund or of one step of a dispute."""
    return Screen("\n".join(clawback_lines(notification, translator)))


def dispute_opened_screen(notification: Notification, translator: Translator) -> Screen:
    """Return what they read of a new dispute, with the day by which to answer it."""
    lines = clawback_lines(notification, translator)
    if "due_by" in notification.facts:
        due_by = datetime.fromtimestamp(int(notification.facts["due_by"]), UTC)
        line = translator.html(keys.Clawback.ANSWER_BY, day=translator.day_of(due_by))
        lines.insert(1, line)
    return Screen("\n".join(lines))


def fraud_warning_screen(notification: Notification, translator: Translator) -> Screen:
    """Return what they read of a fraud warning, with a button to refund before it is a dispute.

    There is none where that has happened, or all was refunded: status `over`.
    """
    lines = clawback_lines(notification, translator)
    if notification.facts.get("status") == "over":
        return Screen("\n".join(lines))
    refund = button(translator.text(keys.Button.REFUND), f"refund:{notification.facts['payment']}")
    return Screen("\n".join(lines), ((refund,),))


def clawback_lines(notification: Notification, translator: Translator) -> list[str]:
    """Return what went back of a payment, or may, and the payment's reference.

    The notification's facts are `organization_name`, `amount` (decimal text, major units),
    `currency`, `reference`, and `by`, `reason`, `status` where there is one.
    """
    notified = {name: str(value) for name, value in notification.facts.items()}
    reason = keys.CLAWBACK_REASONS.get(notified.get("reason", ""), keys.ClawbackReason.OTHER)
    facts: dict[str, Fact] = {
        "organization": short(notified["organization_name"]),
        "amount": Price(notified["amount"], notified["currency"]),
        "reference": notified["reference"],
        "by": short(notified.get("by") or translator.text(keys.Clawback.DASHBOARD)),
        "reason": translator.text(reason),
    }
    key = clawback_key(notification.kind, notified.get("status", ""))
    return [translator.html(key, **facts), translator.html(keys.Payment.REFERENCE, **facts)]


def clawback_key(kind: str, status: str) -> Key:
    """Return the sentence for a kind of notification, and for its status where that matters."""
    return keys.CLAWBACKS_BY_STATUS.get((kind, status), keys.CLAWBACKS[kind])

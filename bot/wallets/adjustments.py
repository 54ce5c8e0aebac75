"""Notifications of adjustments: manual postings by the operator."""

from typing import Final

from backend.schemas import Notification
from bot.locales import keys
from bot.locales.translator import Price, Translator, short
from bot.telegram.screens import Screen

REASON_LENGTH: Final = 500


def adjustment_screen(notification: Notification, translator: Translator) -> Screen:
    """Return the notification of an adjustment: the amount, its direction, and the reason.

    The notification's facts are `organization_name`, `amount` (decimal text, major units, below 0
    where the wallet was debited), `currency`, `reason` and `reference`.
    """
    facts = {name: str(value) for name, value in notification.facts.items()}
    is_taken = facts["amount"].startswith("-")
    text = translator.html(
        keys.Adjustment.TAKEN if is_taken else keys.Adjustment.ADDED,
        amount=Price(facts["amount"].removeprefix("-"), facts["currency"]),
        organization=short(facts["organization_name"]),
        reason=facts["reason"][:REASON_LENGTH],
        reference=facts["reference"],
    )
    return Screen(text)

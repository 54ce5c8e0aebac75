"""What owners and admins read of an adjustment that the operator posted."""

from backend.schemas import Notification
from bot.locales.texts import Price, Words, short
from bot.telegram.screens import Screen

LONGEST_REASON = 500


def adjustment_screen(notification: Notification, words: Words) -> Screen:
    """How much, in which direction, and why."""
    facts = notification.facts
    amount, currency = str(facts["amount"]), str(facts["currency"])
    text = words.say(
        "adjusted.taken" if amount.startswith("-") else "adjusted.added",
        amount=Price(amount.removeprefix("-"), currency),
        organization=short(str(facts["organization_name"])),
        reason=str(facts["reason"])[:LONGEST_REASON],
        reference=str(facts["reference"]),
    )
    return Screen(text)

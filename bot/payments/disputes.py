"""What owners and admins read of disputes and fraud warnings."""

from datetime import UTC, datetime
from typing import Final

from backend.schemas import Notification
from bot.locales.texts import Words
from bot.payments.refunds import refund_row, told_lines
from bot.telegram.screens import Screen

DISPUTES: Final = (
    "dispute_opened",
    "dispute_withdrawn",
    "dispute_reinstated",
    "dispute_closed",
    "fraud_warned",
)


def dispute_screen(notification: Notification, words: Words) -> Screen:
    """One step of it. A warning comes with a button to refund, before it becomes a dispute."""
    told, kind = notification.facts, notification.kind
    lines = told_lines(notification, words)
    if kind == "dispute_opened" and "due_by" in told:
        due = words.day_of(datetime.fromtimestamp(int(told["due_by"]), UTC))
        lines.insert(1, words.say("clawback.answer_by", day=due))
    rows = refund_row(str(told["payment"]), words) if kind == "fraud_warned" else ()
    return Screen("\n".join(lines), rows)

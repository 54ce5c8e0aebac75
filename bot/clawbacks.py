"""What owners and admins read when money went back, or may: refunds, disputes, fraud warnings."""

from datetime import UTC, datetime
from typing import Final

from backend.schemas import Notification
from bot.screens import Row, Screen, button
from bot.texts import Fact, Price, Words, short

DISPUTES: Final = ("dispute_opened", "dispute_withdrawn", "dispute_reinstated", "dispute_closed")
CLAWBACKS: Final = ("refund_made", "refund_failed", *DISPUTES, "fraud_warned")


def clawback_screen(notification: Notification, words: Words) -> Screen:
    """One step of it. A warning comes with a button to refund, before it becomes a dispute."""
    told, kind = notification.facts, notification.kind
    facts: dict[str, Fact] = {
        "organization": short(str(told["organization_name"])),
        "amount": Price(str(told["amount"]), str(told["currency"])),
        "reference": str(told["reference"]),
        "by": short(str(told.get("by") or words.plain("clawback.dashboard"))),
        "reason": words.plain(words.first(f"reason.{told.get('reason')}", "reason.other")),
    }
    key = words.first(f"clawback.{kind}_{told.get('status')}", f"clawback.{kind}")
    lines = [words.say(key, **facts)]
    if kind == "dispute_opened" and "due_by" in told:
        due = words.day_of(datetime.fromtimestamp(int(told["due_by"]), UTC))
        lines.append(words.say("clawback.answer_by", day=due))
    lines.append(words.say("payment.reference", **facts))
    rows = refund_row(str(told["payment"]), words) if kind == "fraud_warned" else ()
    return Screen("\n".join(lines), rows)


def refund_row(payment: str, words: Words) -> tuple[Row, ...]:
    """The way to a refund of the payment with this id (as hex)."""
    return ((button(words.plain("button.refund"), f"refund:{payment}"),),)

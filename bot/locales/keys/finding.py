"""Keys of sentences of /find, of a payment that was opened, and of its timeline."""

from collections.abc import Mapping
from typing import Final

from bot.locales.key import Key


class Find:
    """Sentences of /find."""

    QUESTION: Final = Key("find.question", "organization")
    TITLE: Final = Key("find.title", "organization", "text", "count")
    NONE: Final = Key("find.none", "text")
    NONE_OWN: Final = Key("find.none_own", "text")
    OWN_ONLY: Final = Key("find.own_only")


class Opened:
    """Parts of a payment that somebody opened."""

    CARD: Final = Key("opened.card", "card")
    ORDER: Final = Key("opened.order", "order")
    NO_RECEIPT: Final = Key("opened.no_receipt")


class Timeline:
    """Sentences of a timeline around its steps."""

    TITLE: Final = Key("timeline.title", "amount", "organization", "reference")
    STEP: Final = Key("timeline.step", "time")
    EARLIER: Final = Key("timeline.earlier", "count")
    UNCHECKED: Final = Key("timeline.unchecked")


class Step:
    """What happened to a payment."""

    REQUESTED: Final = Key("step.requested", "by")
    CHARGED: Final = Key("step.charged")
    OPENED: Final = Key("step.opened")
    CANCEL_REQUESTED: Final = Key("step.cancel_requested", "by")
    DECLINED: Final = Key("step.declined")
    PROCESSING: Final = Key("step.processing")
    FAILED: Final = Key("step.failed")
    EXPIRED: Final = Key("step.expired")
    CANCELED: Final = Key("step.canceled")
    PAID: Final = Key("step.paid")
    RECEIVED: Final = Key("step.received")
    CHECKED: Final = Key("step.checked")
    NOT_APPLIED: Final = Key("step.not_applied")
    CREDITED: Final = Key("step.credited", "amount", "balance")
    REFUND_REQUESTED: Final = Key("step.refund_requested", "by", "amount")
    REFUND: Final = Key("step.refund", "amount")
    REFUND_REVERSAL: Final = Key("step.refund_reversal", "amount")
    DISPUTED: Final = Key("step.disputed", "amount")
    DISPUTE: Final = Key("step.dispute", "amount")
    REINSTATEMENT: Final = Key("step.reinstatement", "amount")
    SHOWN: Final = Key("step.shown")
    NOTIFIED: Final = Key("step.notified", "count")
    NOT_NOTIFIED: Final = Key("step.not_notified", "count")


class WaitsFor:
    """What has to happen next to a payment."""

    NOTHING: Final = Key("waits_for.nothing")
    OPERATOR: Final = Key("waits_for.operator", "reference")
    EVENT: Final = Key("waits_for.event")
    STRIPE: Final = Key("waits_for.stripe")
    PAYER: Final = Key("waits_for.payer")
    BANK: Final = Key("waits_for.bank")
    REFUND: Final = Key("waits_for.refund")
    TELEGRAM: Final = Key("waits_for.telegram")


# By `PaymentStep.kind`; one that was received by a check reads as `CHECKED`.
STEPS: Final[Mapping[str, Key]] = {
    "requested": Step.REQUESTED,
    "charged": Step.CHARGED,
    "opened": Step.OPENED,
    "cancel_requested": Step.CANCEL_REQUESTED,
    "declined": Step.DECLINED,
    "processing": Step.PROCESSING,
    "failed": Step.FAILED,
    "expired": Step.EXPIRED,
    "canceled": Step.CANCELED,
    "paid": Step.PAID,
    "received": Step.RECEIVED,
    "not_applied": Step.NOT_APPLIED,
    "credited": Step.CREDITED,
    "refund_requested": Step.REFUND_REQUESTED,
    "refund": Step.REFUND,
    "refund_reversal": Step.REFUND_REVERSAL,
    "disputed": Step.DISPUTED,
    "dispute": Step.DISPUTE,
    "reinstatement": Step.REINSTATEMENT,
    "shown": Step.SHOWN,
    "notified": Step.NOTIFIED,
    "not_notified": Step.NOT_NOTIFIED,
}
# By `Timeline.waits_for`.
WAITS_FOR: Final[Mapping[str | None, Key]] = {
    None: WaitsFor.NOTHING,
    "operator": WaitsFor.OPERATOR,
    "event": WaitsFor.EVENT,
    "stripe": WaitsFor.STRIPE,
    "payer": WaitsFor.PAYER,
    "bank": WaitsFor.BANK,
    "refund": WaitsFor.REFUND,
    "telegram": WaitsFor.TELEGRAM,
}

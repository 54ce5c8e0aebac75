"""Keys of sentences about transactions and statements."""

from collections.abc import Mapping
from typing import Final

from bot.locales.key import Key


class History:
    """Lines of /history."""

    MOVEMENTS: Final = Key("history.movements", "organization", "currency")
    OPEN: Final = Key("history.open", "organization")
    DAY: Final = Key("history.day", "day")
    TOPUP: Final = Key("history.topup", "time", "amount", "payer", "balance")
    REFUND: Final = Key("history.refund", "time", "amount", "payer", "balance")
    REFUND_REVERSAL: Final = Key("history.refund_reversal", "time", "amount", "payer", "balance")
    DISPUTE: Final = Key("history.dispute", "time", "amount", "payer", "balance")
    ADJUSTMENT: Final = Key("history.adjustment", "time", "amount", "balance")
    REINSTATEMENT: Final = Key("history.reinstatement", "time", "amount", "balance")
    INVOICE: Final = Key("history.invoice", "time", "amount", "balance")
    PAYMENT: Final = Key("history.payment", "time", "amount", "payer", "status", "reference")
    EMPTY: Final = Key("history.empty")
    EMPTY_MEMBER: Final = Key("history.empty_member", "role")
    NONE_OPEN: Final = Key("history.none_open")


class Export:
    """Sentences of /export."""

    QUESTION: Final = Key("export.question", "organization", "zone")
    CAPTION: Final = Key(
        "export.caption", "organization", "month", "zone", "count", "opening", "closing"
    )
    NOT_BEGUN: Final = Key("export.not_begun", "month", "organization", "closing")
    BEFORE_FIRST: Final = Key("export.before_first", "organization", "month", "closing")
    NOTHING_MOVED: Final = Key("export.nothing_moved", "organization", "month", "closing")
    UNREADABLE: Final = Key("export.unreadable", "month")


TRANSACTION_LINES: Final[Mapping[str, Key]] = {
    "topup": History.TOPUP,
    "invoice": History.INVOICE,
    "refund": History.REFUND,
    "refund_reversal": History.REFUND_REVERSAL,
    "dispute": History.DISPUTE,
    "reinstatement": History.REINSTATEMENT,
    "adjustment": History.ADJUSTMENT,
}
# By `Statement.empty`.
EMPTY_STATEMENTS: Final[Mapping[str, Key]] = {
    "not_begun": Export.NOT_BEGUN,
    "before_first": Export.BEFORE_FIRST,
    "nothing_moved": Export.NOTHING_MOVED,
}

"""The periods of subscriptions, by the calendar in UTC.

https://docs.stripe.com/billing/subscriptions/billing-cycle
"""

from calendar import monthrange
from datetime import UTC, datetime

from sandbox.stripe.parameters import A_DAY


def next_period_end(anchor: int, start: int, interval: str) -> int:
    """Return when the period that begins at `start` ends (seconds of the epoch).

    `anchor` is the billing cycle's: months end on its day and at its time of day, or on their last
    day where they do not have that one, so that January 31 is followed by February 28 and March 31.
    """
    if interval == "week":
        return start + 7 * A_DAY
    first = datetime.fromtimestamp(anchor, UTC)
    begun = datetime.fromtimestamp(start, UTC)
    months = 12 * (begun.year - first.year) + begun.month - first.month
    return next(end for end in (_months_later(first, months + n) for n in range(3)) if end > start)


def _months_later(first: datetime, months: int) -> int:
    """Return the same day of a later month, or its last one, in seconds of the epoch."""
    years, month = divmod(first.month - 1 + months, 12)
    year = first.year + years
    day = min(first.day, monthrange(year, month + 1)[1])
    return int(first.replace(year=year, month=month + 1, day=day).timestamp())

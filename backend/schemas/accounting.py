"""The months of an organization's books."""

from backend.schemas.history import Month
from backend.schemas.model import Model
from backend.schemas.settings import TimeZoneName


class Accounting(Model):
    """The accounting month that it is, and the time zone (IANA) by which it begins and ends.

    `next_time_zone` is that of the months from `next_from` on, where another one was chosen.
    """

    month: Month
    time_zone: str
    next_time_zone: str | None = None
    next_from: Month | None = None


class AccountingRequest(Model):
    """PATCH /api/organizations/{id}/accounting: the time zone of the months from the next one on.

    Where nothing was posted yet, it is that of all months.
    """

    time_zone: TimeZoneName

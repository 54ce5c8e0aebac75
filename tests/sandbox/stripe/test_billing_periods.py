"""The periods of the local Stripe's subscriptions."""

from datetime import datetime

import pytest

from sandbox.stripe.billing_periods import next_period_end


@pytest.mark.parametrize(
    ("anchor", "interval", "ends"),
    [
        ("2027-01-31", "month", ["2027-02-28", "2027-03-31", "2027-04-30", "2027-05-31"]),
        ("2027-11-30", "month", ["2027-12-30", "2028-01-30", "2028-02-29", "2028-03-30"]),
        ("2026-12-02", "month", ["2027-01-02", "2027-02-02", "2027-03-02", "2027-04-02"]),
        ("2027-01-29", "week", ["2027-02-05", "2027-02-12", "2027-02-19", "2027-02-26"]),
    ],
)
def test_months_are_the_calendars_and_begin_on_the_day_of_the_anchor(
    anchor: str, interval: str, ends: list[str]
) -> None:
    # The first is an example of https://docs.stripe.com/billing/subscriptions/billing-cycle.
    moments = [datetime.fromisoformat(f"{day}T15:30:00+00:00") for day in (anchor, *ends)]
    first, *expected = [int(moment.timestamp()) for moment in moments]
    period_ends = [first]
    for _ in expected:
        period_ends.append(next_period_end(first, period_ends[-1], interval))
    assert period_ends[1:] == expected

"""The button Receipt under a paid payment."""

from datetime import UTC, datetime

import pytest

from bot.locales.texts import load_texts
from bot.payments.message import receipt_screen
from tests.bot.conftest import Person
from tests.bot.fake_backend import FakeBackend, notification, payment


async def test_a_receipt_says_what_was_paid_when_and_by_whom(
    ana: Person, backend: FakeBackend
) -> None:
    moment = datetime(2026, 11, 21, 14, 5, tzinfo=UTC)
    paid = payment(status="succeeded", url=None, succeeded_at=moment)
    backend.payments[paid.id] = paid
    await ana.writes("/start")
    backend.outbox.put_nowait(notification(paid))
    await ana.taps(await ana.sees("Paid."), "Receipt")
    await ana.sees("Receipt\n€50.00 to Acme\nPaid by Ana on November 21, 2026 at 14:05 UTC")


async def test_what_is_not_paid_after_all_is_shown_as_it_is(
    ana: Person, backend: FakeBackend
) -> None:
    shown = payment(status="succeeded", url=None)
    backend.payments[shown.id] = payment(id=shown.id, status="failed", url=None)
    await ana.writes("/start")
    backend.outbox.put_nowait(notification(shown))
    await ana.taps(await ana.sees("Paid."), "Receipt")
    await ana.sees("The payment did not go through.")


@pytest.mark.parametrize(
    ("zone", "when"),
    [
        ("UTC", "November 21, 2026 at 14:05 UTC"),
        ("Europe/Berlin", "November 21, 2026 at 15:05"),
        ("Etc/GMT-10", "November 22, 2026 at 00:05"),
        ("Mars/Phobos", "November 21, 2026 at 14:05 UTC"),
    ],
)
def test_days_and_times_are_told_by_the_readers_own_clock(zone: str, when: str) -> None:
    paid = payment(status="succeeded", succeeded_at=datetime(2026, 11, 21, 14, 5, tzinfo=UTC))
    assert f"on {when}\n" in receipt_screen(paid, load_texts().translator("en", zone)).text

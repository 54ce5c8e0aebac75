"""What a bank wants back may become another sum while it only asks, and not once it was taken."""

import pytest

from tests.database.conftest import PaymentDriver
from tests.database.test_clawbacks import Connection, balance, credited, dispute, refund

INQUIRY = "warning_needs_response"


@pytest.mark.parametrize(("disputed", "refunded"), [(5000, 2000), (1000, 0)])
async def test_what_is_taken_is_what_stripe_took(
    driver: PaymentDriver, owner: Connection, disputed: int, refunded: int
) -> None:
    payment = await credited(driver)
    first = dispute(payment, "created", INQUIRY, amount_minor=disputed)
    assert await driver.receive(first) == ["done"]
    opened = "select count(*) from notifications where kind = 'dispute_opened'"
    notified = await owner.fetchval(opened)
    if refunded:
        await driver.receive(refund(payment, "succeeded", refunded))
    taken = dispute(payment, "withdrawn", amount_minor=5000 - refunded)
    assert await driver.receive(taken, first) == ["done"] * 2
    assert await balance(owner) == 0
    # Now it is one, to be answered by a day.
    assert await owner.fetchval(opened) == 2 * notified


async def test_what_stripes_balance_moved_counts_whatever_the_dispute_says(
    driver: PaymentDriver, owner: Connection
) -> None:
    payment = await credited(driver)
    await driver.receive(dispute(payment, "withdrawn", amount_minor=3000))
    assert await driver.receive(dispute(payment, "created", INQUIRY, amount_minor=5000)) == ["done"]
    assert await balance(owner) == 2000  # that it was an inquiry is old news
    assert await driver.receive(dispute(payment, "reinstated", "won", amount_minor=5000)) == [
        "done"
    ]
    assert await balance(owner) == 5000

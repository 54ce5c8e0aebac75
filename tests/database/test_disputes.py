"""What a bank wants back may become another sum while it only asks, and not once it was taken."""

import pytest

from tests.database.conftest import Till
from tests.database.test_clawbacks import Connection, balance, credited, dispute, refund

ASKS = "warning_needs_response"


@pytest.mark.parametrize(("asked", "refunded"), [(5000, 2000), (1000, 0)])
async def test_what_is_taken_is_what_stripe_took(
    till: Till, owner: Connection, asked: int, refunded: int
) -> None:
    payment = await credited(till)
    first = dispute(payment, "created", ASKS, amount_minor=asked)
    assert await till.receive(first) == ["done"]
    opened = "select count(*) from notifications where kind = 'dispute_opened'"
    asked_about = await owner.fetchval(opened)
    if refunded:
        await till.receive(refund(payment, "succeeded", refunded))
    taken = dispute(payment, "withdrawn", amount_minor=5000 - refunded)
    assert await till.receive(taken, first) == ["done"] * 2
    assert await balance(owner) == 0
    assert await owner.fetchval(opened) == 2 * asked_about  # now it is one, to be answered by a day


async def test_what_stripes_balance_moved_counts_whatever_the_dispute_says(
    till: Till, owner: Connection
) -> None:
    payment = await credited(till)
    await till.receive(dispute(payment, "withdrawn", amount_minor=3000))
    assert await till.receive(dispute(payment, "created", ASKS, amount_minor=5000)) == ["done"]
    assert await balance(owner) == 2000  # that it was an inquiry is old news
    assert await till.receive(dispute(payment, "reinstated", "won", amount_minor=5000)) == ["done"]
    assert await balance(owner) == 5000

"""Refunds that Stripe refused, or that failed at once."""

from backend.database.protocol import SERVICE
from tests.database.conftest import Till
from tests.database.test_clawbacks import Connection, ask, credited, postings, refund


async def test_one_that_stripe_refused_is_tried_once_more_under_its_key(
    till: Till, owner: Connection
) -> None:
    payment = await credited(till)
    made = await ask(till, payment)
    for attempt in (2, 1):
        which = {"refund_id": made["id"], "attempt": attempt}
        await till.database.call("refuse_refund", SERVICE, **which, failure="api_error")
    assert (await till.show(payment))["refunds"][0]["status"] == "failed"
    await owner.execute("update refunds set created_at = created_at - interval '2 days'")
    assert (await ask(till, payment))["status"] == "requested"
    # The reconciler must not take what is on its way for what was never made.
    assert await till.database.call("unsettled_refunds", SERVICE, most=9) == []
    row = await till.database.call("start_refund", SERVICE, refund_id=made["id"])
    assert row["attempt"] == 2
    ours = refund(payment, "succeeded", 5000, refund_id=made["id"], payment_id=payment)
    assert await till.receive(ours) == ["done"]
    assert [each["id"] for each in (await till.show(payment))["refunds"]] == [made["id"]]


async def test_a_refund_that_fails_at_once_takes_nothing_and_is_told_once(
    till: Till, owner: Connection
) -> None:
    payment = await credited(till)
    made = await ask(till, payment, amount=2000)
    failed = refund(payment, "failed", refund_id=made["id"], failure="declined")
    await till.receive(failed, {**failed, "id": "evt_again"})
    assert await postings(owner) == [("topup", 5000)]
    told = "select count(*) from notifications where kind = 'refund_failed'"
    assert await owner.fetchval(told) == 1

"""Refunds that Stripe refused, or that failed at once."""

from backend.database.protocol import SERVICE
from tests.database.conftest import PaymentDriver
from tests.database.test_clawbacks import Connection, credited, postings, refund, request_refund


async def test_one_that_stripe_refused_is_tried_once_more_under_its_key(
    driver: PaymentDriver, owner: Connection
) -> None:
    payment = await credited(driver)
    made = await request_refund(driver, payment)
    for attempt in (2, 1):
        which = {"refund_id": made["id"], "attempt": attempt}
        await driver.database.call("refuse_refund", SERVICE, **which, failure="api_error")
    assert (await driver.show(payment))["refunds"][0]["status"] == "failed"
    await owner.execute("update refunds set created_at = created_at - interval '2 days'")
    assert (await request_refund(driver, payment))["status"] == "requested"
    # The reconciler must not take what is on its way for what was never made.
    assert await driver.database.call("claim_refunds_to_reconcile", SERVICE, max_rows=9) == []
    row = await driver.database.call("get_refund_for_service", SERVICE, refund_id=made["id"])
    assert row["attempt"] == 2
    ours = refund(payment, "succeeded", 5000, refund_id=made["id"], payment_id=payment)
    assert await driver.receive(ours) == ["done"]
    assert [each["id"] for each in (await driver.show(payment))["refunds"]] == [made["id"]]


async def test_a_refund_that_fails_at_once_takes_nothing_and_is_told_once(
    driver: PaymentDriver, owner: Connection
) -> None:
    payment = await credited(driver)
    made = await request_refund(driver, payment, amount=2000)
    failed = refund(payment, "failed", refund_id=made["id"], failure="declined")
    await driver.receive(failed, {**failed, "id": "evt_again"})
    assert await postings(owner) == [("topup", 5000)]
    notifications = "select count(*) from notifications where kind = 'refund_failed'"
    assert await owner.fetchval(notifications) == 1

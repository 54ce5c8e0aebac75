"""A refund whose status Stripe does not name, or names in a word that we do not know."""

import pytest

from backend.stripe import reconcile
from tests.backend.conftest import House
from tests.cases.stripe_words import Connection, Json, balance, paid, post, refund

SOON = "update refunds set created_at = created_at - interval '10 minutes', checked_at = null"


def stands(house: House, stored: Json, status: str | None) -> None:
    """Stripe says so of the refund, whenever and however it is asked."""
    stored["status"] = status
    house.store.put("refund", stored["id"], stored)
    for _, event in house.store.list("event"):
        if event["data"]["object"]["id"] == stored["id"]:
            event["data"]["object"]["status"] = status
            house.store.put("event", event["id"], event)


@pytest.mark.parametrize("status", [None, "settling"])
async def test_it_is_kept_and_asked_about_and_nobody_refunds_once_more(
    house: House, owner: Connection, status: str | None
) -> None:
    payment, intent = await paid(house, amount="10")
    await house.sandbox("POST", f"/stripe/clawbacks/{intent}", step="refund", amount=300)
    [(_, stored)] = house.store.list("refund")
    stands(house, stored, status)
    assert await post(house, "refund.created", refund(intent, 300, status, stored["id"])) == (
        200, "done",
    )  # fmt: skip
    for _ in range(3):
        await owner.execute(SOON)
        await reconcile.once(house.shop)
    assert len(list(house.store.list("refund"))) == 1
    calls = (await house.sandbox("GET", "/recorded?limit=1000"))["calls"]
    assert not [c for c in calls if (c["method"], c["path"]) == ("POST", "/v1/refunds")]
    [seen] = (await house.see(payment)).refunds
    assert (seen.status, seen.money.amount) == ("pending", "3.00")
    assert await balance(owner) == 700
    stands(house, stored, "failed")
    await owner.execute(SOON)
    await reconcile.once(house.shop)
    assert await balance(owner) == 1000


async def test_a_row_that_nobody_asked_for_cannot_wait_to_be_carried_out(owner: Connection) -> None:
    check = "select pg_get_constraintdef(oid) from pg_constraint where conname = $1"
    says = await owner.fetchval(check, "refunds_requested_are_ours")
    assert says == "CHECK (((status <> 'requested'::text) OR (created_by IS NOT NULL)))"

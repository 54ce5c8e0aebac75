"""A refund whose status Stripe does not name, or names in a word that we do not know."""

import pytest

from backend.stripe import reconcile
from tests.backend.conftest import System
from tests.cases.stripe_objects import Connection, Json, balance, paid, post, refund

SOON = "update refunds set created_at = created_at - interval '10 minutes', checked_at = null"


def set_refund_status(system: System, stored: Json, status: str | None) -> None:
    """Stripe says so of the refund, whenever and however it is asked."""
    stored["status"] = status
    system.store.put("refund", stored["id"], stored)
    for _, event in system.store.list("event"):
        if event["data"]["object"]["id"] == stored["id"]:
            event["data"]["object"]["status"] = status
            system.store.put("event", event["id"], event)


@pytest.mark.parametrize("status", [None, "settling"])
async def test_it_is_kept_and_asked_about_and_nobody_refunds_once_more(
    system: System, owner: Connection, status: str | None
) -> None:
    payment, intent = await paid(system, amount="10")
    await system.sandbox("POST", f"/stripe/clawbacks/{intent}", step="refund", amount=300)
    [(_, stored)] = system.store.list("refund")
    set_refund_status(system, stored, status)
    assert await post(system, "refund.created", refund(intent, 300, status, stored["id"])) == (
        200, "done",
    )  # fmt: skip
    for _ in range(3):
        await owner.execute(SOON)
        await reconcile.reconcile_all(system.services)
    assert len(list(system.store.list("refund"))) == 1
    calls = (await system.sandbox("GET", "/recorded?limit=1000"))["calls"]
    assert not [c for c in calls if (c["method"], c["path"]) == ("POST", "/v1/refunds")]
    [seen] = (await system.see(payment)).refunds
    assert (seen.status, seen.money.amount) == ("pending", "3.00")
    assert await balance(owner) == 700
    set_refund_status(system, stored, "failed")
    await owner.execute(SOON)
    await reconcile.reconcile_all(system.services)
    assert await balance(owner) == 1000


async def test_a_row_that_nobody_asked_for_cannot_wait_to_be_carried_out(owner: Connection) -> None:
    check = "select pg_get_constraintdef(oid) from pg_constraint where conname = $1"
    constraint = await owner.fetchval(check, "refunds_requested_are_ours")
    assert constraint == "CHECK (((status <> 'requested'::text) OR (created_by IS NOT NULL)))"

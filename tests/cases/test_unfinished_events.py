"""Events about which Stripe could not be asked, or that nobody can read: none is forgotten.

Neither does one of them hold up another.
"""

import time

import pytest

from backend.stripe import missed_events, reconcile
from tests.backend.conftest import System
from tests.cases.stripe_objects import Connection, Json, balance, deliver, event, paid, post

OLD = "2025-02-24.acacia"
WITHDRAWN = "charge.dispute.funds_withdrawn"
LATER = "update stripe_events set handled_at = handled_at - interval '2 minutes'"


async def disputed(system: System, intent: str) -> Json:
    """A dispute at Stripe, of which no event is in its list."""
    await system.sandbox("POST", f"/stripe/clawbacks/{intent}", step="dispute")
    [(_, dispute)] = system.store.list("dispute")
    return dispute


def hide_events(system: System) -> None:
    """They are older than Stripe lists."""
    for _, stripe_event in list(system.store.list("event")):
        system.store.put("event", stripe_event["id"], {**stripe_event, "created": 1})


@pytest.mark.parametrize("version", [{"api_version": OLD}, {}])
async def test_an_object_that_nobody_can_read_is_kept_and_stops_nothing(
    system: System, owner: Connection, version: Json
) -> None:
    _, intent = await paid(system)
    dispute = await disputed(system, intent)
    del dispute["reason"]
    system.store.put("dispute", dispute["id"], dispute)
    stripe_event = event(WITHDRAWN, dispute, **version)
    status, _ = await deliver(system, stripe_event)
    assert status == (200 if version else 500)
    row = await owner.fetchrow(
        "select state, reason from stripe_events where id = $1", stripe_event["id"]
    )
    assert tuple(row or ()) == ("failed", "unreadable_Dispute")
    await owner.execute(LATER)
    assert (await reconcile.reconcile_all(system.services))["payments"] == 0  # it came to its end
    await owner.execute("update stripe_events set received_at = received_at - interval '2 hours'")
    for _ in range(5):
        await owner.execute(LATER)
        await reconcile.reconcile_all(system.services)
    states = await owner.fetch("select state from stripe_events where id = $1", stripe_event["id"])
    assert [row["state"] for row in states] == ["dead_letter"]


async def test_an_event_of_another_release_is_fetched_again_however_old_it_is(
    system: System, owner: Connection
) -> None:
    _, intent = await paid(system)
    dispute = await disputed(system, intent)
    hide_events(system)
    stripe_event = event(WITHDRAWN, dispute, created=int(time.time()) - 7200, api_version=OLD)
    await system.sandbox("POST", "/stripe/faults", unreadable=["dispute"])
    assert await deliver(system, stripe_event) == (200, "failed")
    await system.sandbox("POST", "/stripe/faults", unreadable=[])
    assert await balance(owner) == 5000
    await owner.execute(LATER)
    await reconcile.reconcile_all(system.services)
    assert await balance(owner) == 0


@pytest.mark.parametrize("about", ["dispute", "refunds"])
async def test_what_came_before_its_payment_and_says_too_little_is_asked_about(
    system: System, owner: Connection, about: str
) -> None:
    await system.sandbox("POST", "/stripe/faults", drop=True)
    payment = await system.topup()
    await system.pay(payment)
    [(_, intent)] = system.store.list("payment_intent")
    if about == "dispute":
        early = {**await disputed(system, intent["id"]), "balance_transactions": []}
        assert await post(system, WITHDRAWN, early) == (200, "ignored")
    else:
        path = f"/stripe/clawbacks/{intent['id']}"
        await system.sandbox("POST", path, step="refund", amount=700)
        [(_, charge)] = system.store.list("charge")
        assert await post(system, "charge.refunded", charge) == (200, "ignored")
    type = "checkout.session.completed"
    [stripe_event] = [e for _, e in system.store.list("event") if e["type"] == type]
    hide_events(system)
    assert await deliver(system, stripe_event) == (200, "done")
    assert await balance(owner) == 5000
    await owner.execute(LATER)
    await reconcile.reconcile_all(system.services)
    assert await balance(owner) == (0 if about == "dispute" else 4300)


async def test_one_object_that_stripe_does_not_answer_holds_up_no_other(
    system: System, owner: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(missed_events, "EVENTS_AT_ONCE", 1)
    _, first = await paid(system)
    await system.sandbox("POST", "/stripe/faults", drop=False)
    _, second = await paid(system, "second")
    await disputed(system, first)
    for _, stripe_event in list(system.store.list("event")):
        if stripe_event["type"].startswith("charge.dispute"):
            stripe_event["data"]["object"]["balance_transactions"] = []
            system.store.put("event", stripe_event["id"], stripe_event)
    await system.sandbox("POST", f"/stripe/clawbacks/{second}", step="refund", amount=700)
    await system.sandbox("POST", "/stripe/faults", unreadable=["dispute"])
    await reconcile.reconcile_all(system.services)
    assert await balance(owner) == 9300

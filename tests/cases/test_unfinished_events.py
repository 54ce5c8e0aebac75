"""Events about which Stripe could not be asked, or that nobody can read: none is forgotten.

Neither does one of them hold up another.
"""

import time

import pytest

from backend.stripe import reconcile
from tests.backend.conftest import House
from tests.cases.stripe_words import Connection, Json, balance, deliver, event, paid, post

OLD = "2025-02-24.acacia"
WITHDRAWN = "charge.dispute.funds_withdrawn"
LATER = "update stripe_events set handled_at = handled_at - interval '2 minutes'"


async def disputed(house: House, intent: str) -> Json:
    """A dispute at Stripe, of which no event is in its list."""
    await house.sandbox("POST", f"/stripe/clawbacks/{intent}", step="dispute")
    [(_, dispute)] = house.store.list("dispute")
    return dispute


def hide_events(house: House) -> None:
    """They are older than Stripe lists."""
    for _, told in list(house.store.list("event")):
        house.store.put("event", told["id"], {**told, "created": 1})


@pytest.mark.parametrize("version", [{"api_version": OLD}, {}])
async def test_an_object_that_nobody_can_read_is_kept_and_stops_nothing(
    house: House, owner: Connection, version: Json
) -> None:
    _, intent = await paid(house)
    dispute = await disputed(house, intent)
    del dispute["reason"]
    house.store.put("dispute", dispute["id"], dispute)
    told = event(WITHDRAWN, dispute, **version)
    status, _ = await deliver(house, told)
    assert status == (200 if version else 500)
    row = await owner.fetchrow("select state, reason from stripe_events where id = $1", told["id"])
    assert tuple(row or ()) == ("failed", "unreadable_Dispute")
    await owner.execute(LATER)
    assert (await reconcile.once(house.shop))["payments"] == 0  # it came to its end
    await owner.execute("update stripe_events set received_at = received_at - interval '2 hours'")
    for _ in range(5):
        await owner.execute(LATER)
        await reconcile.once(house.shop)
    states = await owner.fetch("select state from stripe_events where id = $1", told["id"])
    assert [row["state"] for row in states] == ["parked"]


async def test_an_event_of_another_release_is_fetched_again_however_old_it_is(
    house: House, owner: Connection
) -> None:
    _, intent = await paid(house)
    dispute = await disputed(house, intent)
    hide_events(house)
    told = event(WITHDRAWN, dispute, created=int(time.time()) - 7200, api_version=OLD)
    await house.sandbox("POST", "/stripe/faults", unreadable=["dispute"])
    assert await deliver(house, told) == (200, "failed")
    await house.sandbox("POST", "/stripe/faults", unreadable=[])
    assert await balance(owner) == 5000
    await owner.execute(LATER)
    await reconcile.once(house.shop)
    assert await balance(owner) == 0


@pytest.mark.parametrize("about", ["dispute", "refunds"])
async def test_what_came_before_its_payment_and_says_too_little_is_asked_about(
    house: House, owner: Connection, about: str
) -> None:
    await house.sandbox("POST", "/stripe/faults", drop=True)
    payment = await house.topup()
    await house.pay(payment)
    [(_, intent)] = house.store.list("payment_intent")
    if about == "dispute":
        early = {**await disputed(house, intent["id"]), "balance_transactions": []}
        assert await post(house, WITHDRAWN, early) == (200, "ignored")
    else:
        path = f"/stripe/clawbacks/{intent['id']}"
        await house.sandbox("POST", path, step="refund", amount=700)
        [(_, charge)] = house.store.list("charge")
        assert await post(house, "charge.refunded", charge) == (200, "ignored")
    type = "checkout.session.completed"
    [told] = [e for _, e in house.store.list("event") if e["type"] == type]
    hide_events(house)
    assert await deliver(house, told) == (200, "done")
    assert await balance(owner) == 5000
    await owner.execute(LATER)
    await reconcile.once(house.shop)
    assert await balance(owner) == (0 if about == "dispute" else 4300)


async def test_one_object_that_stripe_does_not_answer_holds_up_no_other(
    house: House, owner: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reconcile, "EVENTS_AT_ONCE", 1)
    _, first = await paid(house)
    await house.sandbox("POST", "/stripe/faults", drop=False)
    _, second = await paid(house, "second")
    await disputed(house, first)
    for _, told in list(house.store.list("event")):
        if told["type"].startswith("charge.dispute"):
            told["data"]["object"]["balance_transactions"] = []
            house.store.put("event", told["id"], told)
    await house.sandbox("POST", f"/stripe/clawbacks/{second}", step="refund", amount=700)
    await house.sandbox("POST", "/stripe/faults", unreadable=["dispute"])
    await reconcile.once(house.shop)
    assert await balance(owner) == 9300

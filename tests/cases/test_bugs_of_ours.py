"""A mistake of ours is a traceback, a 500 and a number; an odd object of Stripe's is none of them.

Neither stops the reconciler.
"""

import json
from typing import Any
from uuid import UUID

import pytest
from structlog.testing import capture_logs
from structlog.typing import EventDict

from backend.stripe import reconcile
from backend.stripe.events import EVENT_TYPES, EventType
from backend.stripe.parsers.facts import Fact
from tests.backend.conftest import House
from tests.backend.http.test_metrics import scrape
from tests.backend.stripe.test_webhooks import paid_at_stripe
from tests.cases.stripe_words import Connection, Json, balance, deliver, event, paid, post
from tests.cases.test_unfinished_events import LATER, disputed, hide_events

SUCCEEDED = "payment_intent.succeeded"
# `KeyError` and its like once passed for an object that is not as documented.
BUGS = [KeyError("amount"), AttributeError("amount"), TypeError("amount"), ValueError("amount")]


def broken(bug: Exception) -> EventType:
    """What events of an intent are about, with a parser that has this bug."""

    def parse(_: Json) -> Fact:
        raise bug

    return EventType("payment", "payment_intent", parse)


def tracebacks(logs: list[EventDict]) -> list[str]:
    """The names of the log events that come with a traceback."""
    return [line["event"] for line in logs if line.get("exc_info")]


async def bugs(house: House, where: str) -> float:
    """How many are counted."""
    return (await scrape(house)).get(f'pursebot_bugs_total{{where="{where}"}}', 0)


@pytest.fixture
async def payment(house: House) -> UUID:
    await house.sandbox("POST", "/stripe/faults", drop=True)
    return await house.topup()


@pytest.mark.parametrize("bug", BUGS)
async def test_a_bug_in_a_parser_is_seen_and_the_event_comes_again(
    house: House, owner: Connection, payment: UUID, monkeypatch: pytest.MonkeyPatch, bug: Exception
) -> None:
    told = json.loads(await paid_at_stripe(house, payment))
    with monkeypatch.context() as mistaken:
        mistaken.setitem(EVENT_TYPES, SUCCEEDED, broken(bug))
        with capture_logs() as logs:
            assert await deliver(house, told) == (500, "internal_error")
    assert tracebacks(logs) == ["crashed"]
    assert await bugs(house, "request") == 1
    assert await balance(owner) == 0
    assert await deliver(house, told) == (200, "done")
    assert await balance(owner) == 5000


async def test_an_object_that_is_not_as_documented_is_no_bug(
    house: House, owner: Connection, payment: UUID
) -> None:
    told = json.loads(await paid_at_stripe(house, payment))
    told["data"]["object"]["amount_received"] = "5000"
    with capture_logs() as logs:
        assert await deliver(house, told) == (200, "done")  # Stripe was asked
    [odd] = [line for line in logs if line["event"] == "event_unreadable"]
    assert odd["problems"] == "amount_received: int_type"
    assert tracebacks(logs) == []
    assert await bugs(house, "request") == 0
    assert await balance(owner) == 5000


async def test_an_answer_that_is_not_as_documented_is_no_bug(
    house: House, owner: Connection
) -> None:
    _, intent = await paid(house)
    dispute = await disputed(house, intent)
    dispute["reason"] = None
    house.store.put("dispute", dispute["id"], dispute)
    with capture_logs() as logs:
        assert await post(house, "charge.dispute.created", dispute) == (500, "event_not_applied")
        await owner.execute(LATER)
        await reconcile.once(house.shop)
    assert {line["problems"] for line in logs if line["event"] == "object_unreadable"} == {
        "reason: string_type"
    }
    assert tracebacks(logs) == []
    assert await bugs(house, "request") + await bugs(house, "reconciler") == 0


async def test_a_bug_after_an_event_is_recorded_leaves_it_to_the_reconciler(
    house: House, owner: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, intent = await paid(house)
    await house.sandbox("POST", f"/stripe/clawbacks/{intent}", step="refund", amount=700)
    hide_events(house)
    [(_, charge)] = house.store.list("charge")
    told = event("charge.refunded", charge)

    async def mistaken(*_: Any) -> Any:
        raise LookupError("of ours")

    with monkeypatch.context() as patched:
        patched.setattr(house.shop.stripe, "refunds_of", mistaken)
        with capture_logs() as logs:
            assert await deliver(house, told) == (500, "internal_error")
            await owner.execute(LATER)
            await reconcile.once(house.shop)
    assert tracebacks(logs) == ["crashed", "event_crashed"]
    assert (await bugs(house, "request"), await bugs(house, "reconciler")) == (1, 1)
    row = await owner.fetchrow("select state, reason from stripe_events where id = $1", told["id"])
    assert tuple(row or ()) == ("failed", "internal_error")
    await owner.execute(LATER)
    await reconcile.once(house.shop)
    assert await balance(owner) == 4300


async def test_a_bug_in_one_object_stops_no_other(
    house: House, owner: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    await house.sandbox("POST", "/stripe/faults", drop=True)
    first, second = await house.topup(key="1"), await house.topup(key="2")
    for payment in (first, second):
        await house.pay(payment)
    hide_events(house)
    await owner.execute("update payments set created_at = created_at - interval '1 hour'")
    odd, asked = await house.session(first), house.shop.stripe.get_session

    async def mistaken(session_id: str) -> Any:
        if session_id == odd:
            raise AttributeError("of ours")
        return await asked(session_id)

    with monkeypatch.context() as patched:
        patched.setattr(house.shop.stripe, "get_session", mistaken)
        with capture_logs() as logs:
            assert (await reconcile.once(house.shop))["payments"] == 2
    assert tracebacks(logs) == ["reconcile_one_crashed"]
    assert await bugs(house, "reconciler") == 1
    assert [(await house.see(each)).status for each in (first, second)] == ["pending", "succeeded"]


async def test_a_bug_in_the_parser_of_one_event_stops_no_other_and_forgets_none(
    house: House, owner: Connection, payment: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    await house.pay(payment)
    refunded = await house.topup(key="2")
    await house.pay(refunded)
    with monkeypatch.context() as mistaken:
        mistaken.setitem(EVENT_TYPES, SUCCEEDED, broken(KeyError("amount")))
        with capture_logs() as logs:
            await reconcile.once(house.shop)
    assert tracebacks(logs) == ["event_crashed"] * 2
    assert await bugs(house, "reconciler") == 2
    assert await balance(owner) == 10_000
    kept = "select count(*) from stripe_events where type = $1"
    assert await owner.fetchval(kept, SUCCEEDED) == 2

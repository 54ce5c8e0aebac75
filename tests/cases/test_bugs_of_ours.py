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
from tests.backend.conftest import System
from tests.backend.http.test_metrics import scrape
from tests.backend.stripe.test_webhooks import paid_at_stripe
from tests.cases.stripe_objects import Connection, Json, balance, deliver, event, paid, post
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


async def bugs(system: System, where: str) -> float:
    """How many are counted."""
    return (await scrape(system)).get(f'pursebot_bugs_total{{where="{where}"}}', 0)


@pytest.fixture
async def payment(system: System) -> UUID:
    await system.sandbox("POST", "/stripe/faults", drop=True)
    return await system.topup()


@pytest.mark.parametrize("bug", BUGS)
async def test_a_bug_in_a_parser_is_seen_and_the_event_comes_again(
    system: System,
    owner: Connection,
    payment: UUID,
    monkeypatch: pytest.MonkeyPatch,
    bug: Exception,
) -> None:
    stripe_event = json.loads(await paid_at_stripe(system, payment))
    with monkeypatch.context() as mistaken:
        mistaken.setitem(EVENT_TYPES, SUCCEEDED, broken(bug))
        with capture_logs() as logs:
            assert await deliver(system, stripe_event) == (500, "internal_error")
    assert tracebacks(logs) == ["request_crashed"]
    assert await bugs(system, "request") == 1
    assert await balance(owner) == 0
    assert await deliver(system, stripe_event) == (200, "done")
    assert await balance(owner) == 5000


async def test_an_object_that_is_not_as_documented_is_no_bug(
    system: System, owner: Connection, payment: UUID
) -> None:
    stripe_event = json.loads(await paid_at_stripe(system, payment))
    stripe_event["data"]["object"]["amount_received"] = "5000"
    with capture_logs() as logs:
        assert await deliver(system, stripe_event) == (200, "done")  # Stripe was asked
    [odd] = [line for line in logs if line["event"] == "stripe_event_object_malformed"]
    assert odd["problems"] == "amount_received: int_type"
    assert tracebacks(logs) == []
    assert await bugs(system, "request") == 0
    assert await balance(owner) == 5000


async def test_an_answer_that_is_not_as_documented_is_no_bug(
    system: System, owner: Connection
) -> None:
    _, intent = await paid(system)
    dispute = await disputed(system, intent)
    dispute["reason"] = None
    system.store.put("dispute", dispute["id"], dispute)
    with capture_logs() as logs:
        assert await post(system, "charge.dispute.created", dispute) == (500, "event_not_applied")
        await owner.execute(LATER)
        await reconcile.reconcile_all(system.services)
    assert {line["problems"] for line in logs if line["event"] == "stripe_object_malformed"} == {
        "reason: string_type"
    }
    assert tracebacks(logs) == []
    assert await bugs(system, "request") + await bugs(system, "reconciler") == 0


async def test_a_bug_after_an_event_is_recorded_leaves_it_to_the_reconciler(
    system: System, owner: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, intent = await paid(system)
    await system.sandbox("POST", f"/stripe/clawbacks/{intent}", step="refund", amount=700)
    hide_events(system)
    [(_, charge)] = system.store.list("charge")
    stripe_event = event("charge.refunded", charge)

    async def mistaken(*_: Any) -> Any:
        raise LookupError("of ours")

    with monkeypatch.context() as patched:
        patched.setattr(system.services.stripe, "list_refunds", mistaken)
        with capture_logs() as logs:
            assert await deliver(system, stripe_event) == (500, "internal_error")
            await owner.execute(LATER)
            await reconcile.reconcile_all(system.services)
    assert tracebacks(logs) == ["request_crashed", "reconcile_crashed"]
    assert (await bugs(system, "request"), await bugs(system, "reconciler")) == (1, 1)
    row = await owner.fetchrow(
        "select state, reason from stripe_events where id = $1", stripe_event["id"]
    )
    assert tuple(row or ()) == ("failed", "internal_error")
    await owner.execute(LATER)
    await reconcile.reconcile_all(system.services)
    assert await balance(owner) == 4300


async def test_a_bug_in_one_object_stops_no_other(
    system: System, owner: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    await system.sandbox("POST", "/stripe/faults", drop=True)
    first, second = await system.topup(key="1"), await system.topup(key="2")
    for payment in (first, second):
        await system.pay(payment)
    hide_events(system)
    await owner.execute("update payments set created_at = created_at - interval '1 hour'")
    odd, get_session = await system.session(first), system.services.stripe.get_session

    async def mistaken(session_id: str) -> Any:
        if session_id == odd:
            raise AttributeError("of ours")
        return await get_session(session_id)

    with monkeypatch.context() as patched:
        patched.setattr(system.services.stripe, "get_session", mistaken)
        with capture_logs() as logs:
            assert (await reconcile.reconcile_all(system.services))["payments"] == 2
    assert tracebacks(logs) == ["reconcile_crashed"]
    assert await bugs(system, "reconciler") == 1
    assert [(await system.see(each)).status for each in (first, second)] == ["pending", "succeeded"]


async def test_a_bug_in_the_parser_of_one_event_stops_no_other_and_forgets_none(
    system: System, owner: Connection, payment: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    await system.pay(payment)
    refunded = await system.topup(key="2")
    await system.pay(refunded)
    with monkeypatch.context() as mistaken:
        mistaken.setitem(EVENT_TYPES, SUCCEEDED, broken(KeyError("amount")))
        with capture_logs() as logs:
            await reconcile.reconcile_all(system.services)
    assert tracebacks(logs) == ["stripe_event_crashed"] * 2
    assert await bugs(system, "reconciler") == 2
    assert await balance(owner) == 10_000
    count_by_type = "select count(*) from stripe_events where type = $1"
    assert await owner.fetchval(count_by_type, SUCCEEDED) == 2

"""A log that is read: nothing where nothing happens, one line a fact, and each event explained."""

import asyncio
import re
import time
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from structlog.testing import capture_logs
from structlog.typing import EventDict

from backend.stripe import reconcile
from tests.backend.conftest import ANA, System
from tests.backend.payments.test_charges import charge, post, saved
from tests.backend.payments.test_refunds import refund
from tests.cases.stripe_objects import Connection, balance, deliver, event, intent_of
from tests.cases.test_refusals_that_say_why import lines
from tests.cases.test_unfinished_events import LATER, OLD, WITHDRAWN, disputed, hide_events

__all__ = ["lines"]

ROOT = Path(__file__).parents[2]
EVENTS = (ROOT / "tests" / "snapshots" / "log_events.txt").read_text().splitlines()
PAGE = (ROOT / "docs" / "logs.md").read_text()


async def reconciled(system: System, key: str = "key") -> UUID:
    """Make a payment that the reconciler credits, so that no delivery of its is logged later."""
    await system.sandbox("POST", "/stripe/faults", drop=True)
    payment = await system.topup(key=key)
    await system.pay(payment)
    await reconcile.reconcile_all(system.services)
    assert (await system.see(payment)).status == "succeeded"
    return payment


async def test_where_nothing_happens_nothing_is_written(system: System) -> None:
    """Each of these rounds rereads an hour of events."""
    for number in range(3):
        await reconciled(system, str(number))
    with capture_logs() as lines:
        for _ in range(3):
            counts = await reconcile.reconcile_all(system.services)
    assert counts["events"] == 0  # new ones
    assert [line for line in lines if line["log_level"] != "debug"] == []


async def test_a_change_is_one_line(system: System) -> None:
    await system.sandbox("POST", "/stripe/faults", drop=True)
    payment = await system.topup()
    await system.pay(payment)
    with capture_logs() as lines:
        await reconcile.reconcile_all(system.services)
    paid = [line for line in lines if line.get("type") == "checkout.session.completed"]
    assert [(line["log_level"], line["state"]) for line in paid] == [("info", "done")]


@pytest.mark.slow
async def test_sixty_rounds_in_which_nothing_happens_write_nothing(
    system: System, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An idle hour of the reconciler: sixty rounds, of which six reread an hour of events."""
    await reconciled(system)
    monkeypatch.setattr(reconcile, "EVERY_SECONDS", 0)
    rounds = system.services.metrics.reconciler_rounds._value
    with capture_logs() as logs:
        task = asyncio.create_task(reconcile.reconcile_forever(system.services))
        while rounds.get() < 61:
            assert not task.done()
            await asyncio.sleep(0.05)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    assert shown(logs) == []


def shown(logs: list[EventDict]) -> list[tuple[str, str]]:
    """The level and the event of each line that is not left out."""
    return [(line["log_level"], line["event"]) for line in logs if line["log_level"] != "debug"]


@pytest.mark.parametrize(("lacks", "level"), [("payment_intent_write", "error"), (None, "warning")])
async def test_a_charge_that_stripe_refuses_is_one_line(
    system: System, lacks: str | None, level: str
) -> None:
    await system.sandbox("POST", "/stripe/faults", drop=True)
    await saved(system)
    faults: dict[str, Any] = {"lacks": [lacks]} if lacks else {"api_500": 1}
    await system.sandbox("POST", "/stripe/faults", **faults)
    with capture_logs() as logs:
        await charge(system)
    assert shown(logs) == [(level, "stripe_error")]


async def test_a_refund_that_stripe_refuses_is_one_line_that_says_of_what(
    system: System, lines: list[EventDict]
) -> None:
    payment = await reconciled(system)
    await system.sandbox("POST", "/stripe/faults", lacks=["charge_write"])
    lines.clear()
    answer = await refund(system, payment, amount="20")
    [line] = lines
    assert (line["event"], line["log_level"]) == ("stripe_error", "error")
    assert line["request_id"] == answer["error"]["request_id"]
    assert line["path"] == f"/api/payments/{payment}/refund"
    [made] = (await system.see(payment)).refunds
    assert line["refund_id"] == str(made.id)


async def test_a_page_that_stripe_refuses_is_one_line(system: System) -> None:
    await system.topup(key="first")  # the customer is there
    await system.sandbox("POST", "/stripe/faults", lacks=["checkout_session_write"])
    with capture_logs() as logs:
        body = {"organization_id": str(system.world.acme), "amount": "50", "currency": "eur"}
        answer = await post(system, "payments/checkout", "second", ANA, **body)
    assert answer["error"]["code"] == "stripe_refused"
    assert shown(logs) == [("error", "stripe_error")]


async def test_a_refetch_that_stripe_refuses_is_one_line_for_webhook_and_reconciler(
    system: System, owner: Connection
) -> None:
    intent = intent_of(system, await reconciled(system))
    dispute = await disputed(system, intent)
    hide_events(system)
    await system.sandbox("POST", "/stripe/faults", lacks=["dispute_read"])
    with capture_logs() as logs:
        assert await deliver(system, event(WITHDRAWN, dispute, api_version=OLD)) == (200, "failed")
    assert shown(logs) == [("error", "stripe_error")]
    await owner.execute(LATER)
    with capture_logs() as logs:
        await reconcile.reconcile_all(system.services)
    assert shown(logs) == [("error", "stripe_error")]


async def test_an_event_of_another_api_version_is_one_line_however_often_it_is_read(
    system: System,
) -> None:
    intent = intent_of(system, await reconciled(system))
    dispute = await disputed(system, intent)
    hide_events(system)
    old = event(WITHDRAWN, dispute, api_version=OLD, created=int(time.time()))
    system.store.put("event", old["id"], old)
    with capture_logs() as logs:
        for _ in range(3):
            await reconcile.reconcile_all(system.services)
    [line] = [line for line in logs if line["log_level"] != "debug"]
    assert (line["log_level"], line["event"]) == ("info", "stripe_event_processed")
    assert (line["id"], line["api_version"], line["state"]) == (old["id"], OLD, "done")


async def test_an_event_whose_object_is_malformed_is_reported_once_however_often_it_is_read(
    system: System, owner: Connection
) -> None:
    await system.sandbox("POST", "/stripe/faults", drop=True)
    await system.pay(await system.topup())
    hide_events(system)
    [(_, intent)] = system.store.list("payment_intent")
    odd = event("payment_intent.succeeded", {**intent, "amount_received": "5000"})
    system.store.put("event", odd["id"], odd)
    with capture_logs() as logs:
        for _ in range(3):
            await reconcile.reconcile_all(system.services)
    assert shown(logs) == [
        ("error", "stripe_event_object_malformed"),
        ("info", "stripe_event_processed"),
    ]
    assert await balance(owner) == 5000


async def test_an_event_that_fails_again_and_again_is_one_line_until_it_is_a_dead_letter(
    system: System, owner: Connection
) -> None:
    await system.sandbox("POST", "/stripe/faults", drop=True)
    await system.pay(await system.topup())
    hide_events(system)
    await owner.execute("alter table payments add constraint x check (status <> 'succeeded')")
    [(_, made), *_] = [
        (seq, each)
        for seq, each in system.store.list("event")
        if each["type"] == "checkout.session.completed"
    ]
    with capture_logs() as logs:
        assert (await deliver(system, made))[0] == 500
        for _ in range(4):
            await owner.execute(LATER)
            await reconcile.reconcile_all(system.services)
    assert shown(logs) == [("error", "stripe_event_processed")]
    await owner.execute("update stripe_events set received_at = received_at - interval '2 hours'")
    await owner.execute(LATER)
    with capture_logs() as logs:
        await reconcile.reconcile_all(system.services)
    assert shown(logs) == [("error", "stripe_event_processed")]
    assert [line["state"] for line in logs if line["log_level"] == "error"] == ["dead_letter"]
    await owner.execute("alter table payments drop constraint x")


def events_of(section: str) -> dict[str, str]:
    """The events of one program's table, each with the levels of its row."""
    table = PAGE.partition(f"## The {section}")[2].partition("\n## ")[0]
    rows = [line.split("|")[1:3] for line in table.splitlines() if line.startswith("| `")]
    return {name: levels for names, levels in rows for name in re.findall(r"`(\w+)`", names)}


def test_each_event_is_explained_with_its_levels() -> None:
    for program in ("backend", "bot"):
        explained = events_of(program)
        written: dict[str, set[str]] = {}
        for line in EVENTS:
            writer, level, event = line.split()[:3]
            if writer == program and level != "debug":
                written.setdefault(event, set()).add(level.replace("exception", "error"))
        assert written.keys() == explained.keys()
        for event, levels in written.items():
            assert all(level in explained[event] for level in levels), event

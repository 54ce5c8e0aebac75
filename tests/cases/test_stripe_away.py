"""While Stripe is away, what it is to be asked about waits; only a definite failure ends that."""

from typing import Any

import pytest
import structlog

from backend.database.functions.operating_figures import get_operating_figures
from backend.stripe import reconcile
from tests.backend.conftest import System
from tests.backend.doctor.test_doctor import DoctorRunner
from tests.cases.stripe_objects import Connection, Json, balance, deliver, event, paid

OLD = "2025-02-24.acacia"  # an API version whose objects are always refetched
MINUTES = "update stripe_events set handled_at = handled_at - interval '2 minutes'"
HOURS = (
    "update stripe_events set received_at = received_at - interval '9 hours',"
    " unanswered_since = unanswered_since - interval '9 hours'"
)


async def disputed(system: System, intent: str, **faults: Any) -> Json:
    """Deliver an event of an open dispute whose object Stripe does not give; return the event."""
    await system.sandbox("POST", f"/stripe/clawbacks/{intent}", step="dispute")
    [(_, dispute)] = system.store.list("dispute")
    for _, listed in list(system.store.list("event")):  # older than Stripe lists
        system.store.put("event", listed["id"], {**listed, "created": 1})
    await system.sandbox("POST", "/stripe/faults", **faults)
    stripe_event = event("charge.dispute.funds_withdrawn", dispute, api_version=OLD)
    assert await deliver(system, stripe_event) == (200, "failed")
    return stripe_event


async def reconcile_later(system: System, owner: Connection, rounds: int) -> None:
    for _ in range(rounds):
        await owner.execute(MINUTES)
        await reconcile.reconcile_all(system.services)


async def test_an_event_waits_for_as_long_as_stripe_is_away(
    system: System, owner: Connection, database_url: str
) -> None:
    _, intent = await paid(system)
    stripe_event = await disputed(system, intent, unreadable=["dispute"])
    await owner.execute(HOURS)
    with structlog.testing.capture_logs() as lines:
        await reconcile_later(system, owner, rounds=6)
    assert [line for line in lines if line["log_level"] != "debug"] == []  # it has one already
    row = await owner.fetchrow("select * from stripe_events where id = $1", stripe_event["id"])
    assert row is not None
    assert (row["state"], row["reason"], row["tries"]) == ("failed", "stripe_unavailable", 1)

    figures = await get_operating_figures(system.services.database)
    assert (figures.events.failed, figures.events.unanswered) == (0, 1)
    assert figures.oldest_dead_letter_seconds == 0
    metrics = system.services.metrics.render(figures).decode()
    assert 'pursebot_events_open{state="unanswered"} 1.0' in metrics
    assert "pursebot_events_unanswered_oldest_seconds 324" in metrics
    _, findings = await DoctorRunner(system, database_url).examine()
    assert "wait for an answer of Stripe's: 1, the first for 9:00" in findings["warning", "events"]

    await system.sandbox("POST", "/stripe/faults", unreadable=[])
    await reconcile_later(system, owner, rounds=1)
    assert await balance(owner) == 0
    row = await owner.fetchrow("select * from stripe_events where id = $1", stripe_event["id"])
    assert row is not None
    assert (row["state"], row["unanswered_since"]) == ("done", None)


async def test_what_stripe_refuses_to_say_is_a_dead_letter_after_as_many_tries_as_ever(
    system: System, owner: Connection
) -> None:
    _, intent = await paid(system)
    await disputed(system, intent, unreadable=["dispute"])
    await owner.execute(HOURS)
    await reconcile_later(system, owner, rounds=3)  # unanswered tries do not count
    await system.sandbox("POST", "/stripe/faults", unreadable=[], lacks=["dispute_read"])
    await reconcile_later(system, owner, rounds=3)
    state = "select state, reason from stripe_events where reason like 'more_%'"
    assert tuple(await owner.fetchrow(state) or ()) == ("failed", "more_permissions_required")
    await reconcile_later(system, owner, rounds=2)
    assert tuple(await owner.fetchrow(state) or ()) == ("dead_letter", "more_permissions_required")


async def test_one_that_stripe_never_answers_keeps_no_other_from_its_turn(
    system: System, owner: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, intent = await paid(system)
    stripe_event = await disputed(system, intent, unreadable=["dispute", "customer"])
    customer = next(customer for _, customer in system.store.list("customer"))
    newer = event("customer.updated", customer, api_version=OLD)
    assert await deliver(system, newer) == (200, "failed")
    await system.sandbox("POST", "/stripe/faults", unreadable=["dispute"])
    monkeypatch.setattr(reconcile, "STEP_SECONDS", 0.005)  # one takes all the time of a round
    await reconcile_later(system, owner, rounds=4)
    rows = await owner.fetch("select id, state from stripe_events where api_version = $1", OLD)
    assert dict(rows) == {stripe_event["id"]: "failed", newer["id"]: "done"}

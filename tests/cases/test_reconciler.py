"""The reconciler cannot be stopped: whatever one step or one object raises, the others go on."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from structlog.testing import capture_logs

from backend.stripe import reconcile
from tests.backend.conftest import System
from tests.backend.doctor.test_doctor import DoctorRunner, doctor_runner
from tests.backend.http.test_metrics import scrape
from tests.backend.subscriptions.test_subscriptions import advance, begun, has_balance
from tests.cases.stripe_objects import Connection, Json, balance, paid, post
from tests.cases.test_bugs_of_ours import tracebacks
from tests.cases.test_unfinished_events import disputed, hide_events

__all__ = ["doctor_runner"]

CLAIMS = [
    f"claim_{noun}_to_reconcile"
    for noun in ("events", "payments", "refunds", "disputes", "subscriptions")
]


async def lost_payment(system: System, owner: Connection, *, in_list: bool = True) -> None:
    """Pay EUR 50 of which no webhook arrives; in Stripe's list of events it is, or is not."""
    await system.sandbox("POST", "/stripe/faults", drop=True)
    await system.pay(await system.topup(key="lost"))
    if not in_list:
        hide_events(system)
    await owner.execute("update payments set created_at = created_at - interval '10 minutes'")


async def failures(system: System, about: str) -> float:
    """How many are counted of one part of a round."""
    name = f'pursebot_reconciler_failures_total{{about="{about}"}}'
    return (await scrape(system)).get(name, 0)


@pytest.mark.parametrize("function", [*CLAIMS, "notify_expiring_payment_methods"])
async def test_one_list_that_cannot_be_read_stops_nothing_else(
    system: System, owner: Connection, function: str
) -> None:
    """A payment is credited by its id, or by its event where that list is broken."""
    await lost_payment(system, owner, in_list=function == "claim_payments_to_reconcile")
    await owner.execute(f"alter function api.{function} rename to gone")
    with capture_logs() as logs:
        await reconcile.reconcile_all(system.services)
    assert tracebacks(logs) == ["reconcile_crashed"]
    assert await balance(owner) == 5000
    about = function.removeprefix("claim_").removesuffix("_to_reconcile")
    assert await failures(system, "expiring" if "notify" in about else about) == 1


async def test_where_stripes_list_cannot_be_read_what_is_open_is_refetched_by_its_id(
    system: System, owner: Connection
) -> None:
    await lost_payment(system, owner)
    await system.sandbox("POST", "/stripe/faults", lacks=["event_read"])
    await reconcile.reconcile_all(system.services)
    assert await balance(owner) == 5000
    assert await failures(system, "events") == 1


async def test_an_object_that_never_answers_is_left_and_the_next_one_comes(
    system: System, owner: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    hanging = await system.topup(key="hanging")
    await lost_payment(system, owner, in_list=False)
    session, get_session = await system.session(hanging), system.services.stripe.get_session

    async def hang(session_id: str) -> Any:
        await asyncio.sleep(600 if session_id == session else 0)
        return await get_session(session_id)

    monkeypatch.setattr(system.services.stripe, "get_session", hang)
    monkeypatch.setattr(reconcile, "OBJECT_SECONDS", 0.5)
    await reconcile.reconcile_all(system.services)
    assert await balance(owner) == 5000
    assert await failures(system, "payments") == 1


async def test_those_that_always_fail_keep_no_other_from_its_turn(
    system: System, owner: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With more of them than one round has place for."""
    monkeypatch.setattr(reconcile, "AT_ONCE", 1)
    made = await begun(system)
    await system.sandbox("POST", "/stripe/faults", drop=True)
    await advance(system, days=32)
    hide_events(system)
    await owner.execute(
        "update subscriptions set current_period_end = now() - interval '1 day',"
        " refetched_at = now() - interval '2 days'"
    )
    # One at Stripe that Stripe does not know; it waits longer than the other.
    await owner.execute(
        "with made as (insert into subscriptions (organization_id, wallet_id, currency, amount,"
        " quoted, interval, status, created_by, stripe_subscription_id, expires_at,"
        " current_period_end, refetched_at) select organization_id, wallet_id, currency, amount,"
        " quoted, interval, status, created_by, 'sub_unknown', expires_at, current_period_end,"
        " now() - interval '3 days'"
        " from subscriptions where id = $1 returning id, created_by)"
        " insert into private.subscription_requests"
        " (subscription_id, created_by, idempotency_key, request_hash)"
        " select id, created_by, 'unknown', '' from made",
        made.id,
    )
    for _ in range(2):
        await reconcile.reconcile_all(system.services)
    assert await balance(owner) == 10_000
    assert await failures(system, "subscriptions") == 1


@pytest.mark.slow
async def test_an_event_that_cannot_be_applied_in_its_batch_keeps_back_only_itself(
    system: System, owner: Connection
) -> None:
    """Errors that may pass, as of a lock, undo a whole call."""
    first = await system.topup(key="1")
    await owner.execute("update payments set created_at = created_at - interval '10 minutes'")
    await system.sandbox("POST", "/stripe/faults", drop=True)
    await system.pay(first)
    await system.pay(await system.topup(key="2"))
    await owner.execute(
        "create function public.refuse() returns trigger language plpgsql as $$ begin"
        " if new.status = 'succeeded' then raise 'locked' using errcode = '55P03'; end if;"
        " return new; end $$"
    )
    await owner.execute(
        "create trigger refuse before update on payments for each row"
        f" when (new.id = '{first}') execute function public.refuse()"
    )
    cursor = "select events_read_until from private.installation"
    before = await owner.fetchval(cursor)
    await reconcile.reconcile_all(system.services)
    assert await balance(owner) == 5000
    assert await owner.fetchval(cursor) > before
    rows = await owner.fetch("select reason from stripe_events where state = 'failed'")
    assert {row["reason"] for row in rows} == {"database_unavailable"}
    await owner.execute("drop trigger refuse on payments")
    await owner.execute("update stripe_events set handled_at = handled_at - interval '2 minutes'")
    await reconcile.reconcile_all(system.services)
    assert await balance(owner) == 10_000


async def test_an_answer_that_lacks_a_field_stops_no_other(
    system: System, owner: Connection
) -> None:
    """Case stripe-11."""
    await begun(system)
    await lost_payment(system, owner)
    [(_, subscription)] = system.store.list("subscription")
    del subscription["items"]["data"][0]["current_period_end"]
    system.store.put("subscription", subscription["id"], subscription)
    event = await post(system, "customer.subscription.updated", subscription)
    assert event == (500, "event_not_applied")
    await reconcile.reconcile_all(system.services)
    assert await balance(owner) == 10_000


async def later(owner: Connection) -> None:
    """Have every dispute's turn come."""
    await owner.execute("update disputes set created_at = created_at - interval '2 hours'")
    await owner.execute("update disputes set reconciled_at = reconciled_at - interval '2 hours'")


@pytest.mark.parametrize(("step", "status", "left"), [("win", "won", 5000), ("lose", "lost", 0)])
async def test_a_dispute_whose_end_was_not_reported_is_refetched_by_its_id(
    system: System, owner: Connection, step: str, status: str, left: int
) -> None:
    _, intent = await paid(system)
    dispute = await disputed(system, intent)
    assert await post(system, "charge.dispute.created", dispute) == (200, "done")
    assert await balance(owner) == 0
    await system.sandbox("POST", f"/stripe/clawbacks/{dispute['id']}", step=step)
    hide_events(system)
    await later(owner)
    with capture_logs() as logs:
        for _ in range(2):
            await reconcile.reconcile_all(system.services)
            await later(owner)
    assert await owner.fetchval("select status from disputes") == status
    assert await balance(owner) == left
    changes = [line for line in logs if line.get("type") == "check"]
    assert [(line["log_level"], line["reason"]) for line in changes] == [("info", status)]
    counts = await reconcile.reconcile_all(system.services)
    assert counts["disputes"] == 0  # it came to its end


async def test_a_renewal_whose_invoice_was_a_draft_when_it_was_refetched_is_credited(
    system: System, owner: Connection
) -> None:
    """Stripe finalizes an invoice after about an hour; that it is paid is then not reported."""
    await begun(system)
    await system.sandbox("POST", "/stripe/faults", drop=True)
    await advance(system, days=32)
    [(_, subscription)] = system.store.list("subscription")
    invoice: Json = system.store.get("invoice", subscription["latest_invoice"]) or {}
    system.store.put("invoice", invoice["id"], {**invoice, "status": "draft"})
    event = await post(system, "customer.subscription.updated", subscription)
    assert event == (200, "done")
    hide_events(system)
    system.store.put("invoice", invoice["id"], invoice)
    an_hour_later = "update subscriptions set refetched_at = refetched_at - interval '2 hours'"
    await owner.execute(an_hour_later)
    assert (await reconcile.reconcile_all(system.services))["subscriptions"] == 1
    assert await has_balance(system, 10_000)
    await owner.execute(an_hour_later)
    assert (await reconcile.reconcile_all(system.services))["subscriptions"] == 0


async def test_a_cursor_that_stands_still_is_a_metric_and_a_finding(
    system: System, owner: Connection, doctor_runner: DoctorRunner
) -> None:
    read_until = "update private.installation set events_read_until = now() - $1::interval"
    await owner.execute(read_until, timedelta(0))
    _, findings = await doctor_runner.examine()
    assert ("error", "events") not in findings
    await owner.execute(read_until, timedelta(minutes=11))
    metrics = await scrape(system)
    assert 660 <= metrics["pursebot_events_cursor_age_seconds"] < 720
    code, findings = await doctor_runner.examine()
    assert code == 1
    assert "has not read Stripe's events for 0:11:" in findings["error", "events"]
    await reconcile.reconcile_all(system.services)
    metrics = await scrape(system)
    assert metrics["pursebot_events_cursor_age_seconds"] < 60
    assert metrics["pursebot_reconciler_rounds_total"] == 1

"""Events that were missed are read in windows, oldest first, whatever their number."""

import asyncio
import time
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs
from uuid import UUID

import pytest

from backend.failures import StripeUnavailable
from backend.stripe import missed_events, reconcile
from backend.stripe.missed_events import EVENTS_AT_ONCE, OVERLAP_SECONDS, RECENT_SECONDS
from sandbox.stripe.objects import new_id
from tests.backend.commands.test_commands import start
from tests.backend.conftest import System
from tests.cases.stripe_objects import Connection, balance
from tests.cases.test_another_account import settings_of

HOUR = 3600
OUTAGE_SECONDS = 96 * HOUR
MANY = 4000
MAX_KIB = 32 * 1024  # above what a round without events takes


async def outage(
    system: System, owner: Connection, events: int, seconds: int = OUTAGE_SECONDS
) -> list[UUID]:
    """Have Stripe's list hold so many events that nobody heard, of `seconds` up to now.

    The oldest and the newest of them each credit a payment; in between, one object changes.
    """
    await system.sandbox("POST", "/stripe/faults", drop=True)
    payments = [await system.topup(key=str(number)) for number in range(2)]
    for payment in payments:
        await system.pay(payment)
    made = [event for _, event in system.store.list("event")]
    completed = [event for event in made if event["type"] == "checkout.session.completed"]
    [copied] = [event for event in made if event["type"] == "charge.succeeded"][:1] or made[-1:]
    for event in made:
        system.store.put("event", event["id"], {**event, "created": 1})
    began = int(time.time()) - seconds
    for number in range(events):
        id, body = new_id("event"), {**copied, "type": "customer.updated"}
        if number in (0, events - 1):
            body = completed[0 if number == 0 else 1]
            id = body["id"]
        created = began + seconds * number // events
        system.store.put("event", id, {**body, "id": id, "created": created})
    await owner.execute(
        "update private.installation set events_read_until = to_timestamp($1)", began - HOUR
    )
    return payments


async def cursor(owner: Connection) -> float:
    """Return the reconciler's cursor, in seconds since 1970."""
    return float(
        await owner.fetchval(
            "select extract(epoch from events_read_until) from private.installation"
        )
    )


async def test_they_are_applied_oldest_first_and_the_cursor_moves_with_them(
    system: System, owner: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    payments = await outage(system, owner, events=5 * EVENTS_AT_ONCE)
    list_events, pages = system.services.stripe.list_events, 0

    async def away_after_a_while(*words: Any, **named: Any) -> Any:
        nonlocal pages
        pages += 1
        if pages > 16:
            raise StripeUnavailable
        return await list_events(*words, **named)

    before = await cursor(owner)
    with monkeypatch.context() as patched:
        patched.setattr(system.services.stripe, "list_events", away_after_a_while)
        await reconcile.reconcile_all(system.services)
    reached = await cursor(owner)
    assert before < reached < time.time() - HOUR
    times = "select extract(epoch from stripe_created_at)::int from stripe_events"
    applied = [row[0] for row in await owner.fetch(f"{times} order by handled_at, 1")]
    assert len(applied) > EVENTS_AT_ONCE
    assert applied == sorted(applied)
    assert reached - HOUR < applied[-1] < reached
    assert [(await system.see(each)).status for each in payments] == ["succeeded", "pending"]
    await reconcile.reconcile_all(system.services)
    applied = [row[0] for row in await owner.fetch(f"{times} order by handled_at, 1")]
    assert applied == sorted(applied)
    assert (await system.see(payments[1])).status == "succeeded"


async def test_a_round_ends_in_time_and_the_next_one_goes_on(
    system: System, owner: Connection
) -> None:
    await outage(system, owner, events=2 * EVENTS_AT_ONCE)
    before, rounds = await cursor(owner), 0
    while (
        await reconcile.reconcile_round(
            system.services, overlap_seconds=RECENT_SECONDS, events_seconds=0.05
        )
    ).is_behind:
        rounds += 1
        assert rounds < 100
    assert await cursor(owner) > before
    assert rounds
    assert await balance(owner) == 10_000


async def test_more_than_a_page_in_one_second_are_read_page_after_page(
    system: System, owner: Connection
) -> None:
    await outage(system, owner, events=3 * EVENTS_AT_ONCE, seconds=1)
    counts = await reconcile.reconcile_all(system.services)
    assert counts["events"] == 3 * EVENTS_AT_ONCE
    assert await balance(owner) == 10_000


async def test_the_last_hour_is_read_again_in_every_tenth_round_only(
    system: System, owner: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reconcile, "EVERY_SECONDS", 0)
    task = asyncio.create_task(reconcile.reconcile_forever(system.services))
    try:
        async with asyncio.timeout(60):
            while system.services.metrics.reconciler_rounds._value.get() < 21:
                await asyncio.sleep(0.05)
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    calls = (await system.sandbox("GET", "/recorded?limit=1000"))["calls"]
    now = time.time()
    since = [
        now - int(parse_qs(call["query"])["created[gte]"][0])
        for call in calls
        if call["path"] == "/v1/events"
    ]
    groups = len(missed_events.TYPES_OF_A_LIST)
    whole_hours = [seconds >= OVERLAP_SECONDS for seconds in since[: 21 * groups : groups]]
    assert sorted(since)[0] < RECENT_SECONDS + 60
    assert whole_hours.count(True) == 3
    assert {index % 10 for index, is_whole in enumerate(whole_hours) if is_whole} == {0}


async def peak_kib(system: System, url: str) -> int:
    """Run `python -m backend reconcile`; return the most memory that it had at one time."""
    process = await start("reconcile", **settings_of(system, url))
    peak = 0
    while process.returncode is None:
        try:
            status = await asyncio.to_thread(Path(f"/proc/{process.pid}/status").read_text)
        except (FileNotFoundError, ProcessLookupError):  # it has just ended
            break
        peaks = [line.split()[1] for line in status.splitlines() if line.startswith("VmHWM")]
        peak = max([peak, *map(int, peaks)])
        await asyncio.sleep(0.01)
    _, errors = await process.communicate()
    assert process.returncode == 0, errors
    return peak


@pytest.mark.slow
@pytest.mark.parametrize("seconds", [OUTAGE_SECONDS, 1])
async def test_four_thousand_take_no_more_memory_than_a_few(
    system: System, owner: Connection, database_url: str, seconds: int
) -> None:
    """Case fault-catch-up-memory: after 96 hours, or all in one second."""
    idle = await peak_kib(system, database_url)
    await outage(system, owner, MANY, seconds)
    busy = await peak_kib(system, database_url)
    assert await owner.fetchval("select count(*) from stripe_events") == MANY
    assert await balance(owner) == 10_000
    assert busy - idle <= MAX_KIB, f"{(busy - idle) / 1024:.1f} MiB above {idle / 1024:.1f} MiB"

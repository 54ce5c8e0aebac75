"""A log that is read: nothing where nothing happens, and each event explained."""

import re
from pathlib import Path

from structlog.testing import capture_logs

from backend.stripe import reconcile
from tests.backend.conftest import System

ROOT = Path(__file__).parents[2]
EVENTS = (ROOT / "tests" / "snapshots" / "log_events.txt").read_text().splitlines()
PAGE = (ROOT / "docs" / "logs.md").read_text()


async def test_where_nothing_happens_nothing_is_written(system: System) -> None:
    """Each of these rounds rereads an hour of events."""
    for number in range(3):
        payment = await system.topup(key=str(number))
        await system.pay(payment)
        await system.until(payment, lambda seen: seen.status == "succeeded")
    await reconcile.reconcile_all(system.services)
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

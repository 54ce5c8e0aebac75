"""The database: whether it is ours and up to date, and what waits in it."""

from collections.abc import Iterator
from typing import Any

from backend import migrations
from backend.database import SERVICE, Database
from backend.doctor.finding import Finding, Findings
from backend.failures import DatabaseUnavailable
from backend.opening import open_database
from backend.settings import Settings

Json = dict[str, Any]

VERSIONS = range(15, 19)
LATE_SECONDS = 120  # an outbox that nobody empties; the bot asks all the time
MIGRATE = "Run `python -m backend migrate`."
REST = (
    "Over REST: expose schema `api` (Project Settings, Data API), and copy SUPABASE_URL,"
    " SUPABASE_SERVICE_ROLE_KEY and SUPABASE_JWT_SECRET again. Else set SUPABASE_DB_URL."
)
TAMPERED = "Stop the backend, keep a copy of the database, and find out who wrote to it."


async def database(chosen: Settings) -> Findings:
    """As its owner where SUPABASE_DB_URL is set, then as the backend; raises if nobody answers."""
    well = True
    direct = chosen.supabase_db_url
    if direct:
        for finding in structure(await migrations.inspect(direct.get_secret_value())):
            well = well and finding.level != "error"
            yield finding
    if not well:
        return
    try:
        async with open_database(chosen) as opened:
            if not direct:
                yield Finding("ok", "supabase", "schema `api` is exposed, and both keys are taken")
            for finding in await inside(opened, chosen.livemode):
                yield finding
    except DatabaseUnavailable as error:
        about, fix = ("database", "") if direct else ("supabase", REST)
        yield Finding("error", about, str(error), fix)


async def inside(opened: Database, livemode: bool) -> list[Finding]:
    """What the database says of itself."""
    pending = migrations.versions() - set(await opened.call("applied_migrations", SERVICE))
    if pending:
        return [Finding("error", "database", f"migrations pending: {len(pending)}", MIGRATE)]
    figures = await opened.call("operating_figures", SERVICE)
    problems = await opened.call("ledger_problems", SERVICE, most=10)
    ledger = [
        Finding("error", "ledger", f"{problem['problem']}: {problem['place']}", TAMPERED)
        for problem in problems
    ] or [Finding("ok", "ledger", "every entry adds up and every chain is whole")]
    return [*work(figures, livemode), *ledger]


def structure(found: migrations.Inspection) -> Iterator[Finding]:
    """Version, roles, migrations."""
    good = found.version in VERSIONS
    yield Finding(
        "ok" if good else "error", "database", f"PostgreSQL {found.version} answers",
        "" if good else "Use PostgreSQL 15 to 18.",
    )  # fmt: skip
    if found.missing_roles:
        yield Finding(
            "error", "database", f"there is no role {', '.join(found.missing_roles)}",
            "Run `python -m backend migrate --create-roles`, or use a Supabase project.",
        )  # fmt: skip
    if found.pending:
        yield Finding("error", "database", f"pending: {', '.join(found.pending)}", MIGRATE)
    if found.changed:
        yield Finding(
            "error", "database", f"changed after it was applied: {', '.join(found.changed)}",
            "Restore the file and put the change into a new one.",
        )  # fmt: skip
    if found.unchecked:
        yield Finding(
            "warning", "database", f"{len(found.unchecked)} migrations were applied by the"
            " Supabase CLI, unchecked", MIGRATE,
        )  # fmt: skip
    if not (found.pending or found.changed):
        yield Finding("ok", "database", f"every migration is applied ({found.applied})")


def work(figures: Json, livemode: bool) -> Iterator[Finding]:
    """The mode it belongs to, and everything that waits for too long."""
    names = {True: "live", False: "test", None: "neither mode yet"}
    if figures["livemode"] in (None, livemode):
        yield Finding("ok", "mode", f"the database belongs to {names[figures['livemode']]} money")
    else:
        yield Finding(
            "error", "mode", f"the database belongs to {names[figures['livemode']]} money, the key"
            f" to {names[livemode]}", "Use a key of the database's mode, or another database.",
        )  # fmt: skip
    events, outbox = figures["events"], figures["outbox"]
    if events["parked"]:
        yield Finding(
            "error", "events", f"parked: {events['parked']}; money may have come that nobody has",
            "Run `python -m backend events list`, then show, retry or dismiss.",
        )  # fmt: skip
    if events["failed"]:
        yield Finding(
            "warning", "events", f"failed: {events['failed']}; Stripe sends them again",
            "Run `python -m backend events list` if the number stays.",
        )  # fmt: skip
    if not any(events.values()):
        yield Finding("ok", "events", "none failed, none parked")
    late = outbox["oldest_due_seconds"] > LATE_SECONDS
    yield Finding(
        "error" if late else "ok", "outbox", f"notifications due: {outbox['due']}, the oldest for"
        f" {outbox['oldest_due_seconds']:.0f} s",
        "Is `python -m bot` running, with the same BOT_API_SECRET?" if late else "",
    )  # fmt: skip
    if outbox["unreachable_chats"]:
        yield Finding(
            "warning", "outbox", "chats that blocked the bot with something still to be told:"
            f" {outbox['unreachable_chats']}", "It is told when they write to the bot again.",
        )  # fmt: skip
    updates = figures["updates"]
    if updates["oldest_seconds"] > LATE_SECONDS or updates["given_up"]:
        yield Finding(
            "error", "updates", f"Telegram's updates waiting: {updates['waiting']}, the oldest"
            f" for {updates['oldest_seconds']:.0f} s; given up: {updates['given_up']}",
            "Is `python -m bot` running in webhook mode? The backend logs what was given up.",
        )  # fmt: skip
    overdue = figures["overdue_payments"]
    yield Finding(
        "error" if overdue else "ok", "payments", f"open though they should be over: {overdue}",
        "Run `python -m backend reconcile` and read what it logs." if overdue else "",
    )  # fmt: skip

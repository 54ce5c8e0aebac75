"""The checks of the database: its address, its migrations, and what waits in it."""

from collections.abc import Iterator
from datetime import timedelta

from backend.database import migrations
from backend.database.connections import Kind, Unreachable, address_kind
from backend.database.functions import operating_figures as sql_operating_figures
from backend.database.functions.operating_figures import OperatingFigures
from backend.database.protocol import Database
from backend.doctor.finding import Finding, Findings, new_finding
from backend.failures import DatabaseUnavailable
from backend.opening import open_database
from backend.settings import Settings

VERSIONS = range(15, 19)
MAX_CURSOR_AGE_SECONDS = 600  # the reconciler reads every minute
LATE_SECONDS = 120  # the bot claims all the time, so it is not running
MODES = {True: "live", False: "test", None: "neither mode yet"}
# Findings by kind of address: SUPABASE_DB_POOLER fits it, or does not.
AS_SET: dict[Kind, str] = {
    "direct": "database.direct",
    "session": "database.session",
    "transaction": "database.transaction",
}
TAKEN_FOR_ANOTHER: dict[Kind, str] = {
    "direct": "database.direct_taken_for_another",
    "session": "database.session_taken_for_another",
    "transaction": "database.transaction_taken_for_another",
}


async def check_database(chosen: Settings) -> Findings:
    """Check as the owner where SUPABASE_DB_URL is set, then as the service. Raises MigrationError.

    After an error the checks that depend on it are left out.
    """
    has_errors = False
    direct = chosen.supabase_db_url
    if direct:
        address = await check_address(direct.get_secret_value(), chosen)
        yield address
        if address.level == "error":
            return
        for finding in check_structure(
            await migrations.inspect_database(direct.get_secret_value())
        ):
            has_errors = has_errors or finding.level == "error"
            yield finding
    if has_errors:
        return
    try:
        async with open_database(chosen) as opened:
            if not direct:
                yield new_finding("supabase.answers")
            for finding in await check_contents(opened, chosen.livemode):
                yield finding
    except DatabaseUnavailable as error:
        unavailable = "database.unavailable" if direct else "supabase.unavailable"
        yield new_finding(unavailable, reason=error)


async def check_address(url: str, chosen: Settings) -> Finding:
    """Check that SUPABASE_DB_POOLER fits the kind of address in SUPABASE_DB_URL."""
    try:
        kind = await address_kind(url)
    except Unreachable as error:
        return new_finding("database.unreachable", reason=error.reason, fix=error.fix)
    if chosen.supabase_db_pooler == (kind == "transaction"):
        return new_finding(AS_SET[kind], size=chosen.supabase_db_pool_size)
    return new_finding(TAKEN_FOR_ANOTHER[kind])


async def check_contents(opened: Database, livemode: bool) -> list[Finding]:
    """Check the migrations, the operating figures, and the ledger, as the service."""
    pending = migrations.list_versions() - set(
        await sql_operating_figures.list_applied_migrations(opened)
    )
    if pending:
        return [new_finding("database.migrations_pending", number=len(pending))]
    figures = await sql_operating_figures.get_operating_figures(opened)
    problems = await sql_operating_figures.list_ledger_problems(opened, max_rows=10)
    ledger = [
        new_finding("ledger.tampered", problem=problem.problem, place=problem.place)
        for problem in problems
    ]
    return [*check_operations(figures, livemode), *(ledger or [new_finding("ledger.whole")])]


def check_structure(inspection: migrations.Inspection) -> Iterator[Finding]:
    """Check PostgreSQL's version, Supabase's roles, and the migrations."""
    is_supported = inspection.version in VERSIONS
    verdict = "database.answers" if is_supported else "database.of_another_version"
    yield new_finding(verdict, version=inspection.version)
    if inspection.missing_roles:
        yield new_finding("database.lacks_roles", roles=", ".join(inspection.missing_roles))
    if inspection.pending:
        yield new_finding("database.pending", files=", ".join(inspection.pending))
    if inspection.changed:
        yield new_finding("database.changed", files=", ".join(inspection.changed))
    if inspection.unchecked:
        yield new_finding("database.unchecked", number=len(inspection.unchecked))
    if not (inspection.pending or inspection.changed):
        yield new_finding("database.migrated", number=inspection.applied)


def events_are_late(figures: OperatingFigures) -> bool:
    """Return whether a backend has run, and its reconciler does not read Stripe's events."""
    has_run = figures.livemode is not None
    return has_run and figures.events_cursor_age_seconds > MAX_CURSOR_AGE_SECONDS


def check_operations(figures: OperatingFigures, livemode: bool) -> Iterator[Finding]:
    """Check the mode that the database belongs to, and what has waited for too long."""
    same = figures.livemode in (None, livemode)
    modes = {"mode": MODES[figures.livemode], "key_mode": MODES[livemode]}
    yield new_finding("mode.same" if same else "mode.other", **modes)
    events, outbox, updates = figures.events, figures.outbox, figures.updates
    if events.failed:
        yield new_finding("events.failed", failed=events.failed)
    if events.unanswered:
        since = timedelta(seconds=int(events.oldest_unanswered_seconds))
        yield new_finding("events.unanswered", unanswered=events.unanswered, since=since)
    if events.dead_letters:
        oldest = timedelta(seconds=int(figures.oldest_dead_letter_seconds))
        yield new_finding("events.dead_letters", dead_letters=events.dead_letters, oldest=oldest)
    if events_are_late(figures):
        age = timedelta(seconds=int(figures.events_cursor_age_seconds))
        yield new_finding("events.not_read", age=age)
    if not (events.failed or events.unanswered or events.dead_letters):
        yield new_finding("events.none")
    late = outbox.oldest_due_seconds > LATE_SECONDS
    yield new_finding("outbox.late" if late else "outbox.on_time", **outbox.model_dump())
    if outbox.unreachable_chats:
        yield new_finding("outbox.unreachable", **outbox.model_dump())
    if updates.oldest_seconds > LATE_SECONDS or updates.abandoned:
        yield new_finding("updates.late", **updates.model_dump())
    overdue = figures.overdue_payments
    yield new_finding("payments.overdue" if overdue else "payments.on_time", number=overdue)

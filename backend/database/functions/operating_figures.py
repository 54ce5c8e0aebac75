"""SQL functions for operations: figures for /metrics and `doctor`, ledger proof, migrations."""

from backend.database.protocol import SERVICE, Database
from backend.database.rows import Row
from backend.schemas import PaymentStatus


class PaymentFigures(Row):
    """How many payments have this status and last decline ("" where there was none)."""

    status: PaymentStatus
    decline: str
    number: int


class EventFigures(Row):
    """How many of Stripe's events failed or are dead letters.

    `unanswered` are failed ones that are not counted in `failed`: they wait for an answer of
    Stripe's, the first of them for `oldest_unanswered_seconds`.
    """

    failed: int
    dead_letters: int
    unanswered: int
    oldest_unanswered_seconds: float


class OutboxFigures(Row):
    """How many notifications are not delivered yet; `due` are those that may be sent now."""

    waiting: int
    due: int
    oldest_due_seconds: float
    unreachable_chats: int


class UpdateFigures(Row):
    """How many of Telegram's updates are not handled yet, and how many were given up."""

    waiting: int
    oldest_seconds: float
    abandoned: int


class OperatingFigures(Row):
    """What waits and what went wrong, as numbers: no names, and a bounded number of rows.

    `livemode` and `stripe_account_id` are None until a backend has claimed the database.
    `oldest_dead_letter_seconds` counts dead letters at once, and failed events from an hour after
    they were received, unless Stripe does not answer; `events_cursor_age_seconds` how long ago the
    reconciler read Stripe's list.
    """

    livemode: bool | None
    stripe_account_id: str | None
    payments: tuple[PaymentFigures, ...]
    overdue_payments: int
    events: EventFigures
    oldest_dead_letter_seconds: float
    events_cursor_age_seconds: float
    outbox: OutboxFigures
    updates: UpdateFigures


class LedgerProblemRow(Row):
    """An inconsistency of the ledger, and where it is: ids only."""

    problem: str
    place: str


async def get_operating_figures(database: Database) -> OperatingFigures:
    """Count what waits and what went wrong."""
    return OperatingFigures.model_validate(await database.call("get_operating_figures", SERVICE))


async def list_ledger_problems(database: Database, *, max_rows: int) -> list[LedgerProblemRow]:
    """Check every entry of every account, and list inconsistencies, `max_rows` at most."""
    rows = await database.call("list_ledger_problems", SERVICE, max_rows=max_rows)
    return [LedgerProblemRow.model_validate(row) for row in rows]


async def list_applied_migrations(database: Database) -> list[str]:
    """List the versions of the applied migrations, in order."""
    versions: list[str] = await database.call("list_applied_migrations", SERVICE)
    return versions

"""What the engineer who runs it looks at: /metrics, /ready and `python -m backend doctor`."""

from backend.database.protocol import SERVICE, Database
from backend.database.rows import Row
from backend.schemas import PaymentStatus


class PaymentFigures(Row):
    """How many payments have this status and last decline ("" where there was none)."""

    status: PaymentStatus
    decline: str
    number: int


class EventFigures(Row):
    """How many of Stripe's events wait for somebody."""

    failed: int
    parked: int


class OutboxFigures(Row):
    """Notifications that are not delivered yet; `due` are those in a reachable chat."""

    waiting: int
    due: int
    oldest_due_seconds: float
    unreachable_chats: int


class UpdateFigures(Row):
    """Telegram's updates that are not handled yet, and those that were given up."""

    waiting: int
    oldest_seconds: float
    given_up: int


class OperatingFigures(Row):
    """Numbers only: no names, and no more rows than there are states and decline codes.

    `livemode` and `stripe_account_id` are None until a backend has claimed the database. Dead
    letters count from an hour after they came, parked ones at once.
    """

    livemode: bool | None
    stripe_account_id: str | None
    payments: tuple[PaymentFigures, ...]
    overdue_payments: int
    events: EventFigures
    oldest_dead_letter_seconds: float
    outbox: OutboxFigures
    updates: UpdateFigures


class LedgerProblemRow(Row):
    """What is wrong with the ledger, and where: ids only."""

    problem: str
    place: str


async def get_operating_figures(database: Database) -> OperatingFigures:
    """Count what waits and what went wrong."""
    return OperatingFigures.model_validate(await database.call("get_operating_figures", SERVICE))


async def list_ledger_problems(database: Database, *, max_rows: int) -> list[LedgerProblemRow]:
    """Read every entry of every account and list what is wrong, `max_rows` at most."""
    rows = await database.call("list_ledger_problems", SERVICE, max_rows=max_rows)
    return [LedgerProblemRow.model_validate(row) for row in rows]


async def list_applied_migrations(database: Database) -> list[str]:
    """List the versions that the database has, in order."""
    versions: list[str] = await database.call("list_applied_migrations", SERVICE)
    return versions

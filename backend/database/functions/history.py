"""SQL functions of history: wallets, their transactions, payments, and monthly statements.

Lists are newest first, `max_rows` to a page (1 to 100, else 20). A cursor is the `next_cursor` or
`previous_cursor` of another page.
"""

from datetime import date, datetime
from typing import Literal
from uuid import UUID

from backend.database.protocol import Database, Person
from backend.database.rows import Row
from backend.schemas import (
    Money,
    Payments,
    PaymentStatus,
    Transaction,
    TransactionKind,
    Transactions,
    Wallet,
)


class StatementRow(Row):
    """One month of a wallet in `currency`, from `begins_at` to `ends_at` (UTC) or until now.

    They are the month's ends in `time_zone` (IANA), the organization's. `empty` says why there are
    no lines.
    """

    organization_name: str
    currency: str
    time_zone: str
    begins_at: datetime
    ends_at: datetime
    opening: Money
    closing: Money
    lines: tuple[Transaction, ...]
    empty: Literal["not_begun", "before_first", "nothing_moved"] | None


async def list_wallets(database: Database, actor: Person, *, organization_id: UUID) -> list[Wallet]:
    """List an organization's wallets, the default one first. Raises NotFound."""
    rows = await database.call("list_wallets", actor, organization_id=organization_id)
    return [Wallet.model_validate(row) for row in rows]


async def list_transactions(
    database: Database,
    actor: Person,
    *,
    organization_id: UUID,
    currency: str | None = None,
    kind: list[TransactionKind] | None = None,
    cursor: str | None = None,
    max_rows: int | None = None,
) -> Transactions:
    """List a wallet's transactions; without `currency`, those of the default wallet.

    Raises NotFound, BadCursor, CurrencyUnknown.
    """
    page = await database.call(
        "list_transactions",
        actor,
        organization_id=organization_id,
        currency=currency,
        kind=kind,
        cursor=cursor,
        max_rows=max_rows,
    )
    return Transactions.model_validate(page)


async def list_payments(
    database: Database,
    actor: Person,
    *,
    organization_id: UUID,
    status: list[PaymentStatus] | None = None,
    cursor: str | None = None,
    max_rows: int | None = None,
) -> Payments:
    """List an organization's payments; without `status`, those of every status.

    Raises NotFound, BadCursor.
    """
    page = await database.call(
        "list_payments",
        actor,
        organization_id=organization_id,
        status=status,
        cursor=cursor,
        max_rows=max_rows,
    )
    return Payments.model_validate(page)


async def get_statement(
    database: Database, actor: Person, *, organization_id: UUID, currency: str | None, month: date
) -> StatementRow:
    """Read one month of a wallet; without `currency`, of the default wallet.

    `month` is any day of it. Raises NotFound, CurrencyUnknown.
    """
    row = await database.call(
        "get_statement", actor, organization_id=organization_id, currency=currency, month=month
    )
    return StatementRow.model_validate(row)

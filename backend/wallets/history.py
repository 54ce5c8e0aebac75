"""History: payments and wallets' transactions by page, and monthly statements."""

from datetime import date
from uuid import UUID

from backend import schemas
from backend.database.functions import history
from backend.database.protocol import Database, Person
from backend.wallets.file_names import statement_file_name
from backend.wallets.statement_csv import statement_csv
from backend.wallets.statement_format import statement_format


async def list_payments(
    database: Database, actor: Person, query: schemas.PaymentsQuery
) -> schemas.Payments:
    """List an organization's payments. Raises NotFound, BadCursor."""
    return await history.list_payments(
        database,
        actor,
        organization_id=query.organization_id,
        status=query.status,
        cursor=query.cursor,
        max_rows=query.limit,
    )


async def list_wallets(database: Database, actor: Person, organization_id: UUID) -> schemas.Wallets:
    """List an organization's wallets. Raises NotFound."""
    rows = await history.list_wallets(database, actor, organization_id=organization_id)
    return schemas.Wallets(wallets=rows)


async def list_transactions(
    database: Database, actor: Person, organization_id: UUID, query: schemas.TransactionsQuery
) -> schemas.Transactions:
    """List a wallet's transactions. Raises NotFound, BadCursor, CurrencyUnknown."""
    return await history.list_transactions(
        database,
        actor,
        organization_id=organization_id,
        currency=query.currency,
        kind=query.kind,
        cursor=query.cursor,
        max_rows=query.limit,
    )


async def get_statement(
    database: Database, actor: Person, organization_id: UUID, query: schemas.StatementQuery
) -> schemas.Statement:
    """Make the statement of one month of a wallet, by the organization's time zone, with its CSV.

    Raises NotFound, CurrencyUnknown.
    """
    month = date.fromisoformat(f"{query.month}-01")
    row = await history.get_statement(
        database, actor, organization_id=organization_id, currency=query.currency, month=month
    )
    return schemas.Statement(
        organization_name=row.organization_name,
        month=query.month,
        time_zone=row.time_zone,
        opening=row.opening,
        closing=row.closing,
        movements=len(row.lines),
        empty=row.empty,
        file_name=statement_file_name(row.organization_name, query.month, row.currency),
        csv=statement_csv(row, statement_format(query.language, query.separators)),
    )

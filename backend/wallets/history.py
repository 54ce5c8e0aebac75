"""What has happened: lists by page, and a month of a wallet as a file for spreadsheets."""

import csv
import io
import re
import unicodedata
from collections.abc import Iterator
from datetime import UTC, date, datetime
from uuid import UUID

from backend import schemas
from backend.database.functions import history
from backend.database.functions.history import StatementRow
from backend.database.protocol import Database, Person

# Without it Excel reads UTF-8 as whatever the machine's old code page is.
BYTE_ORDER_MARK = "\ufeff"
# A spreadsheet runs a cell that begins so: https://owasp.org/www-community/attacks/CSV_Injection
RUNS_AS_A_FORMULA = re.compile(r"[=+\-@\t\r\uff1d\uff0b\uff0d\uff20]")
LONGEST_NAME = 40

HEADER = (
    "Time (UTC)", "What", "Amount", "Balance", "Currency", "Paid by", "Reference", "Payment",
)  # fmt: skip
KINDS: dict[schemas.TransactionKind, str] = {
    "topup": "Top-up",
    "invoice": "Recurring top-up",
    "refund": "Refund",
    "refund_reversal": "Refund failed",
    "dispute": "Disputed",
    "reinstatement": "Dispute won",
    "adjustment": "Adjustment",
}
EMPTY = {
    "not_begun": "No movements: this month has not begun",
    "before_first": "No movements: the first came later",
    "nothing_moved": "No movements in this month",
}


async def payments(
    database: Database, actor: Person, asked: schemas.PaymentsQuery
) -> schemas.Payments:
    """An organization's payments. Raises NotFound, BadCursor."""
    return await history.list_payments(
        database,
        actor,
        organization_id=asked.organization_id,
        status=asked.status,
        cursor=asked.cursor,
        most=asked.limit,
    )


async def wallets(database: Database, actor: Person, organization_id: UUID) -> schemas.Wallets:
    """An organization's wallets. Raises NotFound."""
    rows = await history.list_wallets(database, actor, organization_id=organization_id)
    return schemas.Wallets(wallets=rows)


async def transactions(
    database: Database, actor: Person, organization_id: UUID, asked: schemas.TransactionsQuery
) -> schemas.Transactions:
    """A wallet's movements. Raises NotFound, BadCursor, CurrencyUnknown."""
    return await history.list_transactions(
        database,
        actor,
        organization_id=organization_id,
        currency=asked.currency,
        kind=asked.kind,
        cursor=asked.cursor,
        most=asked.limit,
    )


async def statement(
    database: Database, actor: Person, organization_id: UUID, asked: schemas.StatementQuery
) -> schemas.Statement:
    """One month of a wallet. Raises NotFound, CurrencyUnknown."""
    month = date.fromisoformat(f"{asked.month}-01")
    row = await history.statement(
        database, actor, organization_id=organization_id, currency=asked.currency, month=month
    )
    return schemas.Statement(
        organization_name=row.organization_name,
        month=asked.month,
        opening=row.opening,
        closing=row.closing,
        movements=len(row.lines),
        empty=row.empty,
        file_name=f"{plain_name(row.organization_name)}-{asked.month}-{row.currency}.csv",
        csv=spreadsheet(row),
    )


def spreadsheet(row: StatementRow) -> str:
    """`api.statement` as RFC 4180 text with a byte order mark."""
    text = io.StringIO()
    text.write(BYTE_ORDER_MARK)
    csv.writer(text).writerows([HEADER, *cells(row)])
    return text.getvalue()


def cells(row: StatementRow) -> Iterator[tuple[str, ...]]:
    """From the opening balance down to the closing one."""
    code = row.currency.upper()
    opening, closing = row.opening.amount, row.closing.amount
    yield (clock(row.begins_at), "Opening balance", "", opening, code, "", "", "")
    if row.empty:
        yield ("", EMPTY[row.empty], "", "", "", "", "", "")
    for line in row.lines:
        yield (
            clock(line.created_at),
            KINDS[line.kind],
            line.money.amount,
            line.balance.amount,
            code,
            defused(line.paid_by or ""),
            line.reference or "",
            str(line.payment_id or ""),
        )
    yield (clock(row.ends_at), "Closing balance", "", closing, code, "", "", "")


def clock(moment: datetime) -> str:
    """A moment as spreadsheets know one."""
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M:%S}"


def defused(text: str) -> str:
    """A cell of somebody's words that no spreadsheet runs."""
    return f"'{text}" if RUNS_AS_A_FORMULA.match(text) else text


def plain_name(name: str) -> str:
    """An organization's name as every file system takes it: "Café & Söhne" -> "cafe-sohne"."""
    letters = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    return "-".join(re.findall("[a-z0-9]+", letters))[:LONGEST_NAME].strip("-") or "wallet"

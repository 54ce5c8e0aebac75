"""A monthly statement as CSV for spreadsheets."""

import csv
import io
import re
import unicodedata
from collections.abc import Iterator
from datetime import UTC, datetime

from backend.database.functions.history import StatementRow
from backend.schemas import TransactionKind

# Without it Excel reads UTF-8 in the machine's ANSI code page.
BYTE_ORDER_MARK = "\ufeff"
# A spreadsheet takes a cell that begins so for a formula:
# https://owasp.org/www-community/attacks/CSV_Injection
RUNS_AS_A_FORMULA = re.compile(r"[=+\-@\t\r\uff1d\uff0b\uff0d\uff20]")
MAX_NAME_LENGTH = 40

HEADER = (
    "Time (UTC)", "What", "Amount", "Balance", "Currency", "Paid by", "Reference", "Payment",
)  # fmt: skip
KINDS: dict[TransactionKind, str] = {
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


def statement_csv(row: StatementRow) -> str:
    """Write a statement as CSV (RFC 4180) with a byte order mark."""
    text = io.StringIO()
    text.write(BYTE_ORDER_MARK)
    csv.writer(text).writerows([HEADER, *statement_rows(row)])
    return text.getvalue()


def statement_rows(row: StatementRow) -> Iterator[tuple[str, ...]]:
    """Yield the rows from the opening balance to the closing one."""
    code = row.currency.upper()
    opening, closing = row.opening.amount, row.closing.amount
    yield (spreadsheet_time(row.begins_at), "Opening balance", "", opening, code, "", "", "")
    if row.empty:
        yield ("", EMPTY[row.empty], "", "", "", "", "", "")
    for line in row.lines:
        yield (
            spreadsheet_time(line.created_at),
            KINDS[line.kind],
            line.money.amount,
            line.balance.amount,
            code,
            escape_formula(line.paid_by or ""),
            line.reference or "",
            str(line.payment_id or ""),
        )
    yield (spreadsheet_time(row.ends_at), "Closing balance", "", closing, code, "", "", "")


def spreadsheet_time(moment: datetime) -> str:
    """Format a time as spreadsheets recognize one, in UTC."""
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M:%S}"


def escape_formula(text: str) -> str:
    """Prefix a text with an apostrophe where a spreadsheet would run it as a formula."""
    return f"'{text}" if RUNS_AS_A_FORMULA.match(text) else text


def ascii_name(name: str) -> str:
    """Convert a name for use in a file name: "Café & Söhne" -> "cafe-sohne"."""
    letters = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    return "-".join(re.findall("[a-z0-9]+", letters))[:MAX_NAME_LENGTH].strip("-") or "wallet"

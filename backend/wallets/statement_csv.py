"""A monthly statement as CSV for spreadsheets."""

from collections.abc import Iterator
from datetime import UTC, datetime, tzinfo
from zoneinfo import ZoneInfo

from backend.database.functions.history import StatementRow
from backend.schemas import Money, Transaction
from backend.wallets.spreadsheet_cells import quoted, text_cell
from backend.wallets.statement_format import StatementFormat

# Without it Excel reads UTF-8 in the machine's ANSI code page.
BYTE_ORDER_MARK = "\ufeff"
# Scripts may read the first eight by their position: new ones come after the last.
COLUMNS = (
    "time", "kind", "amount", "balance", "currency", "paid_by", "reference", "payment",
    "happened", "acted_by", "paid_by_id", "acted_by_id", "order_reference", "stripe_payment",
    "stripe_object",
)  # fmt: skip

Cells = dict[str, str]  # by the names of COLUMNS, as they are written; what is left out is empty


def statement_csv(row: StatementRow, format: StatementFormat) -> str:
    """Write a statement as CSV (RFC 4180) with a byte order mark."""
    lines = (
        format.delimiter.join(cells.get(column, "") for column in COLUMNS)
        for cells in statement_rows(row, format)
    )
    return BYTE_ORDER_MARK + "".join(f"{line}\r\n" for line in lines)


def statement_rows(row: StatementRow, format: StatementFormat) -> Iterator[Cells]:
    """Yield the header, and the rows from the opening balance to the closing one."""
    kinds, zone = format.texts["kinds"], zone_of(row.time_zone)
    titles = format.texts["columns"]
    yield {column: quoted(titles[column].format(zone=zone)) for column in COLUMNS}

    def balance(kind: str, moment: datetime, money: Money) -> Cells:
        return {
            "time": spreadsheet_time(moment, zone),
            "kind": quoted(kinds[kind]),
            "balance": number(money, format),
            "currency": money.currency.upper(),
        }

    yield balance("opening", row.begins_at, row.opening)
    if row.empty:
        yield {"kind": quoted(format.texts["empty"][row.empty])}
    for line in row.lines:
        yield transaction_cells(line, zone, format)
    yield balance("closing", row.ends_at, row.closing)


def transaction_cells(line: Transaction, zone: tzinfo, format: StatementFormat) -> Cells:
    """Return the cells of one transaction."""
    texts = {
        "paid_by": line.paid_by,
        "reference": line.reference,
        "payment": line.payment_id,
        "acted_by": line.acted_by,
        "paid_by_id": line.paid_by_id,
        "acted_by_id": line.acted_by_id,
        "order_reference": line.order_reference,
        "stripe_payment": line.stripe_payment_intent_id,
        "stripe_object": line.stripe_object_id,
    }
    return {
        "time": spreadsheet_time(line.created_at, zone),
        "kind": quoted(format.texts["kinds"][line.kind]),
        "amount": number(line.money, format),
        "balance": number(line.balance, format),
        "currency": line.money.currency.upper(),
        "happened": spreadsheet_time(line.happened_at, zone) if line.happened_at else "",
        **{column: text_cell(str(text or ""), format.locale) for column, text in texts.items()},
    }


def zone_of(time_zone: str) -> tzinfo:
    """Return the time zone of this IANA name; UTC for one that the database alone knows."""
    try:
        return ZoneInfo(time_zone)
    except (LookupError, ValueError, OSError):
        return ZoneInfo("UTC")


def spreadsheet_time(moment: datetime, zone: tzinfo = UTC) -> str:
    """Format a time as spreadsheets of every region recognize one."""
    return f"{moment.astimezone(zone):%Y-%m-%d %H:%M:%S}"


def number(money: Money, format: StatementFormat) -> str:
    """Format an amount as a number of the format: with its decimal sign, nothing between."""
    return money.amount.replace(".", format.decimal_sign)

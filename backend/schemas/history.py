"""What has happened: movements of a wallet, payments page by page, a month as a statement."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BeforeValidator, Field, StringConstraints

from backend.schemas.money import Money, Wallet
from backend.schemas.payments import Payment, PaymentStatus
from backend.schemas.words import Model

TransactionKind = Literal[
    "topup", "invoice", "refund", "refund_reversal", "dispute", "reinstatement"
]
Month = Annotated[str, StringConstraints(pattern=r"^[1-9][0-9]{3}-(0[1-9]|1[0-2])$")]
Currency = Annotated[str, StringConstraints(pattern=r"^[A-Za-z]{3}$", to_lower=True)]
Cursor = Annotated[str, StringConstraints(min_length=1, max_length=64)]
Limit = Annotated[int, Field(ge=1, le=100)]


def one_by_one(value: Any) -> Any:
    """`status=pending,processing` names two, and so does `status` said twice."""
    return value.split(",") if isinstance(value, str) else value


class PaymentsQuery(Model):
    """GET /api/payments. Without `status` payments of every state are listed."""

    organization_id: UUID
    status: Annotated[list[PaymentStatus] | None, BeforeValidator(one_by_one)] = None
    cursor: Cursor | None = None
    limit: Limit = 20


class Payments(Model):
    """Payments, newest first. `next_cursor` leads on to older ones, `previous_cursor` to newer."""

    payments: list[Payment]
    next_cursor: str | None
    previous_cursor: str | None


class Wallets(Model):
    """GET /api/organizations/{id}/wallets: the default one first."""

    wallets: list[Wallet]


class TransactionsQuery(Model):
    """GET /api/organizations/{id}/transactions, of the default wallet where none is named."""

    currency: Currency | None = None
    kind: Annotated[list[TransactionKind] | None, BeforeValidator(one_by_one)] = None
    cursor: Cursor | None = None
    limit: Limit = 20


class Transaction(Model):
    """One movement of a wallet. `money` is what it added; what it took has a minus.

    `balance` is the wallet's right after it. `reference` and `payment_id` name the payment behind
    it, `paid_by` who made that.
    """

    kind: TransactionKind
    money: Money
    balance: Money
    payment_id: UUID | None
    reference: str | None
    paid_by: str | None
    created_at: datetime


class Transactions(Model):
    """A wallet's movements, newest first. The cursors are as those of `Payments`."""

    transactions: list[Transaction]
    next_cursor: str | None
    previous_cursor: str | None


class StatementQuery(Model):
    """GET /api/organizations/{id}/statement: which month (`2026-11`, in UTC) of which wallet."""

    month: Month
    currency: Currency | None = None
    format: Literal["csv", "json"] = "csv"


class Statement(Model):
    """One month of a wallet: what was there, what moved, what is there at its end (or by now).

    `csv` is the whole as a file for spreadsheets, `file_name` its name. `empty` says why there are
    no movements: the month has `not_begun`, it lies `before_first`, or `nothing_moved` in it.
    """

    organization_name: str
    month: Month
    opening: Money
    closing: Money
    movements: int
    empty: Literal["not_begun", "before_first", "nothing_moved"] | None
    file_name: str
    csv: str

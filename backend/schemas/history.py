"""History: transactions of a wallet, payments, invoices, monthly statements."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BeforeValidator, Field, StringConstraints

from backend.schemas.model import Model
from backend.schemas.money import Money, Wallet
from backend.schemas.payments import Payment, PaymentStatus
from backend.schemas.settings import LanguageTag

TransactionKind = Literal[
    "topup", "invoice", "refund", "refund_reversal", "dispute", "reinstatement", "adjustment"
]
StatementSeparators = Literal["comma", "semicolon"]
Month = Annotated[str, StringConstraints(pattern=r"^[1-9][0-9]{3}-(0[1-9]|1[0-2])$")]
Currency = Annotated[str, StringConstraints(pattern=r"^[A-Za-z]{3}$", to_lower=True)]
Cursor = Annotated[str, StringConstraints(min_length=1, max_length=64)]
Limit = Annotated[int, Field(ge=1, le=100)]


def split_at_commas(value: Any) -> Any:
    """Split a query parameter: `status=pending,processing` has two values."""
    return value.split(",") if isinstance(value, str) else value


class PageQuery(Model):
    """Which page of a list: that of a `cursor` from another page, or the first."""

    cursor: Cursor | None = None
    limit: Limit = 20


class Page(Model):
    """One page of a list, with cursors to the pages beside it."""

    next_cursor: str | None
    previous_cursor: str | None


class PaymentsQuery(PageQuery):
    """GET /api/payments. Without `status` payments of every status are listed."""

    organization_id: UUID
    status: Annotated[list[PaymentStatus] | None, BeforeValidator(split_at_commas)] = None


class Payments(Page):
    """Payments, newest first. `next_cursor` leads to older ones, `previous_cursor` to newer."""

    payments: list[Payment]


class InvoicesQuery(PageQuery):
    """GET /api/payments/invoices: each is fetched from Stripe, so a page has 20 at most."""

    organization_id: UUID
    limit: Annotated[int, Field(ge=1, le=20)] = 10


class Invoice(Model):
    """A payment that succeeded. `url` is Stripe's page of the invoice, or else of the receipt.

    `pdf` is the invoice as a file. Both addresses expire after some weeks: list them again. Where
    Stripe has none, has the payment no more, or did not answer for it, both are None.
    """

    payment: Payment
    url: str | None
    pdf: str | None


class Invoices(Page):
    """Newest first. The cursors are as those of `Payments`."""

    invoices: list[Invoice]


class Wallets(Model):
    """GET /api/organizations/{id}/wallets: the default one first."""

    wallets: list[Wallet]


class TransactionsQuery(PageQuery):
    """GET /api/organizations/{id}/transactions; without `currency`, of the default wallet."""

    currency: Currency | None = None
    kind: Annotated[list[TransactionKind] | None, BeforeValidator(split_at_commas)] = None


class Transaction(Model):
    """One movement of a wallet. `money` is what it added; below zero it took that out.

    `balance` is the wallet's after it. `payment_id`, `reference`, `order_reference` and
    `stripe_payment_intent_id` are those of the payment that it belongs to, `paid_by` is who made
    that. `acted_by` is whose act the movement was: who paid, or who sent it back; None for a bank's
    and for what was done in Stripe's dashboard. Names are those of then, the ids stay the same for
    ever. `stripe_object_id` is what moved it at Stripe: an intent, an invoice, a refund, a dispute.
    `created_at` is when it was posted, by which a month is closed; `happened_at` is when it
    happened by Stripe's clock, None where Stripe does not say or had no part in it.
    """

    kind: TransactionKind
    money: Money
    balance: Money
    payment_id: UUID | None
    reference: str | None
    order_reference: str | None = None
    stripe_payment_intent_id: str | None = None
    stripe_object_id: str | None = None
    paid_by: str | None
    paid_by_id: UUID | None = None
    acted_by: str | None = None
    acted_by_id: UUID | None = None
    created_at: datetime
    happened_at: datetime | None = None


class Transactions(Page):
    """A wallet's transactions, newest first. The cursors are as those of `Payments`."""

    transactions: list[Transaction]


class StatementQuery(Model):
    """GET /api/organizations/{id}/statement: which month (`2026-11`) of which wallet.

    A month is one of the organization's accounting time zone. The file is in English with commas
    and decimal points. With `language` (an IETF tag, for example `ru` or `de`) its texts are in
    that language, or else in English, and its separators are those of spreadsheets there:
    semicolons and decimal commas, or commas and points. `separators` chooses these by itself.
    """

    month: Month
    currency: Currency | None = None
    format: Literal["csv", "json"] = "csv"
    language: LanguageTag | None = None
    separators: StatementSeparators | None = None


class Statement(Model):
    """One month of a wallet: opening balance, transactions, closing balance (or the current one).

    It begins and ends by `time_zone` (IANA), the organization's. `csv` is the whole as a file for
    spreadsheets, `file_name` its name. `empty` says why there are no movements: the month has
    `not_begun`, it lies `before_first`, or `nothing_moved` in it.
    """

    organization_name: str
    month: Month
    time_zone: str
    opening: Money
    closing: Money
    movements: int
    empty: Literal["not_begun", "before_first", "nothing_moved"] | None
    file_name: str
    csv: str

"""From the database's JSON (minor units) to the words of the house (both forms)."""

from typing import Any

from backend.money import CURRENCIES, major_units, money
from backend.schemas import (
    Limits,
    Me,
    Membership,
    Notification,
    Organization,
    Payment,
    Transaction,
    Wallet,
)

Row = dict[str, Any]


def payment(row: Row) -> Payment:
    """`private.payment_json` as `Payment`."""
    currency = row["currency"]
    balance = row["balance_minor"]
    return Payment(
        money=money(row["amount_minor"], currency),
        balance=None if balance is None else money(balance, currency),
        **{name: row[name] for name in Payment.model_fields if name in row},
    )


def transaction(row: Row) -> Transaction:
    """`private.movement_json` as `Transaction`."""
    return Transaction(
        money=money(row["amount_minor"], row["currency"]),
        balance=money(row["balance_minor"], row["currency"]),
        **{name: row[name] for name in Transaction.model_fields if name in row},
    )


def wallet(row: Row) -> Wallet:
    """One of `private.wallets_json` as `Wallet`."""
    currency = CURRENCIES[row["currency"]]
    return Wallet(
        balance=money(row["balance_minor"], currency.code),
        limits=Limits(
            minimum=major_units(row["minimum_minor"], currency.code),
            maximum=major_units(row["maximum_minor"], currency.code),
            currency=currency.code,
        ),
    )


def organization(row: Row) -> Organization:
    """`private.organization_json` as `Organization`."""
    return Organization(**{**row, "wallets": [wallet(one) for one in row["wallets"]]})


def me(row: Row) -> Me:
    """`private.me_json` as `Me`."""
    organizations = [
        Membership(**{**membership, "wallets": [wallet(one) for one in membership["wallets"]]})
        for membership in row["organizations"]
    ]
    return Me(**{**row, "organizations": organizations})


def notification(row: Row) -> Notification:
    """One of `api.claim_notifications` as `Notification`."""
    about = row["payment"]
    return Notification(**{**row, "payment": about and payment(about)})

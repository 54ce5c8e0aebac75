"""From the database's JSON (minor units) to the words of the house (both forms)."""

from typing import Any

from backend import schemas
from backend.money import CURRENCIES, major_units, money

Row = dict[str, Any]


def payment(row: Row) -> schemas.Payment:
    """`private.payment_json` as `Payment`."""
    currency = row["currency"]
    balance = row["balance_minor"]
    return schemas.Payment(
        money=money(row["amount_minor"], currency),
        balance=None if balance is None else money(balance, currency),
        **{name: row[name] for name in schemas.Payment.model_fields if name in row},
    )


def transaction(row: Row) -> schemas.Transaction:
    """`private.movement_json` as `Transaction`."""
    return schemas.Transaction(
        money=money(row["amount_minor"], row["currency"]),
        balance=money(row["balance_minor"], row["currency"]),
        **{name: row[name] for name in schemas.Transaction.model_fields if name in row},
    )


def wallet(row: Row) -> schemas.Wallet:
    """One of `private.wallets_json` as `Wallet`."""
    currency = CURRENCIES[row["currency"]]
    return schemas.Wallet(
        balance=money(row["balance_minor"], currency.code),
        limits=schemas.Limits(
            minimum=major_units(row["minimum_minor"], currency.code),
            maximum=major_units(row["maximum_minor"], currency.code),
            currency=currency.code,
        ),
    )


def organization(row: Row) -> schemas.Organization:
    """`private.organization_json` as `Organization`."""
    return schemas.Organization(**{**row, "wallets": [wallet(one) for one in row["wallets"]]})


def me(row: Row) -> schemas.Me:
    """`private.me_json` as `Me`."""
    organizations = [
        schemas.Membership(
            **{**membership, "wallets": [wallet(one) for one in membership["wallets"]]}
        )
        for membership in row["organizations"]
    ]
    return schemas.Me(**{**row, "organizations": organizations})


def notification(row: Row) -> schemas.Notification:
    """One of `api.claim_notifications` as `Notification`."""
    about = row["payment"]
    return schemas.Notification(**{**row, "payment": about and payment(about)})

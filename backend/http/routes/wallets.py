"""Routes of an organization's wallets: balances, movements, statements."""

from backend import errors
from backend.http import statement_download
from backend.http.route import Route, route
from backend.schemas import Statement, StatementQuery, Transactions, TransactionsQuery, Wallets
from backend.wallets import history

WALLETS: list[Route] = [
    route(
        "GET",
        "/api/organizations/{id}/wallets",
        lambda call: history.wallets(call.database, call.actor, call.id()),
        "An organization's wallets.",
        gives=Wallets,
        role="member",
    ),
    route(
        "GET",
        "/api/organizations/{id}/transactions",
        lambda call: history.transactions(call.database, call.actor, call.id(), call.body),
        "A wallet's movements.",
        takes=TransactionsQuery,
        gives=Transactions,
        role="member",
        refuses=(
            errors.BadCursor,
            errors.CurrencyUnknown,
        ),
    ),
    route(
        "GET",
        "/api/organizations/{id}/statement",
        lambda call: history.statement(call.database, call.actor, call.id(), call.body),
        "One month of a wallet.",
        takes=StatementQuery,
        gives=Statement,
        role="member",
        refuses=(errors.CurrencyUnknown,),
        other_form=statement_download.AS_CSV,
    ),
]

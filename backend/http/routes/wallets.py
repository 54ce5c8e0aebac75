"""Routes of an organization's wallets: balances, transactions, statements."""

from backend import errors
from backend.http import statement_download
from backend.http.route import Route, route
from backend.schemas import Statement, StatementQuery, Transactions, TransactionsQuery, Wallets
from backend.wallets import history

WALLETS: list[Route] = [
    route(
        "GET",
        "/api/organizations/{id}/wallets",
        lambda call: history.list_wallets(call.database, call.actor, call.id()),
        "List an organization's wallets.",
        response_model=Wallets,
        role="member",
    ),
    route(
        "GET",
        "/api/organizations/{id}/transactions",
        lambda call: history.list_transactions(call.database, call.actor, call.id(), call.body),
        "List a wallet's transactions.",
        request_model=TransactionsQuery,
        response_model=Transactions,
        role="member",
        raises=(
            errors.BadCursor,
            errors.CurrencyUnknown,
        ),
    ),
    route(
        "GET",
        "/api/organizations/{id}/statement",
        lambda call: history.get_statement(call.database, call.actor, call.id(), call.body),
        "Read one month of a wallet, as CSV or JSON.",
        request_model=StatementQuery,
        response_model=Statement,
        role="member",
        raises=(errors.CurrencyUnknown,),
        other_form=statement_download.AS_CSV,
    ),
]

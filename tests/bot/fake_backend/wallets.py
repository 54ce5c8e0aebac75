"""Answers of the routes of transactions, statements and lists of payments."""

from backend import schemas
from tests.bot.fake_backend.examples import statement
from tests.bot.fake_backend.server import Call
from tests.bot.fake_backend.state import State


class WalletAnswers(State):
    """Transactions of any wallet, statements by month and currency."""

    def list_transactions(self, call: Call) -> schemas.Transactions:
        """Return a page of `transactions`, newest first."""
        self.membership_in(call.user, call.id())
        query = schemas.TransactionsQuery.model_validate(call.query)
        seqs, cursor = range(1, len(self.transactions) + 1), query.cursor or ""
        if cursor.startswith("n"):
            page = [seq for seq in seqs if seq > int(cursor[1:])][: query.limit]
        else:
            page = [seq for seq in seqs if not cursor or seq < int(cursor[1:])][-query.limit :]
        has_newer = bool(page) and page[-1] < len(self.transactions)
        return schemas.Transactions(
            transactions=[self.transactions[seq - 1] for seq in reversed(page)],
            next_cursor=f"o{page[0]}" if page and page[0] > 1 else None,
            previous_cursor=f"n{page[-1]}" if has_newer else None,
        )

    def list_payments(self, call: Call) -> schemas.Payments:
        """Return those of `listed_payments` in the requested statuses."""
        query = schemas.PaymentsQuery.model_validate(call.query)
        self.membership_in(call.user, query.organization_id)
        shown = [each for each in self.listed_payments if each.status in (query.status or [])]
        cursor = f"o{shown[-1].id.hex}" if shown else None
        return schemas.Payments(payments=shown, next_cursor=cursor, previous_cursor=None)

    def get_statement(self, call: Call) -> schemas.Statement:
        """Return the statement of a month, or an empty one."""
        query = schemas.StatementQuery.model_validate(call.query)
        assert query.format == "json"
        self.statement_queries.append(query)
        remembered = self.statements.get((query.month, query.currency or ""))
        return remembered or statement(query.month, empty="before_first")

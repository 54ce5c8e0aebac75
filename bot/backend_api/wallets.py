"""Routes of the transactions in an organization's wallets."""

from uuid import UUID

from backend import schemas
from bot.backend_api.transport import BackendTransport


class WalletRoutes(BackendTransport):
    """Transactions and statements."""

    async def list_transactions(
        self, user: int, organization_id: UUID, query: schemas.TransactionsQuery
    ) -> schemas.Transactions:
        """Return a page of a wallet's transactions, newest first."""
        path = f"/api/organizations/{organization_id}/transactions"
        return await self.request(user, "GET", path, schemas.Transactions, query=query)

    async def get_statement(
        self, user: int, organization_id: UUID, query: schemas.StatementQuery
    ) -> schemas.Statement:
        """Return an accounting month of a wallet; `query.format` must be "json"."""
        path = f"/api/organizations/{organization_id}/statement"
        return await self.request(user, "GET", path, schemas.Statement, query=query)

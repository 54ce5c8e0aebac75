"""An organization's wallets, what moved in them, and a month of one as a file."""

from aiohttp import web

from backend import history
from backend.auth import acting_user
from backend.routes.door import SHOP, path_id, query, said
from backend.schemas import StatementQuery, TransactionsQuery


async def index(request: web.Request) -> web.Response:
    """GET /api/organizations/{id}/wallets -> Wallets."""
    actor = acting_user(request)
    return said(await history.wallets(request.app[SHOP].database, actor, path_id(request)))


async def transactions(request: web.Request) -> web.Response:
    """GET /api/organizations/{id}/transactions: TransactionsQuery -> Transactions."""
    actor, asked = acting_user(request), query(request, TransactionsQuery)
    database = request.app[SHOP].database
    return said(await history.transactions(database, actor, path_id(request), asked))


async def statement(request: web.Request) -> web.Response:
    """GET /api/organizations/{id}/statement: StatementQuery -> a CSV file, or Statement."""
    actor, asked = acting_user(request), query(request, StatementQuery)
    made = await history.statement(request.app[SHOP].database, actor, path_id(request), asked)
    if asked.format == "json":
        return said(made)
    return web.Response(
        text=made.csv,
        content_type="text/csv",
        charset="utf-8",
        headers={"Content-Disposition": f'attachment; filename="{made.file_name}"'},
    )

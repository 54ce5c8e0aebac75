"""A month of a wallet as a file, which is what spreadsheets and browsers want."""

from aiohttp import web

from backend.http.authentication import acting_user
from backend.http.requests import SHOP, asked, path_id, said
from backend.schemas import StatementQuery
from backend.wallets import history


async def download(request: web.Request) -> web.Response:
    """GET /api/organizations/{id}/statement: StatementQuery -> a CSV file, or Statement."""
    actor, wanted = acting_user(request), await asked(request, StatementQuery)
    made = await history.statement(request.app[SHOP].database, actor, path_id(request), wanted)
    if wanted.format == "json":
        return said(made)
    return web.Response(
        text=made.csv,
        content_type="text/csv",
        charset="utf-8",
        headers={"Content-Disposition": f'attachment; filename="{made.file_name}"'},
    )

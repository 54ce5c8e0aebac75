"""A month of a wallet as a file, which is what spreadsheets and browsers want."""

from aiohttp import web

from backend.http import requests
from backend.http.route import OtherForm
from backend.schemas import Statement


def response(request: web.Request, made: Statement) -> web.Response:
    """A CSV file or, with `?format=json`, the Statement."""
    if request.query.get("format") == "json":
        return requests.json_response(made)
    return web.Response(
        text=made.csv,
        content_type="text/csv",
        charset="utf-8",
        headers={"Content-Disposition": f'attachment; filename="{made.file_name}"'},
    )


AS_CSV = OtherForm("text/csv", response)

"""A monthly statement as a file to download."""

from aiohttp import web

from backend.http import requests
from backend.http.route import OtherForm
from backend.schemas import Statement


def response(request: web.Request, made: Statement) -> web.Response:
    """Make a CSV file or, with `?format=json`, the JSON of the Statement."""
    if request.query.get("format") == "json":
        return requests.json_response(made)
    return web.Response(
        text=made.csv,
        content_type="text/csv",
        charset="utf-8",
        headers={"Content-Disposition": f'attachment; filename="{made.file_name}"'},
    )


AS_CSV = OtherForm("text/csv", response)

"""A monthly statement as a file to download."""

from uuid import UUID

from aiohttp import web

from backend.http import requests
from backend.http.route import OtherForm
from backend.schemas import Statement
from backend.wallets.file_names import content_disposition


def response(request: web.Request, made: Statement) -> web.Response:
    """Make a CSV file or, with `?format=json`, the JSON of the Statement."""
    if request.query.get("format") == "json":
        return requests.json_response(made)
    name = content_disposition(
        made.file_name, made.organization_name, UUID(request.match_info["id"])
    )
    return web.Response(
        text=made.csv,
        content_type="text/csv",
        charset="utf-8",
        headers={"Content-Disposition": name},
    )


AS_CSV = OtherForm("text/csv", response)

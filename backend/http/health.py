"""Whether the process is alive, whether it can work, and how it is doing."""

import hmac
from ipaddress import ip_address

from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST

from backend.database import migrations
from backend.database.functions import operating_figures as sql_operating_figures
from backend.errors import Unauthorized
from backend.failures import DatabaseOutdated
from backend.http.requests import SETTINGS, SHOP

FORWARDED = ("Forwarded", "X-Forwarded-For", "X-Real-IP")


async def alive(_request: web.Request) -> web.Response:
    """GET /health: the process answers."""
    return web.json_response({"status": "ok"})


async def ready(request: web.Request) -> web.Response:
    """GET /ready: 200 when the database answers and has every migration, 503 until then."""
    applied = await sql_operating_figures.applied_migrations(request.app[SHOP].database)
    if pending := migrations.versions() - set(applied):
        raise DatabaseOutdated(pending=str(len(pending)))
    return web.json_response({"status": "ok"})


async def metrics(request: web.Request) -> web.Response:
    """GET /metrics, in Prometheus's text format."""
    require_scraper(request)
    shop = request.app[SHOP]
    figures = await sql_operating_figures.operating_figures(shop.database)
    return web.Response(
        body=shop.metrics.text(figures), headers={"Content-Type": CONTENT_TYPE_LATEST}
    )


def require_scraper(request: web.Request) -> None:
    """METRICS_TOKEN as a bearer; where none is set, a caller on this machine. Raises Unauthorized.

    The address is the socket's: whoever writes a header can write any address into it. A proxy on
    this machine is local too, so what has been forwarded never counts as local.
    """
    if token := request.app[SETTINGS].metrics_token:
        given = request.headers.get("Authorization", "").encode(errors="replace")
        if hmac.compare_digest(given, f"Bearer {token.get_secret_value()}".encode()):
            return
        raise Unauthorized
    peer = request.transport and request.transport.get_extra_info("peername")
    forwarded = any(name in request.headers for name in FORWARDED)
    if forwarded or not peer or not ip_address(peer[0]).is_loopback:
        raise Unauthorized("Set METRICS_TOKEN and send it as a bearer token.")

"""Whether the process is alive, whether it can work, and how it is doing."""

import hmac
from ipaddress import ip_address

from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST

from backend.database import migrations
from backend.database.functions import operating_figures as sql_operating_figures
from backend.errors import Unauthorized
from backend.failures import DatabaseOutdated
from backend.http.requests import SERVICES, SETTINGS

FORWARDED = ("Forwarded", "X-Forwarded-For", "X-Real-IP")


async def get_health(_request: web.Request) -> web.Response:
    """GET /health: the process answers."""
    return web.json_response({"status": "ok"})


async def get_readiness(request: web.Request) -> web.Response:
    """GET /ready: 200 when the database answers and has every migration, 503 until then."""
    applied = await sql_operating_figures.list_applied_migrations(request.app[SERVICES].database)
    if pending := migrations.list_versions() - set(applied):
        raise DatabaseOutdated(pending=str(len(pending)))
    return web.json_response({"status": "ok"})


async def get_metrics(request: web.Request) -> web.Response:
    """GET /metrics, in Prometheus's text format."""
    require_scraper(request)
    services = request.app[SERVICES]
    figures = await sql_operating_figures.get_operating_figures(services.database)
    return web.Response(
        body=services.metrics.render(figures), headers={"Content-Type": CONTENT_TYPE_LATEST}
    )


def require_scraper(request: web.Request) -> None:
    """METRICS_TOKEN as a bearer; where none is set, a caller on this machine. Raises Unauthorized.

    The address is the socket's: whoever writes a header can write any address into it. A proxy on
    this machine is local too, so what has been forwarded never counts as local.
    """
    if token := request.app[SETTINGS].metrics_token:
        authorization = request.headers.get("Authorization", "").encode(errors="replace")
        if hmac.compare_digest(authorization, f"Bearer {token.get_secret_value()}".encode()):
            return
        raise Unauthorized
    peer = request.transport and request.transport.get_extra_info("peername")
    forwarded = any(name in request.headers for name in FORWARDED)
    if forwarded or not peer or not ip_address(peer[0]).is_loopback:
        raise Unauthorized("Set METRICS_TOKEN and send it as a bearer token.")

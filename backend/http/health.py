"""GET /health, /ready and /metrics: alive, able to work, and the metrics."""

import hmac
from ipaddress import ip_address

from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST

from backend.database import migrations
from backend.database.functions import operating_figures as sql_operating_figures
from backend.errors import Unauthorized
from backend.failures import DatabaseOutdated
from backend.http.requests import SERVICES, SETTINGS
from backend.schemas import is_this_machine

FORWARDED = ("Forwarded", "X-Forwarded-For", "X-Real-IP")


async def get_health(_request: web.Request) -> web.Response:
    """Answer GET /health: 200 as long as the process does."""
    return web.json_response({"status": "ok"})


async def get_readiness(request: web.Request) -> web.Response:
    """Answer GET /ready: 200 if the database answers and has every migration of this release.

    Raises DatabaseUnavailable and DatabaseOutdated (503) until then.
    """
    applied = await sql_operating_figures.list_applied_migrations(request.app[SERVICES].database)
    if pending := migrations.list_versions() - set(applied):
        raise DatabaseOutdated(pending=str(len(pending)))
    return web.json_response({"status": "ok"})


async def get_metrics(request: web.Request) -> web.Response:
    """Answer GET /metrics in Prometheus's text format. Raises Unauthorized."""
    require_scraper(request)
    services = request.app[SERVICES]
    figures = await sql_operating_figures.get_operating_figures(services.database)
    return web.Response(
        body=services.metrics.render(figures), headers={"Content-Type": CONTENT_TYPE_LATEST}
    )


def require_scraper(request: web.Request) -> None:
    """Require METRICS_TOKEN as a bearer token or, where none is set, a caller on this machine.

    The address is the socket's: a header could name any address. A proxy on this machine is local,
    too, so that a forwarded request never counts as local; and since not every proxy adds a header,
    nothing is local where PUBLIC_URL is https, which takes a proxy. A page of a browser whose name
    resolves to this machine sends that name as the Host. Raises Unauthorized.
    """
    if token := request.app[SETTINGS].metrics_token:
        authorization = request.headers.get("Authorization", "").encode(errors="replace")
        if hmac.compare_digest(authorization, f"Bearer {token.get_secret_value()}".encode()):
            return
        raise Unauthorized
    if request.app[SETTINGS].https:
        raise Unauthorized("Set METRICS_TOKEN and send it as a bearer token: PUBLIC_URL is https.")
    peer = request.transport and request.transport.get_extra_info("peername")
    forwarded = any(name in request.headers for name in FORWARDED)
    named = is_this_machine(request.host)
    if forwarded or not named or not peer or not ip_address(peer[0]).is_loopback:
        raise Unauthorized("Set METRICS_TOKEN and send it as a bearer token.")

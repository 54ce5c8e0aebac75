"""Whether the process is alive, and whether it can work."""

from aiohttp import web

from backend.routes.door import SHOP


async def alive(_request: web.Request) -> web.Response:
    """GET /health: the process answers."""
    return web.json_response({"status": "ok"})


async def ready(request: web.Request) -> web.Response:
    """GET /ready: 200 when the database answers too, 503 until then."""
    await request.app[SHOP].database.ready()
    return web.json_response({"status": "ok"})

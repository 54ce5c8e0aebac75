"""Stripe's door."""

from aiohttp import web

from backend.http.requests import SHOP
from backend.stripe import webhooks


async def receive(request: web.Request) -> web.Response:
    """POST /api/payments/webhook: 200 {"state"} once it is recorded, 400 never, 5xx send again."""
    raw = await request.read()
    state = await webhooks.receive(request.app[SHOP], raw, request.headers.get("Stripe-Signature"))
    return web.json_response({"state": state})

"""Stripe's door."""

from aiohttp import web

from backend.http.requests import SERVICES
from backend.stripe import webhooks


async def receive_event(request: web.Request) -> web.Response:
    """POST /api/payments/webhook: 200 {"state"} once it is recorded.

    Stripe sends again what is answered otherwise, for up to three days in live mode: 400 where the
    signature or the form is wrong, 5xx where we failed. https://docs.stripe.com/webhooks
    """
    raw = await request.read()
    state = await webhooks.receive_event(
        request.app[SERVICES], raw, request.headers.get("Stripe-Signature")
    )
    return web.json_response({"state": state})

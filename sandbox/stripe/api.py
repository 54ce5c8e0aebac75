"""The /v1 door: who calls, whether they said it before, and what goes wrong on purpose."""

import asyncio
import time
from collections.abc import Callable
from email.utils import formatdate
from hmac import compare_digest
from urllib.parse import unquote_plus

from aiohttp import web

from sandbox.doors import Handler, Refusal, not_modelled, open_to_people, read_strictly
from sandbox.settings import SETTINGS
from sandbox.store import STORE
from sandbox.stripe.calls import Call, decoded
from sandbox.stripe.doors import CALLS, DOORS
from sandbox.stripe.keys import check_permission
from sandbox.stripe.objects import TEMPLATES, new_id
from sandbox.stripe.people import PAGES
from sandbox.stripe.sessions import LOCAL_STRIPE, LocalStripe

API_VERSION = TEMPLATES["event"]["api_version"]  # what the pinned SDK speaks


def add_stripe(app: web.Application) -> None:
    """Give the sandbox its Stripe: the API, the hosted page, the console, the deliveries.

    Raises ValueError when the sandbox was given a key that is not a test key.
    """
    app[LOCAL_STRIPE] = stripe = LocalStripe(app[STORE], app[SETTINGS])
    app.cleanup_ctx.append(stripe.running)
    for (method, path), call in CALLS.items():
        app.router.add_route(method, path, api_door(call, path))
    app.router.add_route("*", "/{version:v1|v2}/{rest:.*}", api_door(None))
    open_to_people(app, LOCAL_STRIPE, DOORS, PAGES)


def api_door(call: Call | None, path: str = "") -> Handler:
    """The handler of one call; None stands for every call that is not modelled."""

    async def handle(request: web.Request) -> web.StreamResponse:
        stripe, posted = request.app[LOCAL_STRIPE], request.method == "POST"
        form = await request.text() if posted else request.query_string

        def act() -> web.Response:
            if call is None:
                raise not_modelled(f"{request.method} {request.path}")
            with read_strictly():
                return web.json_response(call(stripe, **request.match_info, **decoded(form)))

        try:
            check_caller(request, key := stripe.settings.stripe_secret_key)
            check_permission(stripe.faults.lacks, key, request.method, path, unquote_plus(form))
            said = f"{request.path}?{form}"
            response = once(stripe, request, said, act) if posted else act()
        except Refusal as refusal:
            response = refusal.response()
        if response.status >= 500:  # it stays so under its key; a retry would change nothing
            response.headers["Stripe-Should-Retry"] = "false"
        response.headers["Request-Id"] = new_id("req_")[:18]
        response.headers["Date"] = formatdate(time.time() + stripe.faults.clock, usegmt=True)
        if posted:
            await asyncio.sleep(stripe.faults.api_slow)
        if posted and request.transport and stripe.faults.spend("api_timeout"):
            request.transport.abort()
        return response

    return handle


def check_caller(request: web.Request, secret_key: str) -> None:
    """Our own key as a bearer, as SDKs send it (401), and the version that is modelled (501)."""
    scheme, _, given = request.headers.get("Authorization", "").partition(" ")
    if scheme != "Bearer" or not compare_digest(given.encode(), secret_key.encode()):
        raise Refusal(401, "The local Stripe takes no API key but the one it was started with.")
    version = request.headers.get("Stripe-Version", API_VERSION)
    # Releases of one name are compatible: https://docs.stripe.com/api/versioning
    if version.rpartition(".")[2] != API_VERSION.rpartition(".")[2]:
        raise not_modelled(f"the API version {version[:50]}")


def once(
    stripe: LocalStripe, request: web.Request, said: str, act: Callable[[], web.Response]
) -> web.Response:
    """Act once for each idempotency key; a repeat gets the stored answer, also if that was a 500.

    What is refused is not stored, but a decline is (docs.stripe.com/api/idempotent_requests).
    """
    key = request.headers.get("Idempotency-Key") or new_id("none")
    before = stripe.store.get("idempotency_key", key)
    if before is not None and before["said"] != said:
        message = f"The idempotency key '{key}' was first used with other parameters."
        raise Refusal(400, message, type="idempotency_error")
    if before is not None:
        replayed = {"Idempotent-Replayed": "true"}
        return web.json_response(text=before["text"], status=before["status"], headers=replayed)
    if stripe.faults.spend("api_429"):
        raise Refusal(429, "Too many requests: slow down.", code="rate_limit")
    broken = Refusal(500, "An error of the local Stripe, on purpose.")
    try:
        response = broken.response() if stripe.faults.spend("api_500") else act()
    except Refusal as refusal:
        if refusal.status != 402:
            raise
        response = refusal.response()
    answer = {"said": said, "status": response.status, "text": response.text}
    stripe.store.put("idempotency_key", key, answer)
    return response

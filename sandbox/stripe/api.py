"""Stripe's API: authentication, idempotency, headers, and faults on purpose."""

import asyncio
import time
from collections.abc import AsyncIterator
from email.utils import formatdate
from hmac import compare_digest
from urllib.parse import unquote_plus

from aiohttp import ClientSession, ClientTimeout, web

from sandbox.refusals import Refusal, not_modelled, refusing_invalid, validated
from sandbox.routes import Handler, add_people_routes
from sandbox.settings import SETTINGS
from sandbox.store import STORE
from sandbox.stripe.console import PAGES
from sandbox.stripe.idempotency import idempotently
from sandbox.stripe.local_stripe import LOCAL_STRIPE, LocalStripe
from sandbox.stripe.objects import API_VERSION, new_id
from sandbox.stripe.parameters import Call, decode_form
from sandbox.stripe.payments import schedule_all
from sandbox.stripe.permissions import check_permission
from sandbox.stripe.readable import READABLE
from sandbox.stripe.routes import API_ROUTES, PEOPLE_ROUTES

WEBHOOK_TIMEOUT = ClientTimeout(total=10)  # seconds for the backend to answer an event


def add_stripe(app: web.Application) -> None:
    """Add the local Stripe to the application: API, hosted page, console, deliveries.

    Needs app[STORE] and app[SETTINGS]. Raises ValueError for a key that is not a test key.
    """
    app[LOCAL_STRIPE] = LocalStripe(app[STORE], app[SETTINGS])
    app.cleanup_ctx.append(run_stripe)
    for (method, path), call in API_ROUTES.items():
        app.router.add_route(method, path, api_handler(validated(call), path))
    app.router.add_route("*", "/{version:v1|v2}/{rest:.*}", api_handler(None))
    add_people_routes(app, LOCAL_STRIPE, PEOPLE_ROUTES, PAGES)


async def run_stripe(app: web.Application) -> AsyncIterator[None]:
    """Post events and carry out what is due, also of an earlier run, while the app runs."""
    stripe = app[LOCAL_STRIPE]
    async with ClientSession(timeout=WEBHOOK_TIMEOUT) as http:
        stripe.deliveries.open(http)
        schedule_all(stripe)
        yield
        await stripe.scheduler.close()


def api_handler(call: Call | None, path: str = "") -> Handler:
    """Make the handler of one call at `path`; None stands for every call that is not modelled."""

    async def handle(request: web.Request) -> web.StreamResponse:
        stripe, is_post = request.app[LOCAL_STRIPE], request.method == "POST"
        form = await request.text() if is_post else request.query_string

        def act() -> web.Response:
            if call is None:
                raise not_modelled(f"{request.method} {request.path}")
            with refusing_invalid():
                arguments = {**request.match_info, **decode_form(form)}
                return web.json_response(call(stripe, **arguments))

        try:
            check_caller(stripe, request)
            key, parameters = stripe.settings.stripe_secret_key, unquote_plus(form)
            check_readable(stripe, request, path)
            check_permission(stripe.faults.lacks, key, request.method, path, parameters)
            request_line = f"{request.path}?{form}"
            response = idempotently(stripe, request, request_line, act) if is_post else act()
        except Refusal as refusal:
            response = refusal.response()
        set_headers(stripe, response)
        if is_post:
            await asyncio.sleep(stripe.faults.api_slow)
            if request.transport and stripe.faults.take_timeout():
                request.transport.abort()
        return response

    return handle


def set_headers(stripe: LocalStripe, response: web.Response) -> None:
    """Set the headers of every answer, with the date of Stripe's clock."""
    if response.status >= 500:  # it stays so under its key; a retry would change nothing
        response.headers["Stripe-Should-Retry"] = "false"
    response.headers["Request-Id"] = new_id("req_")[:18]
    response.headers["Date"] = formatdate(time.time() + stripe.faults.clock, usegmt=True)


def check_readable(stripe: LocalStripe, request: web.Request, path: str) -> None:
    """Raise Refusal (503) where a fault makes objects of this kind unreadable by their id."""
    unreadable = [f"{READABLE[kind].path}/{{id}}" for kind in stripe.faults.unreadable]
    if request.method == "GET" and path in unreadable:
        raise Refusal(503, "The local Stripe does not answer this, on purpose.")


def check_caller(stripe: LocalStripe, request: web.Request) -> None:
    """Raise Refusal unless the call has the right key (401) and the modelled version (501)."""
    scheme, _, key = request.headers.get("Authorization", "").partition(" ")
    ours = stripe.settings.stripe_secret_key
    is_authenticated = scheme == "Bearer" and compare_digest(key.encode(), ours.encode())
    if not is_authenticated or stripe.faults.key_rolled:
        raise Refusal(401, "The local Stripe takes no API key but the one it was started with.")
    version = request.headers.get("Stripe-Version", API_VERSION)
    # Releases of one name are compatible: https://docs.stripe.com/api/versioning
    if version.rpartition(".")[2] != API_VERSION.rpartition(".")[2]:
        raise not_modelled(f"the API version {version[:50]}")

"""Stripe's API: authentication, idempotency, headers, and faults on purpose."""

import asyncio
import time
from collections.abc import AsyncIterator
from email.utils import formatdate
from urllib.parse import unquote_plus

from aiohttp import ClientSession, ClientTimeout, web

from sandbox.refusals import Refusal, not_modelled, validated
from sandbox.routes import Handler, add_people_routes
from sandbox.settings import SETTINGS
from sandbox.store import STORE, Json
from sandbox.stripe.callers import check_caller
from sandbox.stripe.console import PAGES
from sandbox.stripe.form_encoding import decode_form
from sandbox.stripe.idempotency import idempotently
from sandbox.stripe.local_stripe import LOCAL_STRIPE, LocalStripe
from sandbox.stripe.objects import new_id
from sandbox.stripe.parameters import Call, ExpandPaths
from sandbox.stripe.payments import schedule_all
from sandbox.stripe.permissions import check_permission
from sandbox.stripe.readable import READABLE
from sandbox.stripe.refused_parameters import refusing_as_stripe
from sandbox.stripe.retrieval import expand_paths
from sandbox.stripe.routes import API_ROUTES, PEOPLE_ROUTES

FORMS = ("application/x-www-form-urlencoded", "application/octet-stream")  # the latter: unnamed
NO_FORM = (
    "Invalid request (check that your POST content type is application/x-www-form-urlencoded). If"
    " you have any questions, we can help at https://support.stripe.com/."
)
NO_IDS = ("search", "upcoming", "create_preview")  # calls of their own, where an id would stand
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
        body = (await request.read()).decode(errors="replace")
        form = "&".join(part for part in (request.query_string, body) if part)

        def act() -> web.Response:
            if call is None or request.match_info.get("id") in NO_IDS:
                raise not_modelled(f"{request.method} {request.path}")
            check_body(request)
            return web.json_response(carry_out(stripe, call, request, form))

        try:
            check_caller(stripe, request)
            key, parameters = stripe.settings.stripe_secret_key, unquote_plus(form)
            check_readable(stripe, request, path)
            check_permission(stripe.faults.lacks, key, request.method, path, parameters)
            response = idempotently(stripe, request, form, act) if is_post else act()
        except Refusal as refusal:
            response = refusal.response()
        set_headers(stripe, response)
        if is_post:
            await asyncio.sleep(stripe.faults.api_slow)
            if request.transport and stripe.faults.take_timeout():
                request.transport.abort()
        return response

    return handle


def check_body(request: web.Request) -> None:
    """Raise Refusal for a body that is no form: 400, or 501 for one that Stripe may take."""
    if not request.body_exists or request.content_type in FORMS:
        return
    if request.content_type == "application/json":
        raise Refusal(400, NO_FORM)
    raise not_modelled(f"a body of the type {request.content_type}")


def carry_out(stripe: LocalStripe, call: Call, request: web.Request, form: str) -> Json:
    """Carry out a call with the parameters of its path and form; return its answer, expanded.

    https://docs.stripe.com/api/expanding_objects
    """
    parameters = decode_form(form)
    if others := parameters.keys() & request.match_info.keys():
        raise not_modelled(f"the parameter {min(others)}")
    with refusing_as_stripe():
        expand = {"expand": parameters.pop("expand")} if "expand" in parameters else {}
        paths = expand_parameter(**expand)
        return expand_paths(stripe, call(stripe, **request.match_info, **parameters), paths)


@validated
def expand_parameter(*, expand: ExpandPaths | None = None) -> list[str]:
    """Return the paths of the parameter `expand`, which every call of v1 takes."""
    return expand or []


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

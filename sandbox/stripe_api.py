"""The /v1 door: who calls, whether they said it before, and what goes wrong on purpose."""

import json
import re
from collections.abc import Awaitable, Callable
from hashlib import sha256
from hmac import compare_digest

from aiohttp import web

from sandbox.settings import SETTINGS
from sandbox.store import STORE
from sandbox.stripe_checkout import API_VERSION, LOCAL_STRIPE, LocalStripe
from sandbox.stripe_endpoints import ROUTES, Call, Route
from sandbox.stripe_errors import StripeRefusal, not_modelled
from sandbox.stripe_forms import SHAPES, decode, read
from sandbox.stripe_objects import new_id
from sandbox.stripe_pages import add_pages


def add_stripe(app: web.Application) -> None:
    """Give the sandbox its Stripe: the API, the hosted page, the console, the deliveries.

    Raises ValueError when the sandbox was given a key that is not a test key.
    """
    app[LOCAL_STRIPE] = stripe = LocalStripe(app[STORE], app[SETTINGS])
    app.cleanup_ctx.append(stripe.running)
    for route in ROUTES:
        app.router.add_route(route.method, route.path, door(route))
    app.router.add_route("*", "/v1/{rest:.*}", door(None))
    add_pages(app)


def door(route: Route | None) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    """The handler of one route; None stands for every call that is not modelled."""

    async def handle(request: web.Request) -> web.StreamResponse:
        posted = request.method == "POST"
        form = await request.text() if posted else request.query_string
        request_id = new_id("request")
        try:
            response = answer(request, route, form, request_id)
        except StripeRefusal as refusal:
            response = refusal.response()
        response.headers["Request-Id"] = request_id
        if response.status >= 500:  # it stays so under its key; a retry would change nothing
            response.headers["Stripe-Should-Retry"] = "false"
        if posted and request.transport and spend(request, "api_timeout"):
            request.transport.abort()
        return response

    return handle


def answer(request: web.Request, route: Route | None, form: str, request_id: str) -> web.Response:
    """Check the call, then run it once for each idempotency key."""
    stripe, posted = request.app[LOCAL_STRIPE], request.method == "POST"
    check_key(request.headers.get("Authorization", ""), stripe.settings.stripe_secret_key)
    version = request.headers.get("Stripe-Version", API_VERSION)
    if not re.fullmatch(r"20\d\d-\d\d-\d\d(\.[a-z]+)?", version):
        raise StripeRefusal(400, f"Invalid Stripe API version: {version[:50]}")
    if route is None:
        raise not_modelled(f"{request.method} {request.path}")
    sent = decode(form)
    said = sha256(json.dumps([request.path, sent], sort_keys=True).encode()).hexdigest()
    key = request.headers.get("Idempotency-Key", "") if posted else ""
    before = remembered(stripe, key, said) if key else None
    if before is not None:
        return before
    if posted and spend(request, "api_429"):
        raise StripeRefusal(429, "Too many requests: slow down.", "rate_limit")
    cause = {"id": request_id, "idempotency_key": key or None}
    fields = read(sent, SHAPES[route.shape])
    id = request.match_info.get("id", "")
    try:
        if posted and spend(request, "api_500"):
            raise StripeRefusal(500, "An error of the local Stripe, on purpose.", type="api_error")
        response = web.json_response(route.endpoint(Call(stripe, id, fields, version, cause)))
    except StripeRefusal as refusal:
        response = refusal.response()
    if key and response.status != 501:
        body = {"said": said, "status": response.status, "text": response.text}
        stripe.store.put("idempotency_key", key, body)
    return response


def check_key(authorization: str, secret_key: str) -> None:
    """Bearer, as the SDKs do it; 401 otherwise."""
    scheme, _, given = authorization.partition(" ")
    if scheme != "Bearer" or not compare_digest(given.encode(), secret_key.encode()):
        message = "Invalid API Key provided. The local Stripe takes the one it was started with."
        raise StripeRefusal(401, message)


def remembered(stripe: LocalStripe, key: str, said: str) -> web.Response | None:
    """The stored answer of this key, errors and 500s included (docs.stripe.com/api/idempotency).

    What fails before the call begins (a parameter, too many requests) is not stored, as at Stripe.
    """
    before = stripe.store.get("idempotency_key", key)
    if before is None:
        return None
    if before["said"] != said:
        message = f"The idempotency key '{key}' was first used with other parameters."
        raise StripeRefusal(400, message, type="idempotency_error")
    replayed = {"Idempotent-Replayed": "true"}
    return web.json_response(text=before["text"], status=before["status"], headers=replayed)


def spend(request: web.Request, fault: str) -> bool:
    """Whether this POST is to meet the fault."""
    return request.app[LOCAL_STRIPE].deliveries.faults.spend(fault)

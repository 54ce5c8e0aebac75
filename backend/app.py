"""The HTTP application: typed keys for shared objects, middlewares, and the list of all routes."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable

import structlog
from aiohttp import web
from limits.aio.storage import MemoryStorage
from limits.aio.strategies import MovingWindowRateLimiter

from backend.errors import Failure, PursebotError
from backend.http import docs, health, openapi, return_pages, telegram_webhook
from backend.http.authentication import (
    CALLER,
    REGISTERED_USERS,
    SUPABASE_AUTH,
    authenticate,
)
from backend.http.error_responses import HEADERS, error_response, new_request_id
from backend.http.errors import EncodedBody
from backend.http.rate_limits import LIMITER, PERSON_KEYS, rate_limit
from backend.http.requests import CLOSING, SERVICES, SETTINGS
from backend.http.routes import ROUTES
from backend.http.routes.internal import INTERNAL
from backend.http.routes.payments import STRIPE_WEBHOOK
from backend.opening import supabase_auth
from backend.services import Services
from backend.settings import Settings
from backend.stripe import reconcile

log = structlog.get_logger(__name__)

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

DEFAULT_HEADERS = web.AppKey("default_headers", dict[str, str])
REQUEST_ID = web.RequestKey("request_id", str)
MAX_BODY_BYTES = 512 * 1024  # Stripe's events are smaller; `requests` limits JSON bodies further
MAX_PATH_LENGTH = 200  # in a log line
HSTS_ONE_YEAR = "max-age=31536000"
ALL_ROUTES = [
    *(route.for_aiohttp for route in ROUTES),
    *INTERNAL,
    # Monitoring, documents, the pages after Stripe's, Telegram's webhook.
    web.get("/health", health.get_health),
    web.get("/ready", health.get_readiness),
    web.get("/metrics", health.get_metrics),
    web.get("/docs", docs.get_docs),
    web.get("/openapi.json", openapi.get_openapi),
    STRIPE_WEBHOOK,
    web.get("/pay/{id}/return", rate_limit(return_pages.payment_return)),
    web.get("/pay/{id}/leave", rate_limit(return_pages.payment_return)),
    web.get("/recurring/{id}/return", rate_limit(return_pages.subscription_return)),
    web.get("/cards/{id}/return", rate_limit(return_pages.setup_link_return)),
    web.get("/cards/{id}/portal", rate_limit(return_pages.portal_return)),
    web.post("/telegram/webhook", telegram_webhook.receive_update),
]


def create_app(
    services: Services, settings: Settings, *, reconciling: bool = True
) -> web.Application:
    """Build the application over `services`, for `serve` and for tests alike.

    With `reconciling` the reconciler runs as long as the application does.
    """
    app = web.Application(middlewares=[render_errors, authenticate], client_max_size=MAX_BODY_BYTES)
    app[SERVICES] = services
    app[SETTINGS] = settings
    app[REGISTERED_USERS] = set()
    app[SUPABASE_AUTH] = supabase_auth(settings)
    app[CLOSING] = asyncio.Event()
    app[PERSON_KEYS] = {}
    app[LIMITER] = MovingWindowRateLimiter(MemoryStorage())
    app[DEFAULT_HEADERS] = HEADERS | (
        {"Strict-Transport-Security": HSTS_ONE_YEAR} if settings.https else {}
    )
    app.on_response_prepare.append(set_default_headers)
    app.add_routes(ALL_ROUTES)
    app.on_shutdown.append(wake_waiting_requests)
    if reconciling:
        app.cleanup_ctx.append(run_reconciler)
    return app


async def set_default_headers(request: web.Request, response: web.StreamResponse) -> None:
    """Add the headers of every response: those for browsers and caches, and `Server`.

    Signal handler of `on_response_prepare`. A header that a handler has set stays.
    """
    for name, value in request.app[DEFAULT_HEADERS].items():
        response.headers.setdefault(name, value)
    response.headers["Server"] = "pursebot"  # without a version: that would help attackers only


@web.middleware
async def render_errors(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Answer every error in the one shape, with a request id, and log it.

    A Refusal is an info line, a Failure a warning, unless the log has a line of it already.
    Anything else is an error with its traceback, a count in `pursebot_bugs` and a 500 without
    details. The request's id and path are in every line that is written meanwhile.
    """
    request[REQUEST_ID] = request_id = new_request_id()
    path = request.path[:MAX_PATH_LENGTH]
    with structlog.contextvars.bound_contextvars(request_id=request_id, path=path):
        try:
            require_plain_body(request)
            response = await handler(request)
        except PursebotError as error:
            if not error.was_logged():
                log_refusal(error, path)
            response = counted_error_response(
                request, error.status, error.code, error.message, error.facts
            )
        except web.RequestPayloadError:
            response = counted_error_response(
                request, 400, "invalid_request", "The body cannot be read."
            )
        except web.HTTPException as error:
            code = error.reason.lower().replace(" ", "_")
            response = counted_error_response(request, error.status, code, error.reason)
            if "Allow" in error.headers:  # a 405 must have it: RFC 9110, 15.5.6
                response.headers["Allow"] = error.headers["Allow"]
        except Exception:
            log.exception("request_crashed", path=path)
            request.app[SERVICES].metrics.bugs.labels("request").inc()
            response = counted_error_response(
                request, 500, PursebotError.code, PursebotError.message
            )
        response.headers["X-Request-Id"] = request_id
        return response


def log_refusal(error: PursebotError, path: str) -> None:
    """Log why a request was refused: as the caller's doing, or as a failure of ours or others'."""
    facts = {**error.facts, **error.details}
    if isinstance(error, Failure):
        log.warning("request_refused", code=error.code, path=path, **facts)
    else:
        log.info("request_refused", code=error.code, path=path, **facts)


def require_plain_body(request: web.Request) -> None:
    """Raise EncodedBody for a body with any coding but `chunked`.

    Bodies are never inflated (see `http/connections.py`), so a handler would read compressed bytes.
    """
    codings = [*request.headers.getall("Content-Encoding", [])]
    codings += request.headers.getall("Transfer-Encoding", [])
    encodings = {coding.strip().lower() for coding in ",".join(codings).split(",")}
    if request.can_read_body and encodings - {"", "identity", "chunked"}:
        raise EncodedBody


def counted_error_response(
    request: web.Request, status: int, code: str, message: str, facts: dict[str, str] | None = None
) -> web.Response:
    """Make an error response, and count it in `pursebot_errors` by code and status."""
    request.app[SERVICES].metrics.errors.labels(code, str(status)).inc()
    is_token_refused = "Authorization" in request.headers and CALLER not in request
    return error_response(
        request[REQUEST_ID], status, code, message, facts, is_token_refused=is_token_refused
    )


async def wake_waiting_requests(app: web.Application) -> None:
    """End long polls, so that a stop does not wait for them."""
    app[CLOSING].set()
    app[SERVICES].wakeup.wake()


async def run_reconciler(app: web.Application) -> AsyncIterator[None]:
    """Run the reconciler from the start of the application to its cleanup."""
    task = asyncio.create_task(reconcile.reconcile_forever(app[SERVICES]))
    yield
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)

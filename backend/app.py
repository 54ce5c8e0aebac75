"""The HTTP application: shared objects by typed keys, middlewares, every route in one list."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable

import structlog
from aiohttp import web
from limits.aio.storage import MemoryStorage
from limits.aio.strategies import MovingWindowRateLimiter

from backend.errors import Failure, PursebotError
from backend.http import docs, health, openapi, return_pages, stripe_webhook, telegram_webhook
from backend.http.authentication import MET, SUPABASE_AUTH, know_caller
from backend.http.error_responses import HEADERS, in_shape, new_request_id
from backend.http.errors import EncodedBody
from backend.http.rate_limits import LIMITER, costly
from backend.http.requests import CLOSING, SETTINGS, SHOP
from backend.http.routes import ROUTES
from backend.http.routes.internal import INTERNAL
from backend.opening import supabase_auth
from backend.settings import Settings
from backend.shop import Shop
from backend.stripe import reconcile

log = structlog.get_logger(__name__)

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

ALWAYS_SAID = web.AppKey("always_said", dict[str, str])
REQUEST_ID = web.RequestKey("request_id", str)
MOST_BODY_BYTES = 512 * 1024  # Stripe's events are smaller; JSON of ours has a limit of its own
LONGEST_PATH = 200  # in a log line
A_YEAR_OF_HTTPS = "max-age=31536000"
ALL_ROUTES = [
    *(route.for_aiohttp for route in ROUTES),
    *INTERNAL,
    # For machines and browsers.
    web.get("/health", health.alive),
    web.get("/ready", health.ready),
    web.get("/metrics", health.metrics),
    web.get("/docs", docs.page),
    web.get("/openapi.json", openapi.answer),
    web.post("/api/payments/webhook", stripe_webhook.receive),
    web.get("/pay/{id}/return", costly(return_pages.came_back)),
    web.get("/pay/{id}/leave", costly(return_pages.came_back)),
    web.get("/recurring/{id}/return", costly(return_pages.began)),
    web.get("/cards/{id}/return", costly(return_pages.card_came_back)),
    web.get("/cards/{id}/portal", costly(return_pages.portal_came_back)),
    web.post("/telegram/webhook", telegram_webhook.receive),
]


def create_app(shop: Shop, settings: Settings, *, reconciling: bool = True) -> web.Application:
    """The whole backend over its outside things; main and tests build it the same way."""
    app = web.Application(middlewares=[say_errors, know_caller], client_max_size=MOST_BODY_BYTES)
    app[SHOP] = shop
    app[SETTINGS] = settings
    app[MET] = set()
    app[SUPABASE_AUTH] = supabase_auth(settings)
    app[CLOSING] = asyncio.Event()
    app[LIMITER] = MovingWindowRateLimiter(MemoryStorage())
    app[ALWAYS_SAID] = HEADERS | (
        {"Strict-Transport-Security": A_YEAR_OF_HTTPS} if settings.https else {}
    )
    app.on_response_prepare.append(say_headers)
    app.add_routes(ALL_ROUTES)
    app.on_shutdown.append(close_doors)
    if reconciling:
        app.cleanup_ctx.append(reconciler)
    return app


async def say_headers(request: web.Request, response: web.StreamResponse) -> None:
    """What every answer says to browsers and caches."""
    for name, value in request.app[ALWAYS_SAID].items():
        response.headers.setdefault(name, value)
    response.headers["Server"] = "pursebot"  # of which version is nobody's business


@web.middleware
async def say_errors(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Every error in the one shape, with a request id; a refusal is a line, a crash a traceback."""
    request[REQUEST_ID] = request_id = new_request_id()
    path = request.path[:LONGEST_PATH]
    with structlog.contextvars.bound_contextvars(request_id=request_id):
        try:
            require_plain_body(request)
            response = await handler(request)
        except PursebotError as error:
            facts = {**error.facts, **error.details}
            if isinstance(error, Failure):
                log.warning("refused", code=error.code, path=path, **facts)
            else:
                log.info("refused", code=error.code, path=path, **facts)
            response = answer(request, error.status, error.code, error.message, error.facts)
        except web.RequestPayloadError:
            response = answer(request, 400, "invalid_request", "The body cannot be read.")
        except web.HTTPException as error:
            code = error.reason.lower().replace(" ", "_")
            response = answer(request, error.status, code, error.reason)
            response.headers.update({k: v for k, v in error.headers.items() if k == "Allow"})
        except Exception:
            log.exception("crashed", path=path)
            request.app[SHOP].metrics.bugs.labels("request").inc()
            response = answer(request, 500, PursebotError.code, PursebotError.message)
        response.headers["X-Request-Id"] = request_id
        return response


def require_plain_body(request: web.Request) -> None:
    """Raise EncodedBody where a body is compressed: nothing has inflated it, and nothing will."""
    codings = [*request.headers.getall("Content-Encoding", [])]
    codings += request.headers.getall("Transfer-Encoding", [])
    named = {coding.strip().lower() for coding in ",".join(codings).split(",")}
    if request.can_read_body and named - {"", "identity", "chunked"}:
        raise EncodedBody


def answer(
    request: web.Request, status: int, code: str, message: str, facts: dict[str, str] | None = None
) -> web.Response:
    """An error as JSON, counted."""
    request.app[SHOP].metrics.errors.labels(code, str(status)).inc()
    return in_shape(request[REQUEST_ID], status, code, message, facts)


async def close_doors(app: web.Application) -> None:
    """Long waits end now, so that a stop does not wait for them."""
    app[CLOSING].set()
    app[SHOP].bell.ring()


async def reconciler(app: web.Application) -> AsyncIterator[None]:
    """The reconciler's lifetime is the application's."""
    task = asyncio.create_task(reconcile.forever(app[SHOP]))
    yield
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)

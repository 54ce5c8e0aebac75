"""Limits on connections: how many, how slow a client may be, and bodies that stay compressed.

aiohttp has no deadline for headers, bodies or responses that come or go too slowly, and accepts any
number of connections. Here a sweep checks every connection each second. What waits for us (a long
poll, a call to Stripe) is never ended; only what waits for the client is.
"""

import asyncio
import errno
import resource
import time
from dataclasses import dataclass
from typing import Any, cast

import structlog
from aiohttp import StreamReader, web
from aiohttp.web_protocol import RequestHandler

from backend.errors import BadRequest, PursebotError
from backend.http.error_responses import raw_error_response, standalone_error_response
from backend.http.errors import ExpectationUnknown, ServerFull, TooSlow

log = structlog.get_logger(__name__)

MAX_CONNECTIONS = 10_000
RESERVED_FILES = 128  # for the database, Stripe, and whatever a library opens
OUT_OF_FILES = {errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM}
CONTINUE = "100-continue"
LOG_INTERVAL_SECONDS = 60  # for what anybody can cause a thousand times a second


def max_connections() -> int:
    """Return how many connections may be open: below the number of files this process may open."""
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY:
        return MAX_CONNECTIONS
    return max(16, min(MAX_CONNECTIONS, soft - RESERVED_FILES))


@dataclass(frozen=True)
class ClientTimeouts:
    """How long a client may take, and how often that is checked, in seconds."""

    first: float = 15  # from opening a connection to the first request's headers
    headers: float = 10  # from the first byte of a request to the end of its headers
    body: float = 30  # for a body, which has 512 KiB at most
    stalled: float = 30  # for an answer of which nothing moves
    idle: float = 125  # between two requests: longer than proxies keep theirs (nginx 60, Caddy 120)
    every: float = 1


class Connection(RequestHandler):
    """One client's connection, which the server's sweep checks with `end_if_overdue`."""

    __slots__ = ("_body", "_body_since", "_headers_since", "_line", "_moved", "_opened", "_unsent")

    _line: asyncio.Transport | None  # kept, unlike `transport`, until `connection_lost`
    _body: StreamReader | None  # of the last request

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Answer ServerFull and close if the server has as many connections as it may have."""
        transport, server = cast(asyncio.Transport, transport), cast(BoundedServer, self._manager)
        self._line, self._body, self._unsent = transport, None, 0
        self._opened = self._moved = self._body_since = self._loop.time()
        self._headers_since: float | None = None
        if server.full():
            self._force_close = True
            transport.write(raw_error_response(ServerFull()))
            transport.close()
            return
        super().connection_made(transport)

    def data_received(self, data: bytes) -> None:
        """Record when a request began, and when its body did."""
        before = self._request_count
        super().data_received(data)
        if self._request_count != before:
            self._headers_since = None
            if self._messages:
                self._body, self._body_since = self._messages[-1][1], self._loop.time()
        elif data and not self._receives_body() and self._headers_since is None:
            self._headers_since = self._loop.time()

    def resume_writing(self) -> None:
        """Record that the client has taken most of what was written."""
        self._moved = self._loop.time()
        super().resume_writing()

    def end_if_overdue(self, now: float, timeouts: ClientTimeouts) -> None:
        """End the connection if it has waited for the client for too long."""
        line = self._line
        if line is None:
            return
        if self._is_stalled(line, now, timeouts):
            line.abort()
        elif self._waiter is not None:  # aiohttp waits for a request
            self._end_late_request(line, now, timeouts)
        elif self._receives_body():
            self._end_late_body(now, timeouts)
        elif self._headers_since is not None:
            # The next request has begun while this one is answered: that is not the client's time.
            self._headers_since = now

    def _is_stalled(self, line: asyncio.Transport, now: float, timeouts: ClientTimeouts) -> bool:
        """Return whether the client has taken nothing of what was written for too long."""
        unsent = line.get_write_buffer_size()
        if not unsent or unsent < self._unsent:
            self._moved = now
        self._unsent = unsent
        return bool(unsent) and now - self._moved > timeouts.stalled

    def _end_late_request(
        self, line: asyncio.Transport, now: float, timeouts: ClientTimeouts
    ) -> None:
        """End a connection whose request does not come, or whose headers do not end."""
        begun = self._headers_since
        if begun is not None and now - begun > timeouts.headers:
            line.write(raw_error_response(TooSlow()))
            self.force_close()
        elif not self._request_count and now - self._opened > timeouts.first:
            self.force_close()

    def _end_late_body(self, now: float, timeouts: ClientTimeouts) -> None:
        """Fail the reading of a body that does not end."""
        if self._reading_paused or self._buffer_paused:  # the handler is slow, not the client
            self._body_since = now
        elif self._body is not None and now - self._body_since > timeouts.body:
            self._body.set_exception(TooSlow())
            self._body.feed_eof()  # the rest is not read
            self.close()

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        """Answer an error outside of handlers in the one shape of errors.

        Below 500 the client sent no valid HTTP, which is an info line; else it is logged with its
        traceback.
        """
        if status < 500:
            log.info("request_refused", code=BadRequest.code, reason=type(exc).__name__)
            return standalone_error_response(BadRequest("This is not a request of HTTP/1.1."))
        log.error("request_crashed", exc_info=exc)
        return standalone_error_response(PursebotError())

    def log_exception(self, *args: Any, **more: Any) -> None:
        """Log an error that no handler saw; a body that came too slowly (TooSlow) is none."""
        if not isinstance(error := more.get("exc_info"), TooSlow):
            log.error("request_crashed", exc_info=error)

    def connection_lost(self, exc: BaseException | None) -> None:
        """Record that the connection is closed."""
        self._line = None
        super().connection_lost(exc)

    def _receives_body(self) -> bool:
        return self._body is not None and not self._body.is_eof()


class BoundedServer(web.Server):
    """A server with a limit on connections, and a sweep that ends those that are too slow."""

    def __init__(self, server: web.Server, limit: int, timeouts: ClientTimeouts) -> None:
        """`server` is aiohttp's for the application; `limit` connections are accepted."""

        async def handle(request: web.BaseRequest) -> web.StreamResponse:
            expected = request.headers.get("Expect", CONTINUE).lower()
            if expected != CONTINUE:
                return standalone_error_response(ExpectationUnknown())
            return await server.request_handler(request)

        super().__init__(handle, request_factory=server.request_factory, **server._kwargs)
        self.limit, self.timeouts = limit, timeouts
        self._full_logged_at = 0.0
        self._sweeping: asyncio.Task[None] | None = None

    def __call__(self) -> RequestHandler:
        """Make the protocol of a new connection, and start the sweep with the first one."""
        if self._sweeping is None:
            self._sweeping = self._loop.create_task(self._sweep())
        return Connection(self, loop=self._loop, **self._kwargs)

    def full(self) -> bool:
        """Return whether one more connection is too many; logged at most once a minute."""
        if len(self._connections) < self.limit:
            return False
        if time.monotonic() - self._full_logged_at > LOG_INTERVAL_SECONDS:
            self._full_logged_at = time.monotonic()
            log.warning("connections_full", max_connections=self.limit)
        return True

    async def shutdown(self, timeout: float | None = None) -> None:  # noqa: ASYNC109 # aiohttp's
        """Close the connections, and end the sweep."""
        await super().shutdown(timeout)
        if self._sweeping is not None:
            self._sweeping.cancel()
            await asyncio.gather(self._sweeping, return_exceptions=True)

    async def _sweep(self) -> None:
        while True:
            await asyncio.sleep(self.timeouts.every)
            now = self._loop.time()
            for connection in self.connections:
                if isinstance(connection, Connection):
                    connection.end_if_overdue(now, self.timeouts)


class BoundedRunner(web.AppRunner):
    """aiohttp's runner, with the server of this module."""

    __slots__ = ("_limit", "_timeouts")

    def __init__(
        self,
        app: web.Application,
        *,
        limit: int | None = None,
        timeouts: ClientTimeouts | None = None,
        **more: Any,
    ) -> None:
        """Accept `limit` connections; without it, as many as `max_connections` says."""
        self._limit, self._timeouts = limit or max_connections(), timeouts or ClientTimeouts()
        options: dict[str, Any] = {
            "auto_decompress": False,  # aiohttp would inflate a body before a handler refuses it
            "keepalive_timeout": self._timeouts.idle,
        }
        super().__init__(app, access_log=None, **options, **more)

    async def _make_server(self) -> web.Server:
        return BoundedServer(await super()._make_server(), self._limit, self._timeouts)


def limit_file_errors(loop: asyncio.AbstractEventLoop) -> None:
    """Log that the process has no file left to accept with at most once a minute.

    asyncio would report it for each try. Any other error goes to the loop's default handler.
    """
    logged_at = 0.0

    def handle(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        nonlocal logged_at
        error = context.get("exception")
        accepting = "accept" in context.get("message", "")
        if not (accepting and isinstance(error, OSError) and error.errno in OUT_OF_FILES):
            loop.default_exception_handler(context)
        elif time.monotonic() - logged_at > LOG_INTERVAL_SECONDS or not logged_at:
            logged_at = time.monotonic()
            limit = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
            log.error(
                "file_descriptors_exhausted", limit=limit, reason=errno.errorcode[error.errno]
            )

    loop.set_exception_handler(handle)

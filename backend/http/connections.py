"""How connections are held: how many, how slow a client may be, and what is never inflated.

aiohttp has no deadline for headers, bodies or answers that come or go too slowly, and accepts as
many connections as come. Here a sweep looks at every connection each second. What waits for us
(a long poll, a call to Stripe) is never cut; only what waits for the client is.
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
LOG_INTERVAL_SECONDS = 60  # of the log, about what strangers can cause a thousand times a second


def max_connections() -> int:
    """How many may be open at once: below the number of files that this process may open."""
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY:
        return MAX_CONNECTIONS
    return max(16, min(MAX_CONNECTIONS, soft - RESERVED_FILES))


@dataclass(frozen=True)
class ClientTimeouts:
    """How long a client may take, in seconds; how often that is looked at."""

    first: float = 15  # from opening a connection to the first request's headers
    headers: float = 10  # from the first byte of a request to the end of its headers
    body: float = 30  # for a body, which has 512 KiB at most
    stalled: float = 30  # for an answer of which nothing moves
    idle: float = 125  # between two requests: longer than proxies keep theirs (nginx 60, Caddy 120)
    every: float = 1


class Connection(RequestHandler):
    """One client; `overdue` is asked by the server's sweep."""

    __slots__ = ("_body", "_body_since", "_headers_since", "_line", "_moved", "_opened", "_unsent")

    _line: asyncio.Transport | None  # kept, unlike `transport`, until it is really closed
    _body: StreamReader | None  # of the last request

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Refuse what is over the bound, at once."""
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
        """Note when a request began, and when its body did."""
        before = self._request_count
        super().data_received(data)
        if self._request_count != before:
            self._headers_since = None
            if self._messages:
                self._body, self._body_since = self._messages[-1][1], self._loop.time()
        elif data and not self._receives_body() and self._headers_since is None:
            self._headers_since = self._loop.time()

    def resume_writing(self) -> None:
        """The client has taken most of what was written."""
        self._moved = self._loop.time()
        super().resume_writing()

    def overdue(self, now: float, timeouts: ClientTimeouts) -> None:
        """End what waits for the client for too long."""
        line = self._line
        if line is None:
            return
        unsent = line.get_write_buffer_size()
        if not unsent or unsent < self._unsent:
            self._moved = now
        self._unsent = unsent
        if unsent and now - self._moved > timeouts.stalled:
            line.abort()
        elif self._waiter is not None:  # for a request
            begun = self._headers_since
            if begun is not None and now - begun > timeouts.headers:
                line.write(raw_error_response(TooSlow()))
                self.force_close()
            elif not self._request_count and now - self._opened > timeouts.first:
                self.force_close()
        elif self._receives_body():
            if self._reading_paused or self._buffer_paused:  # we are slow, and not the client
                self._body_since = now
            elif self._body is not None and now - self._body_since > timeouts.body:
                self._body.set_exception(TooSlow())
                self._body.feed_eof()  # nobody waits for the rest
                self.close()
        elif self._headers_since is not None:  # of the next request, while this one is answered
            self._headers_since = now

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        """Answer what is no HTTP in the one shape of errors; a line is enough for that."""
        if status < 500:
            log.info("refused", code=BadRequest.code, reason=type(exc).__name__)
            return standalone_error_response(BadRequest("This is not a request of HTTP/1.1."))
        log.error("crashed", exc_info=exc)
        return standalone_error_response(PursebotError())

    def log_exception(self, *args: Any, **more: Any) -> None:
        """Errors that no handler saw; that a body came too slowly is none."""
        if not isinstance(error := more.get("exc_info"), TooSlow):
            log.error("crashed", exc_info=error)

    def connection_lost(self, exc: BaseException | None) -> None:
        """It is really closed."""
        self._line = None
        super().connection_lost(exc)

    def _receives_body(self) -> bool:
        return self._body is not None and not self._body.is_eof()


class BoundedServer(web.Server):
    """A server of connections that are counted and looked after."""

    def __init__(self, server: web.Server, most: int, timeouts: ClientTimeouts) -> None:
        """`made` is aiohttp's own for the same application."""

        async def handle(request: web.BaseRequest) -> web.StreamResponse:
            expected = request.headers.get("Expect", CONTINUE).lower()
            if expected != CONTINUE:
                return standalone_error_response(ExpectationUnknown())
            return await server.request_handler(request)

        super().__init__(handle, request_factory=server.request_factory, **server._kwargs)
        self.most, self.timeouts = most, timeouts
        self._full_logged_at = 0.0
        self._sweeping: asyncio.Task[None] | None = None

    def __call__(self) -> RequestHandler:
        """A new connection's protocol."""
        if self._sweeping is None:
            self._sweeping = self._loop.create_task(self._sweep())
        return Connection(self, loop=self._loop, **self._kwargs)

    def full(self) -> bool:
        """Whether one more is too many; told once a minute."""
        if len(self._connections) < self.most:
            return False
        if time.monotonic() - self._full_logged_at > LOG_INTERVAL_SECONDS:
            self._full_logged_at = time.monotonic()
            log.warning("connections_full", most=self.most)
        return True

    async def shutdown(self, timeout: float | None = None) -> None:  # noqa: ASYNC109 # aiohttp's
        """End the sweep with the connections."""
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
                    connection.overdue(now, self.timeouts)


class BoundedRunner(web.AppRunner):
    """aiohttp's runner, with connections as this file holds them."""

    __slots__ = ("_most", "_patience")

    def __init__(
        self,
        app: web.Application,
        *,
        most: int | None = None,
        timeouts: ClientTimeouts | None = None,
        **more: Any,
    ) -> None:
        """`most` connections: below the limit of files, unless it is said."""
        self._most, self._patience = most or max_connections(), timeouts or ClientTimeouts()
        # A body is inflated as it is parsed, long before anybody could refuse it.
        held: dict[str, Any] = {"auto_decompress": False, "keepalive_timeout": self._patience.idle}
        super().__init__(app, access_log=None, **held, **more)

    async def _make_server(self) -> web.Server:
        return BoundedServer(await super()._make_server(), self._most, self._patience)


def limit_file_errors(loop: asyncio.AbstractEventLoop) -> None:
    """Tell once a minute that no file is left to accept with; asyncio tells it for each try."""
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
            log.error("out_of_files", limit=limit, reason=errno.errorcode[error.errno])

    loop.set_exception_handler(handle)

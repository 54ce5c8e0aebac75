"""A backend with short timeouts for clients, and requests on raw sockets."""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import web

from backend.app import create_app
from backend.http.connections import BoundedRunner, ClientTimeouts
from sandbox.runner.ports import free_ports
from tests.backend.conftest import System, chosen

Json = dict[str, Any]
QUICK = ClientTimeouts(first=0.6, headers=0.4, body=0.6, stalled=0.6, idle=1.2, every=0.05)


@asynccontextmanager
async def front(
    system: System, limit: int | None = None, timeouts: ClientTimeouts = QUICK
) -> AsyncIterator[int]:
    """Run the backend with these limits for the length of the block; yield its port."""
    app = create_app(system.services, chosen(), reconciling=False)
    app.router.add_get("/large", large)
    runner = BoundedRunner(app, limit=limit, timeouts=timeouts, shutdown_timeout=1)
    [port] = free_ports(1)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", port).start()
        yield port
    finally:
        await runner.cleanup()


async def large(request: web.Request) -> web.StreamResponse:
    """Answer with more than all buffers between us and a client hold."""
    response = web.StreamResponse()
    await response.prepare(request)
    for _ in range(400):
        await response.write(b"x" * 65_536)
    return response


async def opened(port: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """Open a connection to a port of this machine."""
    return await asyncio.open_connection("127.0.0.1", port)


async def answer(reader: asyncio.StreamReader) -> tuple[int, Json]:
    """Read an answer; return its status and JSON."""
    async with asyncio.timeout(10):
        head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
        length = int(head.partition("content-length: ")[2].split()[0])
        return int(head.split()[1]), json.loads(await reader.readexactly(length))


async def ended(reader: asyncio.StreamReader) -> float:
    """Read until the other side closes; return how many seconds that took."""
    began = time.monotonic()
    async with asyncio.timeout(10):
        try:
            while await reader.read(65_536):
                pass
        except ConnectionError:
            pass
    return time.monotonic() - began


def head(path: str, *headers: str, method: str = "POST") -> bytes:
    """Return the head of a request."""
    return "\r\n".join([f"{method} {path} HTTP/1.1", "Host: x", *headers, "", ""]).encode()

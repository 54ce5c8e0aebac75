"""Answers this machine's own programs and pages, and nothing that another site's page sends.

A page of another site may have its own name resolve to 127.0.0.1 (DNS rebinding), and then reads
what it likes: but it still sends its name as the Host. And it may send requests here without
reading the answer: those that could change something carry its Origin.
https://developer.mozilla.org/docs/Web/HTTP/Reference/Headers/Origin
"""

from urllib.parse import urlsplit

from aiohttp import web

from sandbox.refusals import Refusal
from sandbox.routes import Handler

THIS_MACHINE = ("127.0.0.1", "localhost", "::1")


@web.middleware
async def refuse_other_sites(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Answer 403 unless the Host is this machine and the Origin, where there is one, the same."""
    origin = request.headers.get("Origin")
    if not is_this_machine(request.host):
        reason = "Open the sandbox as http://127.0.0.1 or http://localhost: it is on this machine."
        return Refusal(403, reason).response()
    if origin is not None and origin != f"http://{request.host}":
        return Refusal(403, "The sandbox takes nothing from pages of other sites.").response()
    return await handler(request)


def is_this_machine(host: str) -> bool:
    """Return whether a Host header, with or without a port, names this machine."""
    try:
        return urlsplit(f"//{host}").hostname in THIS_MACHINE
    except ValueError:
        return False

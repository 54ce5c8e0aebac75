"""Rate limits of one process: per person, and per address for those who are not signed in.

For routes that cost money or a call to Stripe and, counted apart, for those that change something.
"""

import math
import time
from ipaddress import ip_address

from aiohttp import web
from aiohttp.typedefs import Handler
from limits import RateLimitItemPerMinute
from limits.aio.strategies import MovingWindowRateLimiter

from backend.errors import TooManyRequests
from backend.http.authentication import CALLER
from backend.http.requests import SETTINGS

LIMITER = web.AppKey("limiter", MovingWindowRateLimiter)
LIMIT_PER_PERSON = RateLimitItemPerMinute(60)  # of what costs money or a call to Stripe
CHANGES_PER_PERSON = RateLimitItemPerMinute(120)  # of all other changes; many leave a row for ever
LIMIT_PER_ADDRESS = RateLimitItemPerMinute(300)  # many people may come from one


def rate_limit(handler: Handler) -> Handler:
    """Wrap a handler so that it raises TooManyRequests (with `retry_after`, seconds).

    Above 60 requests a minute of a person, or 300 of an address.
    """

    async def answer(request: web.Request) -> web.StreamResponse:
        await count_request(request, LIMIT_PER_PERSON, "costs")
        return await handler(request)

    return answer


def change_limit(handler: Handler) -> Handler:
    """Wrap the handler of a change that costs nothing, as `rate_limit` does, counted apart."""

    async def answer(request: web.Request) -> web.StreamResponse:
        await count_request(request, CHANGES_PER_PERSON, "changes")
        return await handler(request)

    return answer


async def count_request(request: web.Request, limit: RateLimitItemPerMinute, what: str) -> None:
    """Count a request for its person, or for its address where nobody is signed in.

    Raises TooManyRequests with the seconds until the next one is answered.
    """
    limiter, person = request.app[LIMITER], request.get(CALLER)
    limit = limit if person else LIMIT_PER_ADDRESS
    caller = repr(person.claims) if person else client_address(request)
    if not await limiter.hit(limit, what, caller):
        window = await limiter.get_window_stats(limit, what, caller)
        wait = max(1, math.ceil(window.reset_time - time.time()))
        raise TooManyRequests(retry_after=str(wait))


def client_address(request: web.Request) -> str:
    """Return the client's address; X-Forwarded-For counts only from TRUSTED_PROXY."""
    peer, proxy = request.remote or "", request.app[SETTINGS].trusted_proxy
    passed_on = ",".join(request.headers.getall("X-Forwarded-For", []))
    if proxy and passed_on and ip_address(peer) in proxy:
        return passed_on.rpartition(",")[2].strip()  # what the proxy itself has added
    return peer

"""Rate limits of one process: per person, and per address for those who are not signed in.

For routes that cost money or a call to Stripe and, counted apart, for those that change something.
What repeats a request under its Idempotency-Key counts as neither: it begins nothing.
"""

import math
import time
from ipaddress import ip_address

from aiohttp import web
from aiohttp.typedefs import Handler
from limits import RateLimitItemPerMinute
from limits.aio.strategies import MovingWindowRateLimiter

from backend.database.functions import payments, people
from backend.database.protocol import Person
from backend.errors import TooManyRequests
from backend.http.authentication import CALLER
from backend.http.requests import SERVICES, SETTINGS, idempotency_key

LIMITER = web.AppKey("limiter", MovingWindowRateLimiter)
# By a token's subject: what is counted for, and when the database was asked (time.monotonic).
PERSON_KEYS = web.AppKey[dict[str, tuple[str, float]]]("person_keys")
PERSON_KEY_SECONDS = 60
MAX_PERSON_KEYS = 100_000
LIMIT_PER_PERSON = RateLimitItemPerMinute(60)  # of what costs money or a call to Stripe
# Of requests with a key, repeats included: nobody repeats ten times a second for good.
KEYS_PER_PERSON = RateLimitItemPerMinute(600)
CHANGES_PER_PERSON = RateLimitItemPerMinute(120)  # of all other changes; many leave a row for ever
LIMIT_PER_ADDRESS = RateLimitItemPerMinute(300)  # many people may come from one


def rate_limit(handler: Handler, *, keyed: bool = False) -> Handler:
    """Wrap a handler so that it raises TooManyRequests (with `retry_after`, seconds).

    Above 60 requests a minute of a person, or 300 of an address. `keyed`: the handler takes an
    Idempotency-Key, and one that began something before is answered without being counted.
    """

    async def answer(request: web.Request) -> web.StreamResponse:
        if not (keyed and await is_repeat(request)):
            await count_request(request, LIMIT_PER_PERSON, "costs")
        return await handler(request)

    return answer


def change_limit(handler: Handler, *, keyed: bool = False) -> Handler:
    """Wrap the handler of a change that costs nothing, as `rate_limit` does, counted apart."""

    async def answer(request: web.Request) -> web.StreamResponse:
        if not (keyed and await is_repeat(request)):
            await count_request(request, CHANGES_PER_PERSON, "changes")
        return await handler(request)

    return answer


async def is_repeat(request: web.Request) -> bool:
    """Return whether the caller began something under the request's Idempotency-Key before.

    Raises TooManyRequests above KEYS_PER_PERSON, BadRequest, Unauthorized.
    """
    person, key = request.get(CALLER), idempotency_key(request)
    if person is None or key is None:
        return False
    await count_request(request, KEYS_PER_PERSON, "keys")
    database = request.app[SERVICES].database
    return await payments.is_key_used(database, person, idempotency_key=key)


async def count_request(request: web.Request, limit: RateLimitItemPerMinute, what: str) -> None:
    """Count a request for its person, or for its address where nobody is signed in.

    Raises TooManyRequests with the seconds until the next one is answered.
    """
    limiter, person = request.app[LIMITER], request.get(CALLER)
    limit = limit if person else LIMIT_PER_ADDRESS
    caller = await person_key(request, person) if person else client_address(request)
    if not await limiter.hit(limit, what, caller):
        window = await limiter.get_window_stats(limit, what, caller)
        wait = max(1, math.ceil(window.reset_time - time.time()))
        raise TooManyRequests(retry_after=str(wait))


async def person_key(request: web.Request, person: Person) -> str:
    """Return what a person's requests are counted under: one key for both ways that they come.

    Which person it is, is asked of the database once a minute at most. Whoever is nobody yet is
    counted under the token's subject.
    """
    cache = request.app[PERSON_KEYS]
    subject = str(person.claims.get("sub", person.claims.get("pursebot_telegram_id")))
    key, refreshed_at = cache.get(subject, ("", float("-inf")))
    if time.monotonic() - refreshed_at > PERSON_KEY_SECONDS:
        user_id = await people.get_own_user_id(request.app[SERVICES].database, person)
        key = str(user_id or subject)
        if len(cache) >= MAX_PERSON_KEYS:
            cache.clear()
        cache[subject] = (key, time.monotonic())
    return key


def client_address(request: web.Request) -> str:
    """Return the client's address; X-Forwarded-For counts only from TRUSTED_PROXY."""
    peer, proxy = request.remote or "", request.app[SETTINGS].trusted_proxy
    passed_on = ",".join(request.headers.getall("X-Forwarded-For", []))
    if proxy and passed_on and ip_address(peer) in proxy:
        return passed_on.rpartition(",")[2].strip()  # what the proxy itself has added
    return peer

"""Idempotency keys: a call that is repeated under its key within a day is carried out once.

https://docs.stripe.com/api/idempotent_requests
"""

import time
from collections.abc import Callable

from aiohttp import web

from sandbox.refusals import Refusal
from sandbox.store import Json
from sandbox.stripe.local_stripe import LocalStripe
from sandbox.stripe.objects import new_id

KEY = "idempotency_key"  # the kind in the store
MAX_LENGTH = 255  # characters of a key
LIFETIME_SECONDS = 86_400  # Stripe may remove a key that is at least so old


def idempotently(
    stripe: LocalStripe, request: web.Request, form: str, act: Callable[[], web.Response]
) -> web.Response:
    """Carry out a call once for each idempotency key; answer a repetition with the stored answer.

    Path and `form` must be the same each time, else Refusal (400), as for a key that is too long.
    Refusals are not stored; declines and 500s are.
    """
    key = request.headers.get("Idempotency-Key") or new_id("none")
    if len(key) > MAX_LENGTH:
        raise Refusal(400, f"Idempotency keys can have up to {MAX_LENGTH} characters.")
    request_line = f"{request.path}?{form}"
    stored = _get_unforgotten(stripe, key)
    if stored is not None and stored["request_line"] != request_line:
        raise _conflict(key, stored["request_line"].partition("?")[0], request.path)
    if stored is not None:
        replayed = {"Idempotent-Replayed": "true"}
        return web.json_response(text=stored["text"], status=stored["status"], headers=replayed)
    if stripe.faults.take_429():
        raise Refusal(429, "Too many requests: slow down.", code="rate_limit")
    response = _act_or_500(stripe, act)
    answer = {
        "request_line": request_line,
        "status": response.status,
        "text": response.text,
        "created": _now(stripe),
    }
    stripe.store.put(KEY, key, answer)
    return response


def _conflict(key: str, first_path: str, path: str) -> Refusal:
    """Refuse a key that was used for something else, in Stripe's words."""
    same = (
        "with the same parameters they were first used with"
        if first_path == path
        else f"for the same endpoint they were first used for ('{first_path}')"
    )
    return Refusal(
        400,
        f"Keys for idempotent requests can only be used {same}. Try using a key other than '{key}'"
        " if you meant to execute a different request.",
        type="idempotency_error",
    )


def _get_unforgotten(stripe: LocalStripe, key: str) -> Json | None:
    """Return what a key was used for, unless that is more than its lifetime ago."""
    stored = stripe.store.get(KEY, key)
    if stored is None or _now(stripe) - stored["created"] > LIFETIME_SECONDS:
        return None
    return stored


def _now(stripe: LocalStripe) -> float:
    """Return the time by Stripe's clock, in seconds since 1970."""
    return time.time() + stripe.faults.clock


def _act_or_500(stripe: LocalStripe, act: Callable[[], web.Response]) -> web.Response:
    """Act, or answer 500 on purpose; a decline is an answer, any other Refusal is raised."""
    if stripe.faults.take_500():
        return Refusal(500, "An error of the local Stripe, on purpose.").response()
    try:
        return act()
    except Refusal as refusal:
        if refusal.status != 402:
            raise
        return refusal.response()


async def forget_keys(stripe: LocalStripe) -> Json:
    """Forget all keys, as Stripe does after 24 hours; return how many as `{"forgotten"}`."""
    return {"forgotten": stripe.store.delete(KEY)}

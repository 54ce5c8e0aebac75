"""Sending requests to Stripe: answers as models of `parsers`, errors as ours, lists in full."""

import asyncio
from collections.abc import Awaitable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime
from typing import Final, TypeVar
from uuid import UUID

import stripe
import structlog

from backend.failures import (
    StripeFailed,
    StripeObjectUnreadable,
    StripeRefused,
    StripeUnavailable,
)
from backend.schemas import Json
from backend.stripe import errors
from backend.stripe.errors import BROKEN, Outcome
from backend.stripe.metadata import metadata_id
from backend.stripe.parsers.documented import Marked, Model, read

Answer = TypeVar("Answer", bound=stripe.StripeObject | stripe.StripeResponse)
Listed = TypeVar("Listed", bound=stripe.StripeObject)

log = structlog.get_logger(__name__)

ALL_TRIES_SECONDS: Final = 15  # of one request, the SDK's retries included: a person waits for it
CLOCKS_APART_SECONDS: Final = 600  # the most that the database's and Stripe's clocks may differ

# Whether the log has a line already that Stripe gives no answer about the same thing.
_silence_is_logged = ContextVar("silence_is_logged", default=False)


@contextmanager
def logged_silence(*, is_logged: bool) -> Iterator[None]:
    """Within the block, log at debug that Stripe does not answer, if `is_logged`: it was before."""
    token = _silence_is_logged.set(is_logged)
    try:
        yield
    finally:
        _silence_is_logged.reset(token)


async def result_of(
    model: type[Model], request: Awaitable[stripe.StripeObject], *, quiet: bool = False
) -> Model:
    """Send a request, and parse the answer. Raises what `send` and `read_answer` raise."""
    return read_answer(model, (await send(request, quiet=quiet)).to_dict())


def read_answer(model: type[Model], source: Json) -> Model:
    """Parse what Stripe answered.

    Raises StripeObjectUnreadable, and logs it, if not as documented.
    """
    try:
        return read(model, source)
    except StripeObjectUnreadable as unreadable:
        log.error("stripe_object_malformed", id=source.get("id"), **unreadable.details)
        unreadable.is_logged = True
        raise


async def list_all(
    model: type[Model], request: Awaitable[stripe.ListObject[Listed]]
) -> list[Model]:
    """List all objects, page after page, and parse each. Raises as `result_of`.

    https://docs.stripe.com/api/pagination
    """
    return [read_answer(model, source) for source in await list_sources(request)]


async def list_sources(request: Awaitable[stripe.ListObject[Listed]]) -> list[Json]:
    """List all objects, page after page, as JSON. Raises what `send` raises."""
    page = await send(request)
    objects = list(page.data)
    while page.has_more:
        page = await send(page.next_page_async())
        objects += page.data
    return [each.to_dict() for each in objects]


async def find_created(
    model: type[Model],
    id: UUID,
    name: str,
    request: Awaitable[stripe.ListObject[Listed]],
) -> Model | None:
    """Find what Stripe created for a row, by our id under `name` in its metadata; None if nothing.

    `request` lists the customer's objects since `earliest_creation`. Lists have new objects at
    once, Stripe's search does not: https://docs.stripe.com/search#data-freshness
    """
    for source in await list_sources(request):
        if metadata_id(read_answer(Marked, source).metadata, name) == str(id):
            return read_answer(model, source)
    return None


def earliest_creation(created_at: datetime, search_start: datetime | None) -> int:
    """Return since when (seconds since 1970) Stripe may have created something for a row.

    `search_start` is where a restored database may have lost a row of before `created_at`.
    """
    earliest = created_at if search_start is None else min(created_at, search_start)
    return int(earliest.timestamp()) - CLOCKS_APART_SECONDS


async def chargeable_answer(model: type[Model], request: Awaitable[stripe.StripeObject]) -> Model:
    """Do as `result_of`, for a request that moves money: after a 500 it may have moved.

    So a 500, which `send` raises as StripeFailed, raises StripeUnavailable here.
    """
    try:
        return await result_of(model, request)
    except StripeFailed as failed:
        error = failed.__cause__
        if not isinstance(error, Exception):
            raise
        unavailable = errors.stripe_unavailable(error)
        unavailable.is_logged = failed.is_logged
        raise unavailable from error


async def send(request: Awaitable[Answer], *, quiet: bool = False) -> Answer:
    """Send a request, and return Stripe's answer with its headers.

    Raises StripeRefused where the same request will meet the same answer, else StripeUnavailable:
    IdempotencyConflict where another request had its key before. Each error is logged here,
    and nowhere else; with `quiet` only those after which something may have been done, for requests
    whose refusal is an expected answer.
    """
    try:
        async with asyncio.timeout(ALL_TRIES_SECONDS):
            return await request
    except (stripe.StripeError, *BROKEN) as error:
        outcome = errors.outcome_of(error)
        # Stripe repeats a 500 under its key like any other answer, so the same request will always
        # meet it: https://docs.stripe.com/api/idempotent_requests
        failure: StripeRefused | StripeUnavailable
        if isinstance(error, stripe.IdempotencyError):
            failure = errors.idempotency_conflict(error)
        elif outcome is Outcome.UNKNOWN or not isinstance(error, stripe.StripeError):
            failure = errors.stripe_unavailable(error)
        else:
            failure = errors.stripe_refused(error)
        if errors.is_no_answer(failure) and _silence_is_logged.get():
            log.debug("stripe_error", outcome=outcome.value, **failure.details)
            failure.is_logged = True
        elif not (quiet and outcome is Outcome.NOT_DONE):
            log_stripe_error(error, outcome)
            failure.is_logged = True
        raise failure from error


def log_stripe_error(error: Exception, outcome: Outcome) -> None:
    """Log an error of Stripe's, and what it means for the request.

    A decline is an info line; that the key was refused is an error, which does not pass by itself.
    """
    facts = {"stripe_code": errors.code_of_error(error), **errors.error_details(error)}
    if isinstance(error, stripe.CardError):
        log.info("stripe_error", outcome=outcome.value, **facts)
    elif errors.is_key_error(error):
        log.error("stripe_error", outcome=outcome.value, **facts)
    else:
        log.warning("stripe_error", outcome=outcome.value, **facts)

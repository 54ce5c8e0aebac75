"""Stripe's answers as models, its errors as ours, and keys to ask under: where we meet Stripe."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import stripe
import structlog

from backend import page_texts
from backend.database.functions.payments import PaymentRow
from backend.database.functions.setup_links import SetupLinkRow
from backend.database.functions.subscriptions import SubscriptionRow
from backend.failures import StripeObjectUnreadable, StripeRefused
from backend.schemas import Json
from backend.stripe import errors
from backend.stripe.errors import BROKEN, Outcome
from backend.stripe.metadata import metadata_id
from backend.stripe.parsers.documented import Marked, Model, read

Answer = TypeVar("Answer", bound=stripe.StripeObject | stripe.StripeResponse)
PageRow = PaymentRow | SubscriptionRow | SetupLinkRow  # what has a page of Checkout

log = structlog.get_logger(__name__)

ALL_TRIES_SECONDS = 15  # the caller is a person who waits
CLOCKS_APART_SECONDS = 600  # at most, of the database's and Stripe's


async def result_of(
    model: type[Model], request: Awaitable[stripe.StripeObject], *, quiet: bool = False
) -> Model:
    """Stripe's answer as a model; its errors as ours.

    Raises StripeObjectUnreadable where the answer is not as documented.
    """
    return read_answer(model, (await send(request, quiet=quiet)).to_dict())


def read_answer(model: type[Model], source: Json) -> Model:
    """Read what Stripe answered, and write down what of it is not as documented."""
    try:
        return read(model, source)
    except StripeObjectUnreadable as unreadable:
        log.error("stripe_object_malformed", id=source.get("id"), **unreadable.details)
        raise


async def list_all(model: type[Model], request: Awaitable[stripe.ListObject[Any]]) -> list[Model]:
    """All that Stripe lists, page after page; its errors as ours."""
    return [read_answer(model, item) for item in await listed_as_sent(request)]


async def listed_as_sent(request: Awaitable[stripe.ListObject[Any]]) -> list[Json]:
    """List objects as Stripe sent them, for who reads each by itself."""
    page = await send(request)
    found = list(page.data)
    while page.has_more:
        page = await send(page.next_page_async())
        found += page.data
    return [one.to_dict() for one in found]


async def find_created(
    model: type[Model],
    row: PaymentRow | SubscriptionRow,
    name: str,
    list_async: Callable[[Any], Awaitable[stripe.ListObject[Any]]],
) -> Model | None:
    """What Stripe made of a row for its customer, known by the metadata `name`; `list_async` lists.

    Lists show at once what was made; Stripe's search, which may not, is not asked:
    https://docs.stripe.com/search#data-freshness
    """
    earliest = int(row.created_at.timestamp()) - CLOCKS_APART_SECONDS
    parameters = {"customer": row.stripe_customer_id, "created": {"gte": earliest}, "limit": 100}
    for each in await listed_as_sent(list_async(parameters)):
        if metadata_id(read_answer(Marked, each).metadata, name) == str(row.id):
            return read_answer(model, each)
    return None


async def chargeable_answer(model: type[Model], request: Awaitable[stripe.StripeObject]) -> Model:
    """As `result_of`, for what charges at once: a 500 may have charged all the same."""
    try:
        return await result_of(model, request)
    except StripeRefused as refused:
        error = refused.__cause__
        if isinstance(error, Exception) and errors.outcome_of(error) is Outcome.REMEMBERED:
            raise errors.stripe_unavailable(error) from error
        raise


async def send(request: Awaitable[Answer], *, quiet: bool = False) -> Answer:
    """Stripe's answer with its headers; its errors as ours.

    Each is written to the log here, with Stripe's own words, whoever meets it further up; but for
    refusals where one is as good an answer as any other: `quiet`.
    """
    try:
        async with asyncio.timeout(ALL_TRIES_SECONDS):
            return await request
    except (stripe.StripeError, *BROKEN) as error:
        outcome = errors.outcome_of(error)
        if not (quiet and outcome is Outcome.NOT_DONE):
            log_stripe_error(error, outcome)
        # A 500 is remembered under its key like any other answer, so it is as definite as a 400.
        if outcome is Outcome.UNKNOWN or not isinstance(error, stripe.StripeError):
            raise errors.stripe_unavailable(error) from error
        raise errors.stripe_refused(error) from error


def log_stripe_error(error: Exception, outcome: Outcome) -> None:
    """One line of the log: what Stripe said, and what that means."""
    facts = {"stripe_code": errors.code_of_error(error), **errors.error_details(error)}
    if isinstance(error, stripe.CardError):
        log.info("stripe_error", outcome=outcome.value, **facts)
    else:
        log.warning("stripe_error", outcome=outcome.value, **facts)


def checkout_parameters(
    row: PageRow, id: str, ours: dict[str, str], back: str, *, leave: str | None = None
) -> Json:
    """What every page of Checkout is asked with: `id` is the row's, `ours` the metadata.

    `back` is where its people come back to, and those who `leave` too where nothing else is said.
    """
    return {
        "client_reference_id": id,
        "locale": page_texts.nearest_language(row.language, otherwise="auto"),
        "metadata": ours,
        "expires_at": int(row.expires_at.timestamp()),
        "success_url": back,
        "cancel_url": leave or back,
    }

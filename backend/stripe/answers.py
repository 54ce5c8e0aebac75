"""Stripe's answers and errors in our words, and keys to ask under: where we meet Stripe."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar
from uuid import UUID, uuid4

import stripe
import structlog

from backend import page_texts
from backend.database.functions.payments import PaymentRow
from backend.database.functions.refunds import RefundRow
from backend.database.functions.setup_links import SetupLinkRow
from backend.database.functions.subscriptions import SubscriptionRow
from backend.failures import StripeRefused
from backend.schemas import Json
from backend.stripe import errors
from backend.stripe.errors import BROKEN, Outcome

Answer = TypeVar("Answer", bound=stripe.StripeObject | stripe.StripeResponse)
PageRow = PaymentRow | SubscriptionRow | SetupLinkRow  # what has a page of Checkout

log = structlog.get_logger(__name__)

ALL_TRIES_SECONDS = 15  # the caller is a person who waits
CLOCKS_APART_SECONDS = 600  # at most, of the database's and Stripe's


async def answer(request: Awaitable[stripe.StripeObject], *, quiet: bool = False) -> Json:
    """Stripe's answer as a dict; its errors as ours."""
    return (await reply(request, quiet=quiet)).to_dict()


async def listed(request: Awaitable[stripe.ListObject[Any]]) -> list[Json]:
    """All that Stripe lists, page after page; its errors as ours."""
    page = await reply(request)
    found = list(page.data)
    while page.has_more:
        page = await reply(page.next_page_async())
        found += page.data
    return [one.to_dict() for one in found]


async def made_for(
    row: PaymentRow | SubscriptionRow,
    name: str,
    list_async: Callable[[Any], Awaitable[stripe.ListObject[Any]]],
) -> Json | None:
    """What Stripe made of a row for its customer, known by the metadata `name`; `list_async` lists.

    Lists show at once what was made; Stripe's search, which may not, is not asked:
    https://docs.stripe.com/search#data-freshness
    """
    earliest = int(row.created_at.timestamp()) - CLOCKS_APART_SECONDS
    wanted = {"customer": row.stripe_customer_id, "created": {"gte": earliest}, "limit": 100}
    for each in await listed(list_async(wanted)):
        if our_id(each, name) == str(row.id):
            return each
    return None


async def carried_out(request: Awaitable[stripe.StripeObject]) -> Json:
    """As `answer`, of what charges at once: a 500 may have charged all the same."""
    try:
        return await answer(request)
    except StripeRefused as refused:
        error = refused.__cause__
        if isinstance(error, Exception) and errors.outcome_of(error) is Outcome.KEPT:
            raise errors.unavailable(error) from error
        raise


async def reply(request: Awaitable[Answer], *, quiet: bool = False) -> Answer:
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
            write_down(error, outcome)
        # A 500 is remembered under its key like any other answer, so it is as definite as a 400.
        if outcome is Outcome.UNKNOWN or not isinstance(error, stripe.StripeError):
            raise errors.unavailable(error) from error
        raise errors.refusal(error) from error


def write_down(error: Exception, outcome: Outcome) -> None:
    """One line of the log: what Stripe said, and what that means."""
    facts = {"stripe_code": errors.code_of_error(error), **errors.details(error)}
    if isinstance(error, stripe.CardError):
        log.info("stripe_error", outcome=outcome.value, **facts)
    else:
        log.warning("stripe_error", outcome=outcome.value, **facts)


def on_page(
    row: PageRow, id: str, ours: dict[str, str], back: str, *, leave: str | None = None
) -> Json:
    """What every page of Checkout is asked with: `id` is the row's, `ours` the metadata.

    `back` is where its people come back to, and those who `leave` too where nothing else is said.
    """
    return {
        "client_reference_id": id,
        "locale": page_texts.nearest(row.language, otherwise="auto"),
        "metadata": ours,
        "expires_at": int(row.expires_at.timestamp()),
        "success_url": back,
        "cancel_url": leave or back,
    }


def key_of(row: PaymentRow | RefundRow | SubscriptionRow) -> Json:
    """The idempotency key of what a row asks for, `<row>:<attempt>`."""
    return {"idempotency_key": f"{row.id}:{row.attempt}"}


def new_key() -> Json:
    """An idempotency key for the tries of one request."""
    return {"idempotency_key": str(uuid4())}


def code_of(error: Json | None) -> str | None:
    """The most telling code of why a try failed: https://docs.stripe.com/declines/codes."""
    said = error or {}
    return said.get("decline_code") or said.get("code")


def our_id(source: Json, name: str) -> str | None:
    """What we call it, if its metadata has such an id in the form that we write."""
    try:
        return str(UUID((source.get("metadata") or {}).get(name, "")))
    except (ValueError, AttributeError, TypeError):
        return None


# In the metadata of all that we make at Stripe, where several installations may use one account.
INSTALLATION_METADATA = "pursebot_installation"


def marks_of(source: Json, **names: str) -> Json:
    """Whose an object is by its metadata: our `installation`, and our ids by the names given."""
    named = {"installation": INSTALLATION_METADATA, **names}
    return {key: our_id(source, name) for key, name in named.items()}

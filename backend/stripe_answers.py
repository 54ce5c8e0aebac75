"""Stripe's answers and errors in our words, and keys to ask under: where we meet Stripe."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID, uuid4

import aiohttp
import stripe

from backend import page_words
from backend.failures import StripeRefused, StripeUnavailable
from backend.schemas import Json

Answer = TypeVar("Answer", bound=stripe.StripeObject)

ALL_TRIES_SECONDS = 15  # the caller is a person who waits
KEY_IN_USE = 409
CLOCKS_APART_SECONDS = 600  # at most, of the database's and Stripe's
# The SDK lets what breaks while it reads an answer through as it is.
NO_ANSWER = (stripe.APIConnectionError, stripe.RateLimitError, aiohttp.ClientError, TimeoutError)
NO_WORD_ABOUT_THE_CARD = (
    stripe.APIError,
    stripe.IdempotencyError,
    stripe.AuthenticationError,
    stripe.PermissionError,
)


async def answer(request: Awaitable[stripe.StripeObject]) -> Json:
    """Stripe's answer as a dict; its errors as ours."""
    return (await reply(request)).to_dict()


async def listed(request: Awaitable[stripe.ListObject[Any]]) -> list[Json]:
    """All that Stripe lists, page after page; its errors as ours."""
    page = await reply(request)
    found = list(page.data)
    while page.has_more:
        page = await reply(page.next_page_async())
        found += page.data
    return [one.to_dict() for one in found]


async def made_for(
    row: Json, name: str, list_async: Callable[[Any], Awaitable[stripe.ListObject[Any]]]
) -> Json | None:
    """What Stripe made of a row for its customer, known by the metadata `name`; `list_async` lists.

    Lists show at once what was made; Stripe's search, which may not, is not asked:
    https://docs.stripe.com/search#data-freshness
    """
    earliest = int(datetime.fromisoformat(row["created_at"]).timestamp()) - CLOCKS_APART_SECONDS
    wanted = {"customer": row["stripe_customer_id"], "created": {"gte": earliest}, "limit": 100}
    for each in await listed(list_async(wanted)):
        if our_id(each, name) == row["id"]:
            return each
    return None


async def carried_out(request: Awaitable[stripe.StripeObject]) -> Json:
    """As `answer`, of what charges at once: what does not answer the question tells nothing.

    A 500, another request under the key, or a key of ours that Stripe does not take any more.
    """
    try:
        return await answer(request)
    except StripeRefused as refused:
        if isinstance(refused.__cause__, NO_WORD_ABOUT_THE_CARD):
            raise StripeUnavailable from refused.__cause__
        raise


async def reply(request: Awaitable[Answer]) -> Answer:
    """Stripe's answer with its headers; its errors as ours."""
    try:
        async with asyncio.timeout(ALL_TRIES_SECONDS):
            return await request
    except NO_ANSWER as error:
        raise StripeUnavailable from error
    except stripe.StripeError as error:
        if error.http_status == KEY_IN_USE:  # the first of two equal requests is still running
            raise StripeUnavailable from error
        # A 500 is remembered under its key like any other answer, so it is as definite as a 400.
        raise StripeRefused(stripe_code=error.code or type(error).__name__) from error


def on_page(row: Json, ours: dict[str, str], back: str, *, leave: str | None = None) -> Json:
    """What every page of Checkout is asked with: `ours` is the metadata, with the row's id in it.

    `back` is where its people come back to, and those who `leave` too where nothing else is said.
    """
    [id] = ours.values()
    return {
        "client_reference_id": id,
        "locale": page_words.nearest(row["language"], otherwise="auto"),
        "metadata": ours,
        "expires_at": int(datetime.fromisoformat(row["expires_at"]).timestamp()),
        "success_url": back,
        "cancel_url": leave or back,
    }


def key_of(row: Json) -> Json:
    """The idempotency key of what a row asks for, `<row>:<attempt>`."""
    return {"idempotency_key": f"{row['id']}:{row['attempt']}"}


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
    except ValueError:
        return None

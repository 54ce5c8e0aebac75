"""A repeat after Stripe has forgotten its idempotency key, or while it does not know ours."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import asyncpg

from backend.stripe import dead_letters, reconcile
from tests.backend.conftest import House
from tests.backend.payments.test_charges import A_MINUTE_LATER, balance, charge, saved
from tests.backend.payments.test_refunds import credited, refund

if TYPE_CHECKING:
    Connection = asyncpg.Connection[Any]
else:
    Connection = asyncpg.Connection

LOST = {"drop": True, "api_timeout": 3}  # no webhook, and no answer to any of the SDK's tries


@asynccontextmanager
async def with_a_key_of_yesterday(house: House) -> AsyncIterator[None]:
    """Stripe answers 401 to whatever it is asked."""
    await house.sandbox("POST", "/stripe/faults", key_rolled=True)
    yield
    await house.sandbox("POST", "/stripe/faults", key_rolled=False)


async def a_day_later(house: House, owner: Connection) -> None:
    """https://docs.stripe.com/api/idempotent_requests: keys live for 24 hours."""
    later = "set created_at = created_at - interval '25 hours'"
    await owner.execute(
        f"update refunds {later}, requested_at = requested_at - interval '25 hours'"
    )
    await owner.execute(f"update payments {later}, expires_at = expires_at - interval '25 hours'")
    await house.sandbox("POST", "/stripe/idempotency_keys/forget")


def made(house: House, kind: str) -> int:
    """How many Stripe made."""
    return len(list(house.store.list(kind)))


async def test_a_refund_that_was_made_is_found_and_not_made_again(
    house: House, owner: Connection
) -> None:
    payment = await credited(house)
    await house.sandbox("POST", "/stripe/faults", **LOST)
    assert (await refund(house, payment, amount="20"))["http"] == 503
    await a_day_later(house, owner)
    assert (await refund(house, payment, amount="20"))["status"] == "succeeded"
    assert made(house, "refund") == 1


async def test_a_charge_that_was_made_is_found_and_not_made_again(
    house: House, owner: Connection
) -> None:
    await saved(house)
    await house.sandbox("POST", "/stripe/faults", **LOST)
    assert (await charge(house, reference="order 17"))["http"] == 503
    await a_day_later(house, owner)
    async with with_a_key_of_yesterday(house):
        assert (await charge(house, reference="order 17"))["http"] == 503
        await reconcile.once(house.shop)  # gives nothing up while nothing can be read
    again = await charge(house, key="another", reference="order 17")
    assert (again["http"], again["error"]["code"]) == (409, "reference_used")
    await reconcile.once(house.shop)
    assert await balance(owner) == 5000
    assert made(house, "payment_intent") == 1
    again = await charge(house, key="another", reference="order 17")
    assert (again["http"], again["error"]["code"]) == (409, "reference_used")


async def test_a_key_that_stripe_takes_no_more_says_nothing_about_a_charge(
    house: House, owner: Connection
) -> None:
    await saved(house)
    await house.sandbox("POST", "/stripe/faults", **LOST)
    assert (await charge(house, reference="order 17"))["http"] == 503
    async with with_a_key_of_yesterday(house):
        assert (await charge(house, reference="order 17"))["http"] == 503
    await owner.execute(A_MINUTE_LATER)
    await reconcile.once(house.shop)
    assert (await balance(owner), made(house, "payment_intent")) == (5000, 1)


async def test_a_parked_answer_about_a_charge_can_be_retried(
    house: House, owner: Connection
) -> None:
    await saved(house)
    await house.sandbox("POST", "/stripe/faults", drop=True)
    event_id = f"check:{(await charge(house))['id']}:paid"
    await owner.execute("update stripe_events set state = 'parked' where id = $1", event_id)
    assert (await dead_letters.retry(house.shop, event_id)).state == "done"
    assert await balance(owner) == 5000

"""A repeat after Stripe has forgotten its idempotency key, or while it does not know ours."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import asyncpg

from backend.stripe import dead_letter_actions, reconcile
from tests.backend.conftest import System
from tests.backend.payments.test_charges import A_MINUTE_LATER, balance, charge, saved
from tests.backend.payments.test_refunds import credited, refund

if TYPE_CHECKING:
    Connection = asyncpg.Connection[Any]
else:
    Connection = asyncpg.Connection

LOST = {"drop": True, "api_timeout": 3}  # no webhook, and no answer to any of the SDK's tries


@asynccontextmanager
async def with_a_key_of_yesterday(system: System) -> AsyncIterator[None]:
    """Stripe answers 401 to whatever it is asked."""
    await system.sandbox("POST", "/stripe/faults", key_rolled=True)
    yield
    await system.sandbox("POST", "/stripe/faults", key_rolled=False)


async def a_day_later(system: System, owner: Connection) -> None:
    """https://docs.stripe.com/api/idempotent_requests: keys live for 24 hours."""
    later = "set created_at = created_at - interval '25 hours'"
    await owner.execute(
        f"update refunds {later}, requested_at = requested_at - interval '25 hours'"
    )
    await owner.execute(f"update payments {later}, expires_at = expires_at - interval '25 hours'")
    await system.sandbox("POST", "/stripe/idempotency_keys/forget")


def made(system: System, kind: str) -> int:
    """How many Stripe made."""
    return len(list(system.store.list(kind)))


async def test_a_refund_that_was_made_is_found_and_not_made_again(
    system: System, owner: Connection
) -> None:
    payment = await credited(system)
    await system.sandbox("POST", "/stripe/faults", **LOST)
    assert (await refund(system, payment, amount="20"))["http"] == 503
    await a_day_later(system, owner)
    assert (await refund(system, payment, amount="20"))["status"] == "succeeded"
    assert made(system, "refund") == 1


async def test_a_charge_that_was_made_is_found_and_not_made_again(
    system: System, owner: Connection
) -> None:
    await saved(system)
    await system.sandbox("POST", "/stripe/faults", **LOST)
    assert (await charge(system, reference="order 17"))["http"] == 503
    await a_day_later(system, owner)
    async with with_a_key_of_yesterday(system):
        assert (await charge(system, reference="order 17"))["http"] == 503
        await reconcile.reconcile_all(system.services)  # gives nothing up while nothing can be read
    again = await charge(system, key="another", reference="order 17")
    assert (again["http"], again["error"]["code"]) == (409, "reference_used")
    await reconcile.reconcile_all(system.services)
    assert await balance(owner) == 5000
    assert made(system, "payment_intent") == 1
    again = await charge(system, key="another", reference="order 17")
    assert (again["http"], again["error"]["code"]) == (409, "reference_used")


async def test_a_key_that_stripe_takes_no_more_says_nothing_about_a_charge(
    system: System, owner: Connection
) -> None:
    await saved(system)
    await system.sandbox("POST", "/stripe/faults", **LOST)
    assert (await charge(system, reference="order 17"))["http"] == 503
    async with with_a_key_of_yesterday(system):
        assert (await charge(system, reference="order 17"))["http"] == 503
    await owner.execute(A_MINUTE_LATER)
    await reconcile.reconcile_all(system.services)
    assert (await balance(owner), made(system, "payment_intent")) == (5000, 1)


async def test_a_dead_letter_about_a_charge_can_be_retried(
    system: System, owner: Connection
) -> None:
    await saved(system)
    await system.sandbox("POST", "/stripe/faults", drop=True)
    event_id = f"check:{(await charge(system))['id']}:paid"
    await owner.execute("update stripe_events set state = 'dead_letter' where id = $1", event_id)
    assert (await dead_letter_actions.retry_dead_letter(system.services, event_id)).state == "done"
    assert await balance(owner) == 5000

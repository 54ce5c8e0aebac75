"""Refunds and recurring top-ups that somebody asked for who may not ask for them any more."""

import asyncio
from typing import TYPE_CHECKING, Any
from uuid import UUID

import asyncpg
import pytest

from tests.backend.conftest import ANA, BEN, System
from tests.backend.payments.test_charges import Json, balance, post, saved
from tests.backend.payments.test_refunds import credited, refund
from tests.backend.subscriptions.test_subscriptions import begun
from tests.cases.test_removed_requesters import (
    CALM,
    LOST,
    REFUSES,
    WAYS,
    becomes_admin,
    loses,
    minutes_later,
    page,
    posts,
    request_api,
)

if TYPE_CHECKING:
    Connection = asyncpg.Connection[Any]
else:
    Connection = asyncpg.Connection

WEBHOOK_PATH = "payments/subscriptions"


async def create_unsent(system: System, owner: Connection, faults: Json) -> UUID:
    """A payment of 50, of which Ben wants 20 to go back, and nobody hears what came of it."""
    payment = await credited(system)
    await becomes_admin(owner)
    await system.sandbox("POST", "/stripe/faults", **faults)
    answer = await post(system, f"payments/{payment}/refund", "r", BEN, amount="20")
    assert answer["http"] == 503
    await system.sandbox("POST", "/stripe/faults", **CALM)
    return UUID(str(payment))


@pytest.mark.parametrize("way", WAYS)
async def test_a_refund_that_stripe_did_not_take_is_made_for_nobody_without_the_role(
    system: System, owner: Connection, way: str
) -> None:
    payment = await create_unsent(system, owner, REFUSES)
    await loses(system, owner, way)
    before = await posts(system)
    await page(system, f"/pay/{payment}/return")
    await minutes_later(system, owner)
    assert (await posts(system), await balance(owner)) == (before, 5000)
    [ended] = (await system.see(payment)).refunds
    assert (ended.status, ended.failure) == ("failed", "requester_lost_role")
    # What it held is free for who may ask.
    assert (await refund(system, payment, key="ana", amount="50"))["status"] == "succeeded"


async def test_a_refund_that_stripe_made_is_recorded(system: System, owner: Connection) -> None:
    payment = await create_unsent(system, owner, LOST)
    await loses(system, owner, "removed")
    before = await posts(system)
    await minutes_later(system, owner)
    assert (await posts(system), await balance(owner)) == (before, 3000)
    [made] = (await system.see(payment)).refunds
    assert made.status == "succeeded"


async def test_a_refund_made_over_rest_is_not_carried_out_for_who_lost_the_role(
    system: System, owner: Connection
) -> None:
    payment = await credited(system)
    await becomes_admin(owner)
    which = {"payment_id": payment, "idempotency_key": "rest"}
    await system.services.database.call("create_refund", system.world.ben, **which)
    await loses(system, owner, "demoted")
    before = await posts(system)
    await minutes_later(system, owner)
    assert (await posts(system), await balance(owner)) == (before, 5000)


async def begins(system: System, owner: Connection, faults: Json) -> str:
    """Ben begins a recurring top-up with a saved card, and nobody hears what came of it."""
    card = await saved(system)
    await becomes_admin(owner)
    await system.sandbox("POST", "/stripe/faults", **faults)
    order = {"organization_id": str(system.world.acme), "amount": "50", "interval": "month"}
    answer = await post(
        system, WEBHOOK_PATH, "sub", BEN, **order, payment_method_id=card, currency="eur"
    )
    assert answer["http"] == 503, answer
    await system.sandbox("POST", "/stripe/faults", **CALM)
    return str(await owner.fetchval("select id from subscriptions"))


@pytest.mark.parametrize("way", WAYS)
async def test_a_recurring_top_up_that_stripe_did_not_take_begins_for_nobody_without_the_role(
    system: System, owner: Connection, way: str
) -> None:
    made = await begins(system, owner, REFUSES)
    await loses(system, owner, way)
    before = await posts(system)
    await page(system, f"/recurring/{made}/return")
    await minutes_later(system, owner)
    assert await posts(system) == before
    assert await owner.fetchval("select status from subscriptions") == "canceled"


async def test_a_recurring_top_up_that_stripe_began_is_recorded(
    system: System, owner: Connection
) -> None:
    card = await saved(system)
    await becomes_admin(owner)
    await system.sandbox("POST", "/stripe/faults", drop=True, api_slow=1)
    order = {"organization_id": str(system.world.acme), "amount": "50", "interval": "month"}
    beginning = asyncio.create_task(
        post(system, WEBHOOK_PATH, "sub", BEN, **order, payment_method_id=card, currency="eur")
    )
    async with asyncio.timeout(20):
        while "/v1/products" not in await posts(system):
            await asyncio.sleep(0.05)
    # The product's answer comes, those of the subscription's tries do not.
    await system.sandbox("POST", "/stripe/faults", api_slow=0, **LOST)
    assert (await beginning)["http"] == 503
    await system.sandbox("POST", "/stripe/faults", **CALM)
    assert len(list(system.store.list("subscription"))) == 1
    await loses(system, owner, "removed")
    before = await posts(system)
    await minutes_later(system, owner)
    assert (await posts(system), await balance(owner)) == (before, 5000)
    assert await owner.fetchval("select status from subscriptions") == "active"


async def test_one_that_nobody_heard_to_have_begun_is_over_after_ten_minutes(
    system: System, owner: Connection
) -> None:
    await begins(system, owner, REFUSES)
    before = await posts(system)
    await minutes_later(system, owner, 5)
    assert await owner.fetchval("select status from subscriptions") == "incomplete"
    await minutes_later(system, owner, 6)
    assert await owner.fetchval("select status from subscriptions") == "canceled"
    assert await posts(system) == before


async def test_an_end_that_a_removed_admin_asked_for_is_not_asked_of_stripe(
    system: System, owner: Connection
) -> None:
    made = await begun(system)
    await becomes_admin(owner)
    which = {"subscription_id": made.id, "changes": {"canceled": True}}
    await system.services.database.call("request_subscription_change", system.world.ben, **which)
    await loses(system, owner, "removed")
    before = await posts(system)
    await minutes_later(system, owner, 6)
    assert await posts(system) == before
    assert await owner.fetchval("select status from subscriptions") == "active"
    assert await request_api(system, "DELETE", f"{WEBHOOK_PATH}/{made.id}", ANA) == 200
    assert await owner.fetchval("select status from subscriptions") == "canceled"

"""Stripe refuses just what we ask it back: nothing is taken for done, and nothing is lost."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

import asyncpg
import pytest

from backend.database.protocol import SERVICE
from backend.failures import StripeRefused
from backend.stripe import dead_letter_actions, reconcile
from sandbox.stripe.objects import new
from tests.backend.conftest import System
from tests.backend.payments.test_old_keys import a_day_later, made, with_a_key_of_yesterday
from tests.backend.payments.test_refunds import credited, refund
from tests.backend.subscriptions.test_subscriptions import advance, begun, has_balance

if TYPE_CHECKING:
    Connection = asyncpg.Connection[Any]
else:
    Connection = asyncpg.Connection


async def soon(holds: Callable[[], Awaitable[Any]]) -> None:
    async with asyncio.timeout(60):
        while not await holds():
            await asyncio.sleep(0.05)


async def dead_letter_state(system: System) -> list[str]:
    """Ids of the events about a paid invoice that somebody should look at."""
    listed = await dead_letter_actions.list_dead_letters(system.services, everything=False)
    return [event.id for event in listed if event.type == "invoice.paid"]


async def test_a_paid_invoice_that_stripe_does_not_show_is_a_dead_letter_until_it_does(
    system: System,
) -> None:
    await begun(system)
    async with with_a_key_of_yesterday(system):
        await advance(system, days=32)
        await soon(lambda: dead_letter_state(system))
        [event_id] = await dead_letter_state(system)
        with pytest.raises(StripeRefused):
            await dead_letter_actions.retry_dead_letter(system.services, event_id)
    await dead_letter_actions.retry_dead_letter(system.services, event_id)
    assert await has_balance(system, 10_000)
    assert await dead_letter_state(system) == []


async def test_what_could_not_be_applied_is_asked_for_again(
    system: System, owner: Connection
) -> None:
    await begun(system)
    await owner.execute("alter table payments add constraint x check (flow <> 'invoice') not valid")
    await advance(system, days=32)
    await soon(lambda: owner.fetch("select from stripe_events where state = 'failed'"))
    await owner.execute("alter table payments drop constraint x")
    await soon(lambda: has_balance(system, 10_000))  # by Stripe's own repeat


async def test_an_odd_event_hides_no_other(system: System) -> None:
    await system.sandbox("POST", "/stripe/faults", drop=True)
    payment = await system.topup()
    await system.pay(payment)
    odd = new("event", type="customer.updated", livemode="perhaps", data={"object": {}})
    system.store.put("event", odd["id"], odd)
    assert (await reconcile.reconcile_all(system.services))["events"] == 4
    assert (await system.see(payment)).status == "succeeded"


async def test_a_refund_is_not_called_refused_where_nobody_looked(system: System) -> None:
    payment = await credited(system)
    async with with_a_key_of_yesterday(system):
        assert (await refund(system, payment, amount="20"))["error"]["code"] == "stripe_unavailable"
    assert (await refund(system, payment, amount="20"))["status"] == "succeeded"


async def test_a_refused_refund_can_be_tried_again_the_next_day(
    system: System, owner: Connection
) -> None:
    payment = await credited(system)
    call, ana = system.services.database.call, system.world.ana
    order = {"payment_id": payment, "amount": 2000, "idempotency_key": "r"}
    first = await call("create_refund", ana, **order)
    await call("refuse_refund", SERVICE, refund_id=first["id"], attempt=1, failure="api_error")
    await a_day_later(system, owner)
    assert (await refund(system, payment, amount="20"))["status"] == "succeeded"
    assert made(system, "refund") == 1

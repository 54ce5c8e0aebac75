"""Stripe promises no order of its events: what a try ended with may come before that it began."""

import asyncio
from uuid import UUID

import pytest

from backend.payments import settlement
from tests.backend.conftest import System
from tests.backend.payments.test_intents import confirm, intent
from tests.cases.stripe_objects import Connection, Json, balance, intent_of, post


@pytest.mark.parametrize("tried_again", [False, True])
async def test_a_debit_whose_end_is_told_before_its_beginning_is_not_taken_for_running(
    system: System, tried_again: bool
) -> None:
    await system.sandbox("POST", "/stripe/faults", drop=True, delay=0.1)
    made = await intent(system)
    payment = UUID(made["payment_id"])
    await confirm(system, made, "delayed_failure")
    async with asyncio.timeout(60):
        while "payment_intent.payment_failed" not in (events := events_by_type(system)):
            await asyncio.sleep(0.01)
    for late in ("payment_intent.payment_failed", "payment_intent.processing"):
        if tried_again and late == "payment_intent.processing":
            await system.sandbox("POST", "/stripe/faults", drop=True, delay=60)
            await confirm(system, made, "delayed_success")
        status, _ = await post(system, late, events[late])
        assert status == 200
    seen = await system.see(payment)
    assert seen.status == ("processing" if tried_again else "pending")
    assert seen.last_decline is not None


async def has_status(system: System, made: Json, status: str) -> None:
    """Wait until the payment of an intent has a status."""
    await system.until(UUID(made["payment_id"]), lambda seen: seen.status == status)


async def settle(system: System, made: Json) -> None:
    """Let the bank answer, whose debit is on its way."""
    await system.sandbox("POST", f"/stripe/sessions/{made['payment_intent_id']}/settle")


async def test_a_failed_payment_that_is_tried_again_is_processing_until_the_bank_answers(
    system: System, owner: Connection
) -> None:
    await system.sandbox("POST", "/stripe/faults", delay=60)
    made = await intent(system)
    for card, ending in [("delayed_failure", "failed")] * 2 + [("delayed_success", "succeeded")]:
        await confirm(system, made, card)
        await has_status(system, made, "processing")
        await settle(system, made)
        await has_status(system, made, ending)
    assert await balance(owner) == 5000


async def test_so_it_is_where_webhooks_are_off_and_as_often_as_it_fails(
    system: System, owner: Connection
) -> None:
    await system.sandbox("POST", "/stripe/faults", drop=True, delay=60)
    made = await intent(system)
    payment = UUID(made["payment_id"])
    for card, ending in [("delayed_failure", "failed")] * 2 + [("delayed_success", "succeeded")]:
        await confirm(system, made, card)
        for expected in ("processing", ending):
            await owner.execute("update payments set checked_at = null")
            await settlement.refetch_if_due(system.services, payment)
            assert (await system.see(payment)).status == expected
            if expected == "processing":
                await settle(system, made)
    assert await balance(owner) == 5000


async def test_what_comes_late_of_the_first_try_changes_nothing_of_the_second(
    system: System,
) -> None:
    await system.sandbox("POST", "/stripe/faults", delay=60)
    made = await intent(system)
    payment = UUID(made["payment_id"])
    await confirm(system, made, "delayed_failure")
    await has_status(system, made, "processing")
    await settle(system, made)
    await has_status(system, made, "failed")
    first = events_by_type(system)
    assert await post_again(system, first, "payment_intent.processing") == 200
    assert (await system.see(payment)).status == "failed"
    await confirm(system, made, "delayed_success")
    await has_status(system, made, "processing")
    assert await post_again(system, first, "payment_intent.payment_failed") == 200
    assert (await system.see(payment)).status == "processing"


async def test_a_page_whose_intent_is_tried_again_is_the_same(system: System) -> None:
    """As somebody does in Stripe's dashboard, once the page is complete."""
    await system.sandbox("POST", "/stripe/faults", delay=60)
    payment = await system.topup()
    await system.pay(payment, "delayed_failure")
    await system.until(payment, lambda seen: seen.status == "processing")
    session = await system.session(payment)
    await system.sandbox("POST", f"/stripe/sessions/{session}/settle")
    await system.until(payment, lambda seen: seen.status == "failed")
    first = events_by_type(system)
    running = system.store.get("payment_intent", intent_of(system, payment)) or {}
    running |= {"status": "processing"}
    system.store.put("payment_intent", running["id"], running)
    assert await post(system, "payment_intent.processing", running) == (200, "done")
    assert (await system.see(payment)).status == "processing"
    late = "checkout.session.async_payment_failed"
    assert await post_again(system, first, late) == 200
    assert (await system.see(payment)).status == "processing"


async def post_again(system: System, events: Json, type: str) -> int:
    """Deliver an event about an object as it was; return the status."""
    status, _ = await post(system, type, events[type])
    return status


def events_by_type(system: System) -> dict[str, Json]:
    """The objects of the events that Stripe made, the newest of each type."""
    return {event["type"]: event["data"]["object"] for _, event in system.store.list("event")}

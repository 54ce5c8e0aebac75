"""Stripe promises no order of its events: what a try ended with may come before that it began."""

import asyncio
from uuid import UUID

import pytest

from tests.backend.conftest import System
from tests.backend.payments.test_intents import confirm, intent
from tests.cases.stripe_objects import Json, post


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


def events_by_type(system: System) -> dict[str, Json]:
    """The objects of the events that Stripe made, the newest of each type."""
    return {event["type"]: event["data"]["object"] for _, event in system.store.list("event")}

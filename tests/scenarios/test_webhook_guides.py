"""What the usual guides tell people to do with Stripe's webhooks."""

import time
from typing import Any

import asyncpg

from tests.backend.conftest import System
from tests.backend.stripe.test_webhooks import body, signed

TWO_EVENTS = ["payment_intent.succeeded", "payment_intent.payment_failed"]


async def test_an_endpoint_with_the_two_events_of_most_guides_credits_a_topup_once(
    system: System,
) -> None:
    await system.sandbox("POST", "/stripe/faults", only=TWO_EVENTS)
    payment = await system.topup("100.00")
    await system.pay(payment, "4000000000000002")
    declined = await system.until(payment, lambda seen: seen.last_decline is not None)
    assert declined.status == "pending"
    await system.pay(payment)
    paid = await system.until(payment, lambda seen: seen.status == "succeeded")
    assert paid.balance is not None
    assert paid.balance.amount == "100.00"


async def test_stripe_trigger_is_not_ours_so_it_is_ignored_and_answered_200(
    system: System, owner: "asyncpg.Connection[Any]"
) -> None:
    """The CLI pays 20 dollars of its own; no payment of ours is about them."""
    intent = {
        "id": "pi_triggered", "object": "payment_intent", "status": "succeeded", "amount": 2000,
        "amount_received": 2000, "currency": "usd", "metadata": {}, "livemode": False,
        "description": "(created by Stripe CLI)", "created": int(time.time()),
    }  # fmt: skip
    raw = body(data={"object": intent})
    for _ in range(2):
        assert await system.post_event(raw, signed(raw)) == (200, {"state": "ignored"})
    assert await owner.fetchval("select count(*) from payments") == 0
    assert await owner.fetchval("select count(*) from entries") == 0
    assert await owner.fetchval("select state from stripe_events where id = 'evt_1'") == "ignored"


async def test_the_other_events_of_a_triggered_payment_are_ignored_too(system: System) -> None:
    charge = {
        "id": "ch_triggered", "object": "charge", "amount": 2000, "amount_refunded": 0,
        "currency": "usd", "metadata": {}, "livemode": False, "payment_intent": "pi_triggered",
    }  # fmt: skip
    for number, kind in enumerate(("payment_intent.created", "charge.succeeded", "charge.updated")):
        raw = body(id=f"evt_{number}", type=kind)
        if kind.startswith("charge."):
            raw = body(id=f"evt_{number}", type=kind, data={"object": charge})
        assert await system.post_event(raw, signed(raw)) == (200, {"state": "ignored"})

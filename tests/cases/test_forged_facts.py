"""Events that say more than arrived: what the intent received is credited, or a dead letter."""

import json
from typing import Any
from uuid import UUID

import pytest

from tests.backend.conftest import ANA, System
from tests.backend.stripe.test_webhooks import paid_at_stripe
from tests.cases.stripe_objects import Connection, Json, balance, deliver, intent_of, post

COMPLETED = "checkout.session.completed"


@pytest.fixture
async def payment(system: System) -> UUID:
    await system.sandbox("POST", "/stripe/faults", drop=True)
    return await system.topup()


def session(payment: UUID, system: System, **changed: Any) -> Json:
    """A session that looks paid, with our metadata."""
    installation = system.services.stripe.installation_id
    return {
        "id": "cs_foreign", "livemode": False,
        "object": "checkout.session", "mode": "payment", "status": "complete",
        "payment_status": "paid", "amount_subtotal": 5000, "amount_total": 5000, "currency": "eur",
        "payment_intent": "pi_foreign", "customer": None, "total_details": {},
        "metadata": {"pursebot_payment_id": str(payment), "pursebot_installation": installation},
        **changed,
    }  # fmt: skip


@pytest.mark.parametrize("total", [50, 100, 5000])
async def test_a_session_of_a_foreign_id_credits_nothing_by_its_word(
    system: System, owner: Connection, payment: UUID, total: int
) -> None:
    assert await post(system, COMPLETED, session(payment, system, amount_total=total)) == (
        200, "dead_letter",
    )  # fmt: skip
    assert await balance(owner) == 0


async def test_a_session_without_an_intent_credits_nothing(
    system: System, owner: Connection, payment: UUID
) -> None:
    own = await system.session(payment)
    free = session(payment, system, id=own, amount_total=0, payment_intent=None)
    assert await post(system, COMPLETED, free) == (200, "ignored")  # at Stripe it is open still
    stored = system.store.get("checkout.session", own) or {}
    stored |= {"status": "complete", "payment_status": "no_payment_required", "amount_total": 0}
    system.store.put("checkout.session", own, stored)
    assert await post(system, COMPLETED, {**free, "payment_status": "no_payment_required"}) == (
        200, "dead_letter",
    )  # fmt: skip
    assert await balance(owner) == 0
    assert (await system.see(payment)).under_review == "nothing_received"


async def test_our_own_session_with_a_discount_credits_no_more_than_arrived(
    system: System, owner: Connection, payment: UUID
) -> None:
    await system.sandbox("POST", "/stripe/faults", drop=True, discount_percent=98)
    await system.pay(payment)
    [stripe_event] = [e for _, e in system.store.list("event") if e["type"] == COMPLETED]
    assert await deliver(system, stripe_event) == (200, "dead_letter")
    await system.client.check_payment(ANA, payment)
    assert await balance(owner) == 0
    seen = await system.see(payment)
    assert (seen.status, seen.under_review) == ("pending", "amount_differs")


async def test_an_intent_that_received_less_than_its_amount_is_a_dead_letter_of_that(
    system: System, owner: Connection, payment: UUID
) -> None:
    stripe_event = json.loads(await paid_at_stripe(system, payment))
    intent = system.store.get("payment_intent", intent_of(system, payment)) or {}
    intent["amount_received"] = stripe_event["data"]["object"]["amount_received"] = 1
    system.store.put("payment_intent", intent["id"], intent)
    assert await deliver(system, stripe_event) == (200, "dead_letter")
    assert await balance(owner) == 0
    assert await owner.fetchval("select fact ->> 'received_minor' from stripe_events") == "1"


@pytest.mark.parametrize(
    "changed",
    [
        {"customer": "cus_somebody"},
        {"presentment_details": {"presentment_amount": 5900, "presentment_currency": "usd"}},
        {"amount_subtotal": 4000},
        {"total_details": {"amount_tax": 1, "amount_discount": 1}},
    ],
)
async def test_whatever_does_not_agree_is_asked_about_and_then_credited(
    system: System, owner: Connection, payment: UUID, changed: Json
) -> None:
    await system.pay(payment)
    [stripe_event] = [e for _, e in system.store.list("event") if e["type"] == COMPLETED]
    stripe_event["data"]["object"] |= changed
    before = len((await system.sandbox("GET", "/recorded?limit=1000"))["calls"])
    assert await deliver(system, stripe_event) == (200, "done")
    calls = (await system.sandbox("GET", "/recorded?limit=1000"))["calls"]
    assert len(calls) > before
    assert await balance(owner) == 5000


async def test_where_all_agrees_the_event_alone_credits(
    system: System, owner: Connection, payment: UUID
) -> None:
    await system.pay(payment)
    [stripe_event] = [e for _, e in system.store.list("event") if e["type"] == COMPLETED]
    await system.sandbox("POST", "/stripe/faults", drop=True)
    before = len((await system.sandbox("GET", "/recorded?limit=1000"))["calls"])
    assert await deliver(system, stripe_event) == (200, "done")
    calls = (await system.sandbox("GET", "/recorded?limit=1000"))["calls"]
    stripe_calls = [c for c in calls[before:] if c["path"].startswith("/v1/")]
    assert stripe_calls == []
    assert await balance(owner) == 5000

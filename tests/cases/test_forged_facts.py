"""Events that say more than arrived: what the intent received is credited, or a dead letter."""

import json
from typing import Any
from uuid import UUID

import pytest

from tests.backend.conftest import ANA, House
from tests.backend.stripe.test_webhooks import paid_at_stripe
from tests.cases.stripe_words import Connection, Json, balance, deliver, intent_of, post

COMPLETED = "checkout.session.completed"


@pytest.fixture
async def payment(house: House) -> UUID:
    await house.sandbox("POST", "/stripe/faults", drop=True)
    return await house.topup()


def session(payment: UUID, house: House, **changed: Any) -> Json:
    """A session that looks paid, with our metadata."""
    installation = house.shop.stripe.installation_id
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
    house: House, owner: Connection, payment: UUID, total: int
) -> None:
    assert await post(house, COMPLETED, session(payment, house, amount_total=total)) == (
        200, "parked",
    )  # fmt: skip
    assert await balance(owner) == 0


async def test_a_session_without_an_intent_credits_nothing(
    house: House, owner: Connection, payment: UUID
) -> None:
    own = await house.session(payment)
    free = session(payment, house, id=own, amount_total=0, payment_intent=None)
    assert await post(house, COMPLETED, free) == (200, "ignored")  # at Stripe it is open still
    stored = house.store.get("checkout.session", own) or {}
    stored |= {"status": "complete", "payment_status": "no_payment_required", "amount_total": 0}
    house.store.put("checkout.session", own, stored)
    assert await post(house, COMPLETED, {**free, "payment_status": "no_payment_required"}) == (
        200, "parked",
    )  # fmt: skip
    assert await balance(owner) == 0
    assert (await house.see(payment)).under_review == "nothing_received"


async def test_our_own_session_with_a_discount_credits_no_more_than_arrived(
    house: House, owner: Connection, payment: UUID
) -> None:
    await house.sandbox("POST", "/stripe/faults", drop=True, discount_percent=98)
    await house.pay(payment)
    [told] = [e for _, e in house.store.list("event") if e["type"] == COMPLETED]
    assert await deliver(house, told) == (200, "parked")
    await house.client.check_payment(ANA, payment)
    assert await balance(owner) == 0
    seen = await house.see(payment)
    assert (seen.status, seen.under_review) == ("pending", "amount_differs")


async def test_an_intent_that_received_less_than_its_amount_is_a_dead_letter_of_that(
    house: House, owner: Connection, payment: UUID
) -> None:
    told = json.loads(await paid_at_stripe(house, payment))
    intent = house.store.get("payment_intent", intent_of(house, payment)) or {}
    intent["amount_received"] = told["data"]["object"]["amount_received"] = 1
    house.store.put("payment_intent", intent["id"], intent)
    assert await deliver(house, told) == (200, "parked")
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
    house: House, owner: Connection, payment: UUID, changed: Json
) -> None:
    await house.pay(payment)
    [told] = [e for _, e in house.store.list("event") if e["type"] == COMPLETED]
    told["data"]["object"] |= changed
    before = len((await house.sandbox("GET", "/recorded?limit=1000"))["calls"])
    assert await deliver(house, told) == (200, "done")
    calls = (await house.sandbox("GET", "/recorded?limit=1000"))["calls"]
    assert len(calls) > before
    assert await balance(owner) == 5000


async def test_where_all_agrees_the_event_alone_credits(
    house: House, owner: Connection, payment: UUID
) -> None:
    await house.pay(payment)
    [told] = [e for _, e in house.store.list("event") if e["type"] == COMPLETED]
    await house.sandbox("POST", "/stripe/faults", drop=True)
    before = len((await house.sandbox("GET", "/recorded?limit=1000"))["calls"])
    assert await deliver(house, told) == (200, "done")
    calls = (await house.sandbox("GET", "/recorded?limit=1000"))["calls"]
    asked = [c for c in calls[before:] if c["path"].startswith("/v1/")]
    assert asked == []
    assert await balance(owner) == 5000

"""What happens to a session when somebody pays, or does not."""

import asyncio
import sqlite3
from pathlib import Path
from typing import Any

import pytest
import stripe

from tests.sandbox.stripe.playground import (
    IS_DECLINED,
    NEEDS_3D_SECURE,
    SUCCEEDS,
    Playground,
    local_stripe,
)


async def intent_of(play: Playground, session: str) -> stripe.PaymentIntent:
    collected = await play.sdk.v1.checkout.sessions.retrieve_async(
        session, {"expand": ["payment_intent"]}
    )
    assert isinstance(collected.payment_intent, stripe.PaymentIntent)
    return collected.payment_intent


async def test_a_paid_session_is_complete_and_carries_our_metadata(play: Playground) -> None:
    session = await play.session()
    outcome = await play.pay(session.id, SUCCEEDS)
    assert outcome == {
        "status": "complete",
        "payment_status": "paid",
        "redirect_url": f"https://example.com/back?session={session.id}",
    }
    intent = await intent_of(play, session.id)
    assert (intent.status, intent.amount_received, intent.currency) == ("succeeded", 5000, "eur")
    assert intent.metadata.to_dict() == {"payment_id": "payment-1"}
    assert intent.description == "Top-up"
    assert sorted(await play.backend.got(4)) == [
        "charge.succeeded",
        "checkout.session.completed",
        "payment_intent.created",
        "payment_intent.succeeded",
    ]
    for event in play.backend.events:
        assert event["livemode"] is False
        assert event["api_version"] == stripe.api_version


async def test_a_decline_leaves_the_page_open_and_the_next_try_uses_the_same_intent(
    play: Playground,
) -> None:
    session = await play.session()
    declined = await play.pay(session.id, IS_DECLINED)
    assert (declined["status"], declined["decline_code"]) == ("open", "generic_decline")
    assert declined["redirect_url"] is None
    before = await intent_of(play, session.id)
    assert before.last_payment_error is not None
    assert before.last_payment_error.code == "card_declined"
    assert "payment_intent.payment_failed" in await play.backend.got(3)
    poor = await play.pay(session.id, "4000000000009995")
    assert poor["decline_code"] == "insufficient_funds"
    assert (await play.pay(session.id))["payment_status"] == "paid"
    after = await intent_of(play, session.id)
    assert (after.id, after.last_payment_error) == (before.id, None)
    assert [charge["status"] for charge in play.stored("charge")] == [
        "failed",
        "failed",
        "succeeded",
    ]


async def test_3d_secure_asks_first(play: Playground) -> None:
    session = await play.session()
    assert (await play.pay(session.id, NEEDS_3D_SECURE))["next"] == "authenticate"
    assert (await intent_of(play, session.id)).status == "requires_action"
    failed = await play.pay(session.id, NEEDS_3D_SECURE, authenticate=False)
    assert failed["decline_code"] == "payment_intent_authentication_failure"
    assert "next" not in failed
    assert (await play.pay(session.id, NEEDS_3D_SECURE, authenticate=True))[
        "payment_status"
    ] == "paid"
    assert len(play.stored("payment_intent")) == 1


@pytest.mark.parametrize(
    ("card", "status", "ending"),
    [
        ("delayed_success", "paid", "checkout.session.async_payment_succeeded"),
        ("delayed_failure", "unpaid", "checkout.session.async_payment_failed"),
    ],
)
async def test_a_delayed_payment_settles_after_the_session_completed(
    play: Playground, card: str, status: str, ending: str
) -> None:
    await play.post("faults", delay=0.3)
    session = await play.session()
    outcome = await play.pay(session.id, card)
    assert (outcome["status"], outcome["payment_status"]) == ("complete", "unpaid")
    first = await play.backend.got(4)
    assert {"payment_intent.processing", "checkout.session.completed"} <= set(first)
    # By then the delay may be over; the event has the intent as it was.
    [event] = [each for each in play.backend.events if each["type"] == "payment_intent.processing"]
    assert event["data"]["object"]["status"] == "processing"
    assert ending in await play.backend.got(7)
    assert (await play.get(f"sessions/{session.id}"))["payment_status"] == status
    assert len(play.stored("charge")) == 1


async def test_a_delayed_payment_can_be_settled_at_once_and_only_once(play: Playground) -> None:
    await play.post("faults", delay=0.4)
    session = await play.session()
    await play.post(f"sessions/{session.id}/settle", status=409)
    await play.pay(session.id, "delayed_success")
    assert (await play.post(f"sessions/{session.id}/settle"))["payment_status"] == "paid"
    await play.post(f"sessions/{session.id}/settle", status=409)
    await asyncio.sleep(0.5)  # its time comes, and finds nothing to do
    assert len(await play.backend.got(7)) == 7


async def test_a_delayed_payment_settles_even_if_the_sandbox_restarts(tmp_path: Path) -> None:
    async with local_stripe(tmp_path) as play:
        await play.post("faults", delay=0.3)
        session = await play.session()
        await play.pay(session.id, "delayed_success")
    async with local_stripe(tmp_path) as play:
        assert "checkout.session.async_payment_succeeded" in await play.backend.got(3)
        assert (await play.get(f"sessions/{session.id}"))["payment_status"] == "paid"


async def test_any_other_number_is_refused_and_neither_kept_nor_repeated(
    play: Playground, tmp_path: Path
) -> None:
    session = await play.session()
    for number in ("5555 4444 3333 1111", "4111111111111111", "", 4111111111111111):
        async with play.http.post(
            f"{play.url}/stripe/sessions/{session.id}/pay", json={"card": number}
        ) as response:
            assert response.status == 400
            text = await response.text()
        assert not number or str(number) not in text
    dump = str(list(sqlite3.connect(tmp_path / "sandbox.sqlite").iterdump()))
    assert session.id in dump
    assert not any(number in dump for number in ("4111111111111111", "3333 1111"))
    assert (await play.get(f"sessions/{session.id}"))["status"] == "open"


async def test_what_is_over_cannot_be_paid(play: Playground) -> None:
    paid, expired = await play.session(), await play.session()
    await play.pay(paid.id)
    await play.post(f"sessions/{expired.id}/expire")
    for session in (paid, expired):
        assert (await play.pay(session.id, status=409))["error"]["code"] == "session_closed"
    await play.pay("cs_test_none", status=404)


async def test_of_two_people_who_press_at_once_one_pays(play: Playground) -> None:
    session = await play.session()
    addresses = [f"{play.url}/stripe/sessions/{session.id}/pay"] * 8
    answers = await asyncio.gather(
        *(play.http.post(address, json={"card": SUCCEEDS}) for address in addresses)
    )
    assert sorted(answer.status for answer in answers) == [200, *[409] * 7]
    assert len(play.stored("charge")) == 1


async def test_the_hour_of_a_session_passes_by_itself_even_across_a_restart(
    tmp_path: Path,
) -> None:
    async with local_stripe(tmp_path) as play:
        sessions = [(await play.session()).id for _ in range(3)]
        play.age(sessions[0], left=-1)
        play.age(sessions[1], left=0.2)
    async with local_stripe(tmp_path) as play:
        assert await play.backend.got(2) == ["checkout.session.expired"] * 2
        states = [(await play.get(f"sessions/{id}"))["status"] for id in sessions]
        assert states == ["expired", "expired", "open"]


async def test_what_was_paid_has_a_receipt_that_opens_and_what_was_not_has_none(
    play: Playground,
) -> None:
    session = await play.session()
    parameters: Any = {
        "amount": 5000,
        "currency": "eur",
        "automatic_payment_methods": {"enabled": True},
    }
    intent = await play.sdk.v1.payment_intents.create_async(parameters)
    await play.pay(session.id, IS_DECLINED)
    await play.pay(session.id)
    await play.post(f"payment_intents/{intent.id}/confirm", card=SUCCEEDS)
    receipts = [charge["receipt_url"] for charge in play.stored("charge")]
    assert receipts == [None, *(f"{play.url}/pay/{id}" for id in (session.id, intent.id))]
    for receipt in receipts[1:]:
        shown = await play.get(f"sessions/{receipt.rpartition('/')[2]}")
        assert (shown["payment_status"], shown["amount"]) == ("paid", "50.00")

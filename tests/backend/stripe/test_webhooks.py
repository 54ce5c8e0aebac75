"""Stripe's webhook: only what Stripe signed, only once, and never a 200 before the commit."""

import asyncio
import hashlib
import hmac
import json
import time
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from backend.failures import (
    DatabaseUnavailable,
)
from backend.stripe.events import EVENT_TYPES, parse_event, to_received_event
from backend.stripe.parsers.events import StripeEvent
from tests.backend.conftest import ANA, WEBHOOK_SECRETS, System
from tests.waiting import until_blocked

Json = dict[str, Any]


def signed(raw: bytes, secret: str = WEBHOOK_SECRETS[1], age: int = 0) -> str:
    """https://docs.stripe.com/webhooks#verify-manually."""
    moment = int(time.time()) - age
    digest = hmac.new(secret.encode(), f"{moment}.".encode() + raw, hashlib.sha256).hexdigest()
    return f"t={moment},v1={digest}"


def body(payment: UUID | str | None = None, **changed: Any) -> bytes:
    """An intent that was paid, as an event."""
    metadata = {"pursebot_payment_id": str(payment)} if payment else {}
    intent = {
        "id": "pi_1", "object": "payment_intent", "status": "succeeded", "amount": 5000,
        "amount_received": 5000, "currency": "eur", "metadata": metadata, "customer": None,
        "livemode": False,
    }  # fmt: skip
    event = {
        "id": "evt_1", "object": "event", "type": "payment_intent.succeeded", "livemode": False,
        "created": int(time.time()), "data": {"object": intent},
    }  # fmt: skip
    return json.dumps({**event, **changed}).encode()


async def paid_at_stripe(system: System, payment: UUID) -> bytes:
    """The payment is paid on its page; the event of its intent, which nobody has delivered."""
    await system.pay(payment)
    for _, event in system.store.list("event"):
        about = event["data"]["object"].get("metadata") or {}
        mine = about.get("pursebot_payment_id") == str(payment)
        if mine and event["type"] == "payment_intent.succeeded":
            return json.dumps(event).encode()
    raise AssertionError("nothing was paid")


@pytest.fixture
async def payment(system: System) -> UUID:
    await system.sandbox("POST", "/stripe/faults", drop=True)
    return await system.topup()


@pytest.mark.parametrize("secret", WEBHOOK_SECRETS)
async def test_each_of_several_secrets_is_accepted(
    system: System, payment: UUID, secret: str
) -> None:
    raw = await paid_at_stripe(system, payment)
    assert await system.post_event(raw, signed(raw, secret)) == (200, {"state": "done"})


async def test_bad_signatures_get_400_without_a_word_about_why(
    system: System, payment: UUID
) -> None:
    raw = body(payment)
    answers = [
        await system.post_event(raw, signature)
        for signature in (
            "", "t=1,v1=", "nonsense", signed(raw, "whsec_other"), signed(raw + b" "),
            signed(raw, age=301), signed(raw).replace("v1", "v0"), f"t={int(time.time())},v1=é",
        )
    ]  # fmt: skip
    assert {status for status, _ in answers} == {400}
    assert len({text["error"]["message"] for _, text in answers}) == 1
    assert (await system.see(payment)).status == "pending"


async def test_the_signature_is_over_the_raw_bytes(system: System, payment: UUID) -> None:
    spaced = json.dumps(json.loads(body(payment)), indent=4).encode()
    assert (await system.post_event(spaced, signed(spaced)))[0] == 200
    assert (await system.post_event(body(payment), signed(spaced)))[0] == 400


async def test_bytes_that_are_no_text_and_bodies_beyond_the_limit_are_refused(
    system: System,
) -> None:
    raw = b"\xff\xfe{}"
    assert (await system.post_event(raw, signed(raw)))[0] == 400
    huge = b" " * (600 * 1024)
    assert (await system.post_event(huge, signed(huge)))[0] == 413


@pytest.mark.parametrize("raw", [b"{}", b"[]", b"null", b'{"id": "evt_1"}', b"x"])
async def test_signed_nonsense_is_a_400(system: System, raw: bytes) -> None:
    status, body = await system.post_event(raw, signed(raw))
    assert (status, body["error"]["code"]) == (400, "invalid_request")


async def test_the_other_mode_is_refused_with_what_to_do(system: System, payment: UUID) -> None:
    raw = body(payment, livemode=True)
    status, answer_body = await system.post_event(raw, signed(raw))
    assert (status, answer_body["error"]["code"]) == (400, "wrong_stripe_mode")
    assert "another database" in answer_body["error"]["message"]


async def test_ours_but_unknown_waits_for_the_operator_and_is_not_sent_again(
    system: System,
) -> None:
    raw = body("00000000-0000-4000-8000-000000000000")
    for _ in range(2):
        assert await system.post_event(raw, signed(raw)) == (200, {"state": "dead_letter"})


async def test_what_cannot_be_applied_is_answered_500_until_it_is_a_dead_letter(
    system: System, owner: Any
) -> None:
    raw = body(data={"object": {"amount": "fifty"}})  # nobody knows what to ask Stripe about
    answers = [await system.post_event(raw, signed(raw)) for _ in range(5)]
    await owner.execute("update stripe_events set received_at = received_at - interval '1 hour'")
    answers += [await system.post_event(raw, signed(raw)) for _ in range(2)]
    assert [status for status, _ in answers] == [500] * 5 + [200] * 2
    assert answers[0][1]["error"]["code"] == "event_not_applied"
    assert await owner.fetchval("select reason from stripe_events") == "PB802 unreadable_event"


@pytest.mark.parametrize("metadata", [{}, {"pursebot_payment_id": "x"}, {"order": "1"}])
async def test_what_is_not_ours_is_ignored(system: System, metadata: dict[str, str]) -> None:
    raw = body()
    event = json.loads(raw)
    event["data"]["object"]["metadata"] = metadata
    raw = json.dumps(event).encode()
    assert await system.post_event(raw, signed(raw)) == (200, {"state": "ignored"})


async def test_types_we_do_not_know_are_ignored(system: System) -> None:
    raw = body(type="product.created", data={"object": {"id": "prod_1"}})
    assert await system.post_event(raw, signed(raw)) == (200, {"state": "ignored"})


async def test_an_object_we_cannot_read_is_fetched(system: System, payment: UUID) -> None:
    event = json.loads(await paid_at_stripe(system, payment))
    id = event["data"]["object"]["id"]
    raw = body(id="evt_2", data={"object": {"id": id, "metadata": {}, "amount": "fifty"}})
    assert await system.post_event(raw, signed(raw)) == (200, {"state": "done"})
    assert (await system.see(payment)).status == "succeeded"


async def test_an_object_that_stripe_does_not_have_waits_for_the_operator(
    system: System, payment: UUID, owner: Any
) -> None:
    raw = body(payment)
    assert await system.post_event(raw, signed(raw)) == (200, {"state": "dead_letter"})
    assert await owner.fetchval("select reason from stripe_events") == "resource_missing"


@pytest.mark.parametrize("object", [{}, {"id": 7}, {"id": "x", "metadata": "y", "parent": "z"}])
@pytest.mark.parametrize("type", sorted(EVENT_TYPES))
async def test_no_type_has_an_object_that_gets_lost(type: str, object: Json) -> None:
    event = StripeEvent.model_validate_json(body(type=type, data={"object": object}))
    assert to_received_event(event, parse_event(event)).fact.outcome


async def test_a_session_of_another_mode_credits_nothing(system: System, payment: UUID) -> None:
    session = {
        "id": await system.session(payment), "mode": "setup", "status": "complete",
        "payment_status": "no_payment_required", "amount_subtotal": None, "amount_total": None,
        "currency": None, "livemode": False,
        "metadata": {"pursebot_payment_id": str(payment)},
    }  # fmt: skip
    raw = body(type="checkout.session.completed", data={"object": session})
    assert await system.post_event(raw, signed(raw)) == (200, {"state": "ignored"})


async def test_an_intent_that_differs_makes_us_ask_for_the_session(
    system: System, payment: UUID
) -> None:
    await system.client.check_payment(
        ANA, payment
    )  # Stripe was asked a moment ago: this asks all the same
    event = json.loads(await paid_at_stripe(system, payment))
    event["data"]["object"]["amount"] = 5950  # with tax, say
    raw = json.dumps(event).encode()
    assert (await system.post_event(raw, signed(raw)))[0] == 200
    assert (await system.see(payment)).status == "succeeded"


async def test_a_commit_whose_answer_was_lost_is_not_applied_again(
    system: System, payment: UUID
) -> None:
    raw = await paid_at_stripe(system, payment)
    request = asyncio.create_task(system.post_event(raw, signed(raw)))
    await system.until(payment, lambda seen: seen.status == "succeeded")
    request.cancel()  # the connection dies; Stripe heard nothing and sends it again
    assert await system.post_event(raw, signed(raw)) == (200, {"state": "done"})
    credited = (await system.see(payment)).balance
    assert credited is not None
    assert credited.amount_minor == 5000


async def test_without_the_database_the_answer_is_503_and_stripes_retry_applies_it(
    system: System, payment: UUID, database_url: str
) -> None:
    raw = await paid_at_stripe(system, payment)
    owner = await asyncpg.connect(database_url)
    transaction = owner.transaction()
    await transaction.start()
    await owner.execute("lock table stripe_events in access exclusive mode")
    delivery = asyncio.create_task(system.post_event(raw, signed(raw)))
    await until_blocked(owner)
    await owner.execute(
        "select pg_terminate_backend(pid) from pg_stat_activity"
        " where application_name = 'pursebot' and datname = current_database()"
    )
    status, body = await delivery
    assert (status, body["error"]["code"]) == (503, DatabaseUnavailable.code)
    await transaction.rollback()
    await owner.close()
    assert await system.post_event(raw, signed(raw)) == (200, {"state": "done"})

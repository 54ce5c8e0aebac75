"""Everything the local Stripe can say, held against Stripe's own document."""

from pathlib import Path
from typing import Any

import pytest

from sandbox.stripe.transitions import TRANSITIONS
from tests.sandbox.stripe.contract import MISSING, load_contract
from tests.sandbox.stripe.playground import IS_DECLINED, NEEDS_3D_SECURE, SUCCEEDS, local_stripe

BESIDE_THE_TABLE = {
    "payment_intent.created",
    "customer.created",
    "payment_intent.canceled",
    "checkout.session.expired",
}


async def test_every_request_answer_and_event_is_valid_by_stripes_document(tmp_path: Path) -> None:
    if load_contract() is None:
        pytest.skip(MISSING)
    async with local_stripe(tmp_path) as play:
        await play.post("faults", delay=0.01)
        ids = [(await play.session()).id for _ in range(7)]
        for id, card in zip(
            ids,
            (SUCCEEDS, IS_DECLINED, NEEDS_3D_SECURE, "delayed_success", "delayed_failure"),
            strict=False,
        ):
            await play.pay(id, card)
        await play.pay(ids[2], NEEDS_3D_SECURE, authenticate=False)
        await play.pay(ids[5], NEEDS_3D_SECURE, authenticate=True)
        await play.sdk.v1.checkout.sessions.expire_async(ids[1])
        await play.sdk.v1.checkout.sessions.expire_async(ids[6])
        parameters: Any = {"amount": 5000, "currency": "eur", "metadata": {"of": "us"}}
        parameters["automatic_payment_methods"] = {"enabled": True}
        for pays in (True, False):
            intent = await play.sdk.v1.payment_intents.create_async(parameters)
            if pays:
                await play.post(f"payment_intents/{intent.id}/confirm", card=SUCCEEDS)
            else:
                await play.sdk.v1.payment_intents.cancel_async(intent.id)
            await play.sdk.v1.payment_intents.retrieve_async(intent.id)
        await play.sdk.v1.customers.create_async({"name": "Acme", "metadata": {"of": "us"}})
        await play.backend.got(33)
        for id in ids:
            await play.sdk.v1.checkout.sessions.retrieve_async(id, {"expand": ["payment_intent"]})
        events = await play.sdk.v1.events.list_async({"limit": 100})
        await play.sdk.v1.events.retrieve_async(events.data[0].id)
        await play.sdk.v1.webhook_endpoints.list_async()
        in_the_table = {type for step in TRANSITIONS.values() for type in step.events}
        assert {event.type for event in events.data} == in_the_table | BESIDE_THE_TABLE
        assert play.judged() == []


def test_the_judge_notices_what_is_wrong() -> None:
    contract = load_contract()
    if contract is None:
        pytest.skip(MISSING)
    assert contract.check_request("POST", "/v1/checkout/sessions", "mode=gift")
    assert contract.check_object({"object": "event", "id": "evt_1"})

"""Refunds and disputes over HTTP, with the real Stripe SDK against the local Stripe."""

import asyncio
import json
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from backend.database.functions import refunds as sql_refunds
from backend.database.protocol import SERVICE
from backend.schemas import Payment
from backend.stripe import reconcile
from tests.backend.conftest import BEN, EVE, System, token
from tests.backend.stripe.test_webhooks import signed
from tests.sandbox.stripe.contract import load_contract

Json = dict[str, Any]


async def credited(system: System, key: str = "key", amount: str = "50") -> UUID:
    payment = await system.topup(amount, key=key)
    await system.pay(payment)
    await system.until(payment, lambda seen: seen.status == "succeeded")
    return payment


async def refund(
    system: System, payment: UUID, key: str = "r", user: int = 1001, **body: Any
) -> Json:
    """What the route answers, with its status."""
    headers = {"Authorization": f"Bearer {token(sub=str(user))}"}
    headers |= {"Idempotency-Key": key} if key else {}
    path = f"{system.url}/api/payments/{payment}/refund"
    async with system.http.post(path, json=body, headers=headers) as answer:
        return {**await answer.json(), "http": answer.status}


async def at_stripe(system: System, payment: UUID, step: str, **more: Any) -> Json:
    """Something that happens to a paid payment elsewhere."""
    row = await system.services.database.call(
        "get_payment_for_service", SERVICE, payment_id=payment
    )
    path = f"/stripe/clawbacks/{row['stripe_payment_intent_id']}"
    return await system.sandbox("POST", path, step=step, **more)


async def goes_on(system: System, thing: Json, step: str) -> None:
    await system.sandbox("POST", f"/stripe/clawbacks/{thing['id']}", step=step)


def gone(amount: str) -> Any:
    """Whether so much of a payment went back."""
    return lambda seen: seen.refunded.amount == amount


async def balance(system: System) -> str:
    async with system.http.get(
        f"{system.url}/api/organizations/{system.world.acme}/wallets",
        headers={"Authorization": f"Bearer {token()}"},
    ) as answer:
        return str((await answer.json())["wallets"][0]["balance"]["amount"])


@pytest.mark.parametrize("webhooks", [True, False])
async def test_a_refund_leaves_the_wallet_once_with_and_without_webhooks(
    system: System, webhooks: bool
) -> None:
    payment = await credited(system)
    await system.sandbox("POST", "/stripe/faults", drop=not webhooks, twice=True)
    made = await refund(system, payment, amount="20", reason="requested_by_customer")
    assert (made["http"], made["status"], made["money"]["amount"]) == (201, "succeeded", "20.00")
    assert (await refund(system, payment, amount="20", reason="requested_by_customer")) == made
    seen = await system.until(payment, gone("20.00"))
    assert seen.refundable is not None
    assert (seen.refundable.amount, seen.refunds[0].refunded_by) == ("30.00", "Ana")
    rest = await refund(system, payment, "rest")
    assert (rest["money"]["amount"], await balance(system)) == ("30.00", "0.00")
    nothing = await refund(system, payment, "more")
    assert (nothing["http"], nothing["error"]["code"]) == (409, "nothing_to_refund")


async def test_what_cannot_be_refunded_is_refused_in_words(system: System) -> None:
    payment = await credited(system)
    for key, user, body, status, code in (
        ("", 1001, {}, 400, "invalid_request"),
        ("r", BEN, {}, 403, "role_too_low"),
        ("r", EVE, {}, 404, "not_found"),
        ("r", 1001, {"amount": "50.01"}, 422, "refund_too_large"),
        ("r", 1001, {"amount": "0"}, 422, "amount_too_small"),
        ("r", 1001, {"amount": "1.0010"}, 422, "amount_too_precise"),
        ("r", 1001, {"amount": ""}, 422, "amount_unreadable"),
        ("r", 1001, {"reason": "just so"}, 400, "invalid_request"),
    ):
        answer_body = await refund(system, payment, key, user, **body)
        assert (answer_body["http"], answer_body["error"]["code"]) == (status, code)
    assert (await system.see(payment)).refunds == []


async def test_many_at_once_send_no_more_back_than_there_is(system: System) -> None:
    payment = await credited(system)
    answers = await asyncio.gather(*(
        refund(system, payment, f"r{number}", amount="9") for number in range(16)
    ))  # fmt: skip
    made = [answer for answer in answers if answer["http"] == 201]
    assert {answer["status"] for answer in made} == {"succeeded"}
    assert len(made) == 5
    assert await balance(system) == "5.00"


async def test_a_lost_answer_refunds_once(system: System) -> None:
    payment = await credited(system)
    await system.sandbox("POST", "/stripe/faults", drop=True, api_timeout=1)
    assert (await refund(system, payment, amount="20"))["http"] == 201
    again = await refund(system, payment, amount="20")
    assert (again["http"], again["status"]) == (201, "succeeded")
    assert await balance(system) == "30.00"


async def test_the_reconciler_finishes_what_a_dead_process_began(
    system: System, owner: "asyncpg.Connection[Any]"
) -> None:
    payment = await credited(system)
    await system.sandbox("POST", "/stripe/faults", drop=True)
    order = {"payment_id": payment, "amount": 1000, "idempotency_key": "died"}
    before = await system.services.database.call("create_refund", system.world.ana, **order)
    row = await sql_refunds.get_refund_for_service(
        system.services.database, refund_id=UUID(before["id"])
    )
    await system.services.stripe.create_refund(row)  # and the answer was never written down
    pending = await at_stripe(system, payment, "refund_pending", amount=500)
    never = await system.services.database.call(
        "create_refund", system.world.ana, **{**order, "idempotency_key": "never sent"}
    )
    await owner.execute("update refunds set created_at = created_at - interval '2 minutes'")
    await owner.execute(
        "update refunds set requested_at = requested_at - interval '26 hours' where id = $1",
        UUID(never["id"]),
    )
    assert (await reconcile.reconcile_all(system.services))[
        "refunds"
    ] == 1  # the others are among the events
    seen = await system.see(payment)
    assert {(each.money.amount, each.status) for each in seen.refunds} == {
        ("10.00", "succeeded"), ("10.00", "failed"), ("5.00", "pending"),
    }  # fmt: skip
    await goes_on(system, pending, "succeed")
    await owner.execute("update refunds set created_at = created_at - interval '2 minutes'")
    await reconcile.reconcile_all(system.services)
    assert await balance(system) == "35.00"


async def test_a_refund_of_the_dashboard_that_fails_comes_back(system: System) -> None:
    payment = await credited(system)
    made = await at_stripe(system, payment, "refund_pending", amount=2000)
    await system.until(payment, gone("20.00"))
    await goes_on(system, made, "fail")
    seen = await system.until(payment, gone("0.00"))
    assert (seen.refunds[0].failure, seen.refunds[0].refunded_by) == ("lost_or_stolen_card", None)
    assert await balance(system) == "50.00"


async def test_with_the_charges_event_alone_a_dashboards_refund_is_found(system: System) -> None:
    payment = await credited(system)
    await system.sandbox("POST", "/stripe/faults", only=["charge.refunded"])
    await at_stripe(system, payment, "refund", amount=2000)
    await system.until(payment, gone("20.00"))


@pytest.mark.parametrize(("step", "left"), [("win", "50.00"), ("lose", "0.00")])
async def test_a_dispute_takes_the_money_and_brings_it_back_if_won(
    system: System, step: str, left: str
) -> None:
    payment = await credited(system)
    dispute = await at_stripe(system, payment, "dispute")
    taken = await system.until(
        payment, lambda seen: bool(seen.disputes) and seen.disputes[0].withdrawn
    )
    assert (taken.dispute_status, await balance(system)) == ("needs_response", "0.00")
    assert (await refund(system, payment))["error"]["code"] == "nothing_to_refund"
    await goes_on(system, dispute, "respond")
    await system.until(payment, lambda seen: seen.dispute_status == "under_review")
    await goes_on(system, dispute, step)

    def over(seen: Payment) -> bool:
        return seen.dispute_status in ("won", "lost") and seen.disputes[0].reinstated == (
            step == "win"
        )

    await system.until(payment, over)
    assert await balance(system) == left


async def test_history_statement_and_statistics_name_what_went_back(
    system: System, owner: "asyncpg.Connection[Any]"
) -> None:
    payment = await credited(system)
    made = await at_stripe(system, payment, "refund", amount=2000)
    await system.until(payment, gone("20.00"))
    await goes_on(system, made, "fail")
    await system.until(payment, gone("0.00"))
    await at_stripe(system, payment, "dispute", amount=1000)
    await system.until(payment, lambda seen: bool(seen.disputes) and seen.disputes[0].withdrawn)
    place = f"{system.url}/api/organizations/{system.world.acme}"
    headers = {"Authorization": f"Bearer {token(sub=str(BEN))}"}
    kinds = "refund,refund_reversal,dispute"
    async with system.http.get(f"{place}/transactions?kind={kinds}", headers=headers) as answer:
        moved = (await answer.json())["transactions"]
    assert [(each["kind"], each["money"]["amount"]) for each in moved] == [
        ("dispute", "-10.00"), ("refund_reversal", "20.00"), ("refund", "-20.00"),
    ]  # fmt: skip
    assert {each["payment_id"] for each in moved} == {str(payment)}
    month = f"{datetime.now(UTC):%Y-%m}"
    async with system.http.get(f"{place}/statement?month={month}", headers=headers) as answer:
        sheet = await answer.text()
    assert [line.split(",")[1:4] for line in sheet.splitlines()[2:]] == [
        ["Top-up", "50.00", "50.00"], ["Refund", "-20.00", "30.00"],
        ["Refund failed", "20.00", "50.00"], ["Disputed", "-10.00", "40.00"],
        ["Closing balance", "", "40.00"],
    ]  # fmt: skip
    await at_stripe(system, await credited(system, "other"), "refund", amount=700)
    async with asyncio.timeout(60):
        while await owner.fetchval("select sum(amount_refunded) from payment_statistics") != 700:
            await asyncio.sleep(0.05)


async def test_a_refund_without_metadata_is_one_of_the_dashboard(system: System) -> None:
    payment = await credited(system)
    await system.sandbox("POST", "/stripe/faults", drop=True)
    made = await at_stripe(system, payment, "refund", amount=2000)
    match = {**(system.store.get("refund", made["id"]) or {}), "metadata": None}
    assert (contract := load_contract()) is None or contract.check_object(match) == []
    for type, thing in (
        ("refund.created", match),
        # Somebody else's, word for word as Stripe documents it: without an intent.
        ("radar.early_fraud_warning.created", {"id": "issfr_1", "fraud_type": "misc"}),
    ):
        event = {"id": f"evt_{type}", "type": type, "livemode": False, "created": 1_790_000_000}
        raw = json.dumps({**event, "data": {"object": thing}}).encode()
        assert (await system.post_event(raw, signed(raw)))[0] == 200
    assert await balance(system) == "30.00"

"""Top-ups on a page of the payer's own, and the organization as Stripe's customer."""

import asyncio
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from backend.payments import settlement
from backend.stripe import reconcile
from tests.backend.conftest import BEN, DECLINE, EVE, SUCCESS, System, token

Json = dict[str, Any]
AN_HOUR_LATER = (
    "update payments set created_at = now() - interval '2 hours',"
    " expires_at = now() - interval '1 hour'"
)


async def post(system: System, path: str, key: str = "", user: int = 1001, **body: Any) -> Json:
    """What a route answers, with its status."""
    headers = {"Authorization": f"Bearer {token(sub=str(user))}"}
    headers |= {"Idempotency-Key": key} if key else {}
    async with system.http.post(f"{system.url}/api/{path}", json=body, headers=headers) as answer:
        return {**await answer.json(), "status": answer.status}


async def intent(system: System, key: str = "key", user: int = 1001, amount: str = "50") -> Json:
    order: Json = {"organization_id": str(system.world.acme), "amount": amount, "currency": "eur"}
    return await post(system, "payments/create-intent", key, user, **order)


async def confirm(system: System, made: Json, card: str = SUCCESS) -> Json:
    """What Stripe.js does with the client secret."""
    assert made["client_secret"].startswith(made["payment_intent_id"])
    path = f"/stripe/payment_intents/{made['payment_intent_id']}/confirm"
    return await system.sandbox("POST", path, card=card)


async def test_an_intent_is_credited_once_by_its_own_events(
    system: System, owner: "asyncpg.Connection[Any]"
) -> None:
    made = await intent(system)
    assert made["status"] == 201
    payment = UUID(made["payment_id"])
    assert (await system.see(payment)).status == "pending"
    await confirm(system, made, DECLINE)
    declined = await system.until(payment, lambda seen: seen.last_decline is not None)
    assert declined.status == "pending"
    await confirm(system, made)
    paid = await system.until(payment, lambda seen: seen.status == "succeeded")
    assert paid.balance is not None
    assert paid.balance.amount == "50.00"
    await owner.execute(AN_HOUR_LATER)
    assert (await intent(system))["error"]["facts"] == {"status": "succeeded"}


async def test_the_same_key_finds_the_same_intent_and_no_other_order(system: System) -> None:
    made = await asyncio.gather(*(intent(system) for _ in range(4)))
    assert len({str(each) for each in made if each["status"] == 201}) == 1
    again = await intent(system)
    assert again in made
    alias: Json = {"organization_id": str(system.world.acme), "amount": "50", "currency": "eur"}
    assert await post(system, "payments/payment-intents", "key", **alias) == again
    for other in (
        await intent(system, amount="51"),
        await post(system, "payments/checkout", "key", **alias),
    ):
        assert (other["status"], other["error"]["code"]) == (409, "idempotency_key_reused")


async def test_who_may_not_top_up_gets_no_intent_and_no_customer(system: System) -> None:
    for user, status, code in ((BEN, 403, "role_too_low"), (EVE, 404, "not_found")):
        for answer in (
            await intent(system, user=user),
            await post(system, "customers", user=user, organization_id=str(system.world.acme)),
        ):
            assert (answer["status"], answer["error"]["code"]) == (status, code)


@pytest.mark.parametrize(
    ("card", "ends"), [("delayed_success", "succeeded"), ("delayed_failure", "failed")]
)
async def test_with_webhooks_off_asking_stripe_settles_an_intent(
    system: System, owner: "asyncpg.Connection[Any]", card: str, ends: str
) -> None:
    await system.sandbox("POST", "/stripe/faults", drop=True, delay=0.5)
    made = await intent(system)
    payment = UUID(made["payment_id"])
    await confirm(system, made, card)
    await settlement.refetch_if_due(system.services, payment)
    assert (await system.see(payment)).status == "processing"
    async with asyncio.timeout(60):
        while (await system.see(payment)).status != ends:
            await owner.execute("update payments set checked_at = null")
            await settlement.refetch_if_due(system.services, payment)


async def test_a_canceled_or_late_intent_can_be_confirmed_no_more(
    system: System, owner: "asyncpg.Connection[Any]"
) -> None:
    canceled, late = await intent(system, "one"), await intent(system, "two")
    path = f"payments/{canceled['payment_id']}/cancel"
    assert (await post(system, path))["status"] == 200
    await system.until(UUID(canceled["payment_id"]), lambda seen: seen.status == "canceled")
    await owner.execute(f"{AN_HOUR_LATER} where id = $1", UUID(late["payment_id"]))
    await reconcile.reconcile_all(system.services)
    await system.until(UUID(late["payment_id"]), lambda seen: seen.status == "expired")
    for made in (canceled, late):
        url = f"{system.sandbox_url}/stripe/payment_intents/{made['payment_intent_id']}/confirm"
        async with system.http.post(url, json={"card": SUCCESS}) as answer:
            assert (answer.status, (await answer.json())["error"]["code"]) == (409, "intent_closed")


async def test_an_organization_is_one_customer_however_many_ask(system: System) -> None:
    requests = (post(system, "customers", organization_id=str(system.world.acme)) for _ in range(5))
    answers = await asyncio.gather(*requests)
    again = await post(system, "customers", organization_id=str(system.world.acme))
    assert {each["customer_id"] for each in answers} == {again["customer_id"]}


async def test_the_page_offers_to_save_the_card_and_says_who_can_charge_it_then(
    system: System,
) -> None:
    session = system.store.get("checkout.session", await system.session(await system.topup())) or {}
    assert session["customer"].startswith("cus_")
    assert session["saved_payment_method_options"]["payment_method_save"] == "enabled"
    assert "every owner and admin of Acme" in session["custom_text"]["submit"]["message"]


async def test_a_page_opens_without_the_customer_that_stripe_refuses_or_has_no_more(
    system: System, owner: "asyncpg.Connection[Any]"
) -> None:
    await system.sandbox("POST", "/stripe/faults", api_500=1)
    refused = await system.topup(key="refused")
    await owner.execute("update organizations set stripe_customer_id = 'cus_deletedAtStripe'")
    deleted = await system.topup(key="deleted")
    for payment in (refused, deleted):
        session = system.store.get("checkout.session", await system.session(payment)) or {}
        assert (session["customer"], session["saved_payment_method_options"]) == (None, None)
        await system.pay(payment)
        await system.until(payment, lambda seen: seen.status == "succeeded")


async def test_a_debit_that_fails_later_fails_the_payment_and_may_still_be_paid(
    system: System,
) -> None:
    await system.sandbox("POST", "/stripe/faults", delay=0.1)
    made = await intent(system)
    payment = UUID(made["payment_id"])
    await confirm(system, made, "delayed_failure")
    # Stripe promises no order: heard of before the debit began, its end is a decline on an open
    # page.
    await system.until(payment, lambda seen: seen.last_decline is not None)
    await confirm(system, made)
    await system.until(payment, lambda seen: seen.status == "succeeded")

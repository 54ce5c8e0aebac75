"""Recurring top-ups whose answers get lost: nothing is begun twice, and what was ended ends."""

from typing import Any

import aiohttp
import asyncpg
import pytest

from backend.database.functions.stripe_events import ReceivedEvent
from backend.stripe import reconcile, webhooks
from backend.stripe.parsers.subscriptions import subscription_fact
from tests.backend.conftest import System
from tests.backend.subscriptions.test_subscriptions import (
    WEBHOOK_PATH,
    Json,
    advance,
    all_delivered,
    begun,
    pay,
    request_api,
    see,
    start,
    until,
)


async def saved_card(system: System) -> Json:
    """What names a card that Acme has saved."""
    card: Json = {"organization_id": str(system.world.acme), "payment_method_id": "pm_card_visa"}
    added = await request_api(system, "POST", "/api/payments/methods", **card)
    return {"payment_method_id": added["method"]["id"]}


async def stripe_calls(system: System, path: str) -> int:
    """How often Stripe was asked to make one of these."""
    calls = (await system.sandbox("GET", "/recorded"))["calls"]
    return sum(call["method"] == "POST" and call["path"] == path for call in calls)


async def test_a_500_says_nothing_of_the_first_charge_so_no_second_subscription_is_made(
    system: System,
) -> None:
    card = await saved_card(system)
    # Its product, then itself, then itself once more under the same key.
    for faults in ({"api_timeout": 3}, {"api_500": 1}, {"drop": True}):
        await system.sandbox("POST", "/stripe/faults", **faults)
        with pytest.raises(aiohttp.ClientError, match="stripe_unavailable"):
            await start(system, **card)
    assert list(system.store.list("subscription")) == []


async def test_what_nobody_wants_any_more_is_not_begun_by_a_repeat(system: System) -> None:
    card = await saved_card(system)
    await system.sandbox("POST", "/stripe/faults", api_timeout=3)
    with pytest.raises(aiohttp.ClientError, match="stripe_unavailable"):
        await start(system, **card)
    path = f"{WEBHOOK_PATH}?organization_id={system.world.acme}"
    [made] = (await request_api(system, "GET", path))["subscriptions"]
    await request_api(system, "DELETE", f"{WEBHOOK_PATH}/{made['id']}")
    assert (await start(system, **card)).status == "canceled"
    assert list(system.store.list("subscription")) == []


async def test_what_was_canceled_while_stripe_did_not_answer_ends_before_its_next_invoice(
    system: System, owner: "asyncpg.Connection[Any]"
) -> None:
    made = await begun(system)
    which = {"subscription_id": made.id, "changes": {"canceled": True}}
    await system.services.database.call("request_subscription_change", system.world.ana, **which)
    await owner.execute(
        "update subscriptions set refetched_at = refetched_at - interval '6 minutes'"
    )
    await reconcile.reconcile_all(system.services)
    assert (await see(system, made)).status == "canceled"


async def test_an_invoice_that_is_looked_at_is_asked_about_and_never_charged(
    system: System, owner: "asyncpg.Connection[Any]"
) -> None:
    await begun(system)
    await owner.execute("update subscriptions set amount = 100, quoted = '{100}'")
    await advance(system, days=32)
    await until(system, lambda: all_delivered(system))
    await owner.execute("update payments set created_at = created_at - interval '2 minutes'")
    await reconcile.reconcile_all(system.services)
    rows = await owner.fetch("select status, under_review from payments order by created_at")
    assert [tuple(row) for row in rows] == [("succeeded", None), ("created", "amount_differs")]
    assert await stripe_calls(system, "/v1/payment_intents") == 0


async def test_what_stripe_refuses_to_say_of_one_holds_up_no_other(
    system: System, owner: "asyncpg.Connection[Any]"
) -> None:
    await system.sandbox("POST", "/stripe/faults", drop=True)
    made, gone = await start(system), await start(system, key="other")
    await pay(system, made.url)
    await reconcile.reconcile_all(system.services)
    which = "update subscriptions set stripe_subscription_id = 'sub_gone' where id = $1"
    await owner.execute(which, gone.id)
    running = await owner.fetchval(
        "select stripe_subscription_id from subscriptions where id = $1", made.id
    )
    await system.services.stripe.cancel_subscription(running)
    events = [
        ReceivedEvent(
            id=f"evt_{id}",
            type="customer.subscription.updated",
            livemode=False,
            created=1,
            fact=subscription_fact(None, id),
        )
        for id in ("sub_gone", running)
    ]
    await webhooks.receive_events(system.services, events)
    assert (await see(system, made)).status == "canceled"
    query = "select state, reason from stripe_events where id = 'evt_sub_gone'"
    assert tuple(await owner.fetchrow(query) or ()) == ("dead_letter", "resource_missing")

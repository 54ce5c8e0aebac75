"""Recurring top-ups whose answers get lost: nothing is begun twice, and what was ended ends."""

from typing import Any

import aiohttp
import asyncpg
import pytest

from backend.database.functions.stripe_events import ReceivedEvent
from backend.stripe import reconcile, webhooks
from backend.stripe.parsers.subscriptions import subscription_fact
from tests.backend.conftest import House
from tests.backend.subscriptions.test_subscriptions import (
    DOOR,
    Json,
    advance,
    all_delivered,
    ask,
    begun,
    pay,
    see,
    start,
    until,
)


async def saved_card(house: House) -> Json:
    """What names a card that Acme has saved."""
    card: Json = {"organization_id": str(house.world.acme), "payment_method_id": "pm_card_visa"}
    added = await ask(house, "POST", "/api/payments/methods", **card)
    return {"payment_method_id": added["method"]["id"]}


async def asked_of_stripe(house: House, path: str) -> int:
    """How often Stripe was asked to make one of these."""
    calls = (await house.sandbox("GET", "/recorded"))["calls"]
    return sum(call["method"] == "POST" and call["path"] == path for call in calls)


async def test_a_500_says_nothing_of_the_first_charge_so_no_second_subscription_is_made(
    house: House,
) -> None:
    card = await saved_card(house)
    # Its product, then itself, then itself once more under the same key.
    for faults in ({"api_timeout": 3}, {"api_500": 1}, {"drop": True}):
        await house.sandbox("POST", "/stripe/faults", **faults)
        with pytest.raises(aiohttp.ClientError, match="stripe_unavailable"):
            await start(house, **card)
    assert list(house.store.list("subscription")) == []


async def test_what_nobody_wants_any_more_is_not_begun_by_a_repeat(house: House) -> None:
    card = await saved_card(house)
    await house.sandbox("POST", "/stripe/faults", api_timeout=3)
    with pytest.raises(aiohttp.ClientError, match="stripe_unavailable"):
        await start(house, **card)
    path = f"{DOOR}?organization_id={house.world.acme}"
    [made] = (await ask(house, "GET", path))["subscriptions"]
    await ask(house, "DELETE", f"{DOOR}/{made['id']}")
    assert (await start(house, **card)).status == "canceled"
    assert list(house.store.list("subscription")) == []


async def test_what_was_canceled_while_stripe_did_not_answer_ends_before_its_next_invoice(
    house: House, owner: "asyncpg.Connection[Any]"
) -> None:
    made = await begun(house)
    which = {"subscription_id": made.id, "changes": {"canceled": True}}
    await house.shop.database.call("request_change", house.world.ana, **which)
    await owner.execute("update subscriptions set asked_at = asked_at - interval '6 minutes'")
    await reconcile.once(house.shop)
    assert (await see(house, made)).status == "canceled"


async def test_an_invoice_that_is_looked_at_is_asked_about_and_never_charged(
    house: House, owner: "asyncpg.Connection[Any]"
) -> None:
    await begun(house)
    await owner.execute("update subscriptions set amount = 100, quoted = '{100}'")
    await advance(house, days=32)
    await until(house, lambda: all_delivered(house))
    await owner.execute("update payments set created_at = created_at - interval '2 minutes'")
    await reconcile.once(house.shop)
    found = await owner.fetch("select status, under_review from payments order by created_at")
    assert [tuple(row) for row in found] == [("succeeded", None), ("created", "amount_differs")]
    assert await asked_of_stripe(house, "/v1/payment_intents") == 0


async def test_what_stripe_refuses_to_say_of_one_holds_up_no_other(
    house: House, owner: "asyncpg.Connection[Any]"
) -> None:
    await house.sandbox("POST", "/stripe/faults", drop=True)
    made, gone = await start(house), await start(house, key="other")
    await pay(house, made.url)
    await reconcile.once(house.shop)
    which = "update subscriptions set stripe_subscription_id = 'sub_gone' where id = $1"
    await owner.execute(which, gone.id)
    running = await owner.fetchval(
        "select stripe_subscription_id from subscriptions where id = $1", made.id
    )
    await house.shop.stripe.cancel_subscription(running)
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
    await webhooks.apply(house.shop, events)
    assert (await see(house, made)).status == "canceled"
    said = "select state, reason from stripe_events where id = 'evt_sub_gone'"
    assert tuple(await owner.fetchrow(said) or ()) == ("parked", "resource_missing")

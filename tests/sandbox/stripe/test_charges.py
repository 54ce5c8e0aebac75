"""Saved cards at the local Stripe: charged, declined, asked for 3-D Secure, saved while paying."""

from typing import Any

import pytest
import stripe

from tests.sandbox.stripe.playground import (
    IS_DECLINED,
    NEEDS_3D_SECURE,
    SUCCEEDS,
    Json,
    Playground,
)

RETURN = "https://example.com/back"


async def saved(play: Playground, number: str) -> Json:
    """A card with this number, saved on a page for a customer."""
    who = (await play.sdk.v1.customers.create_async({"name": "Acme"})).id
    page = await play.session(
        mode="setup", customer=who, currency="eur", line_items=None, payment_intent_data=None
    )
    more = {"authenticate": True} if number.startswith("40000027") else {}
    await play.pay(page.id, number, **more)
    result = await play.sdk.v1.customers.payment_methods.list_async(who)
    return {"customer": who, "payment_method": result.data[0].id}


async def charge(play: Playground, card: Json, key: str = "key", **changed: Any) -> Any:
    order: Any = {
        "amount": 5000, "currency": "eur", "confirm": True, "return_url": RETURN,
        "automatic_payment_methods": {"enabled": True}, "description": "Top-up",
    }  # fmt: skip
    options: stripe.RequestOptions = {"idempotency_key": key}
    return await play.sdk.v1.payment_intents.create_async(order | card | changed, options)


async def test_a_saved_card_is_charged_once_for_a_key(play: Playground) -> None:
    card = await saved(play, SUCCEEDS)
    before = len(play.stored("event"))
    first = await charge(play, card)
    assert (first.status, first.payment_method) == ("succeeded", card["payment_method"])
    assert (await charge(play, card)).id == first.id
    [charged] = play.stored("charge")
    assert (charged["customer"], charged["payment_method"]) == tuple(card.values())
    assert [event["type"] for event in play.stored("event")][before:] == [
        "payment_intent.created", "charge.succeeded", "payment_intent.succeeded",
    ]  # fmt: skip


async def test_a_decline_is_a_402_with_its_intent_and_stays_one_under_its_key(
    play: Playground,
) -> None:
    card = await saved(play, "4000000000000341")
    for _ in range(2):
        with pytest.raises(stripe.CardError) as declined:
            await charge(play, card)
        assert declined.value.error is not None
        intent = declined.value.error.payment_intent
        assert intent is not None
        assert intent.status == "requires_payment_method"
        assert (declined.value.http_status, declined.value.code) == (402, "card_declined")
    assert len(play.stored("payment_intent")) == 1


@pytest.mark.parametrize(
    ("answer", "ends"), [(True, "succeeded"), (False, "requires_payment_method")]
)
async def test_the_bank_asks_on_a_page_and_sends_the_payer_back(
    play: Playground, answer: bool, ends: str
) -> None:
    made = await charge(play, await saved(play, "4000002760003184"))
    assert (made.status, made.next_action.type) == ("requires_action", "redirect_to_url")
    page = made.next_action.redirect_to_url.url.rpartition("/")[2]
    shown = await play.get(f"sessions/{page}")
    assert (shown["status"], shown["next"], shown["amount"]) == ("open", "authenticate", "50.00")
    done = await play.pay(page, NEEDS_3D_SECURE, authenticate=answer)
    assert (done["status"], done["redirect_url"]) == ("complete", RETURN)
    assert (await play.sdk.v1.payment_intents.retrieve_async(made.id)).status == ends
    await play.pay(page, NEEDS_3D_SECURE, status=409, authenticate=True)


async def test_a_card_of_another_customer_or_of_none_any_more_is_not_charged(
    play: Playground,
) -> None:
    card, other = await saved(play, SUCCEEDS), await saved(play, SUCCEEDS)
    await play.sdk.v1.payment_methods.detach_async(other["payment_method"])
    for changed in ({"customer": other["customer"]}, other):
        with pytest.raises(stripe.InvalidRequestError) as refused:
            await charge(play, card, **changed)
        assert refused.value.code == "resource_missing"
    assert play.stored("payment_intent") == []


async def test_what_pays_a_page_that_offers_it_can_be_saved_and_charged_again(
    play: Playground,
) -> None:
    who = (await play.sdk.v1.customers.create_async({"name": "Acme"})).id
    plain = await play.session(customer=who)
    await play.pay(plain.id, SUCCEEDS, save=True)
    saving = {"payment_method_save": "enabled"}
    page = await play.session(customer=who, saved_payment_method_options=saving)
    await play.pay(page.id, IS_DECLINED, save=True)
    assert play.stored("payment_method") == []
    await play.pay(page.id, SUCCEEDS, save=True)
    [method] = play.stored("payment_method")
    assert (method["customer"], method["allow_redisplay"]) == (who, "always")
    intent = play.stored("payment_intent")[1]
    assert (intent["customer"], intent["payment_method"]) == (who, method["id"])
    card = {"customer": who, "payment_method": method["id"]}
    assert (await charge(play, card)).status == "succeeded"

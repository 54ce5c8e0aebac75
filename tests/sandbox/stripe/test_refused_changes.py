"""What Stripe does not do with an object it has, the local Stripe does not do either."""

from typing import Any

import pytest
import stripe

from tests.sandbox.stripe.playground import Playground, customer, paid
from tests.sandbox.stripe.test_subscriptions import PRICE, attached, subscribed


def line(**price: Any) -> list[dict[str, Any]]:
    return [{"quantity": 1, "price_data": {"currency": "eur", "unit_amount": 5000, **price}}]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"line_items": line()}, "line_items[0][price_data][product_data]."),
        (
            {"line_items": line(product="prod_1", product_data={"name": "n"})},
            "You may only specify one of these parameters: product, product_data.",
        ),
        (
            {"line_items": [{"price_data": line(product_data={"name": "n"})[0]["price_data"]}]},
            "Quantity is required. Add `quantity` to `line_items[0]`",
        ),
        (
            {"subscription_data": {"description": "d"}},
            "You can not pass `subscription_data` in `payment` mode.",
        ),
        ({"customer": "cus_none"}, "No such customer: 'cus_none'"),
        ({"mode": "setup", "customer": "cus_1", "line_items": None, "currency": "euro"}, "euro"),
    ],
)
async def test_a_page_that_stripe_does_not_make(
    play: Playground, changes: dict[str, Any], words: str
) -> None:
    if changes.get("mode") == "setup":
        changes = changes | {"payment_intent_data": None}
    with pytest.raises(stripe.InvalidRequestError) as refusal:
        await play.session(**changes)
    assert words in str(refusal.value)
    assert play.stored("checkout.session") == []


async def test_a_subscription_keeps_its_item_currency_and_interval(play: Playground) -> None:
    who = await customer(play)
    card = await attached(play, who, "pm_card_visa")
    made = await subscribed(play, who, card)
    [existing] = made["items"]["data"]
    price: Any = PRICE | {"product": existing["price"]["product"]}
    item: Any = {"id": existing["id"], "price_data": price}

    async def refused(*, status: int, **changes: Any) -> str:
        parameters: Any = {"items": [item | changes]}
        with pytest.raises(stripe.StripeError) as refusal:
            await play.sdk.v1.subscriptions.update_async(made["id"], parameters)
        assert refusal.value.http_status == status
        return str(refusal.value)

    assert "No such subscription_item: 'si_none'" in await refused(status=400, id="si_none")
    assert "a second item" in await refused(status=501, id=None)
    assert "items[0][quantity]" in await refused(status=501, quantity=2)
    dollars = await refused(status=400, price_data=price | {"currency": "usd"})
    assert "doesn't match the expected currency: `eur`" in dollars
    weekly = await refused(status=501, price_data=price | {"recurring": {"interval": "week"}})
    assert "another interval" in weekly
    most = await refused(status=400, price_data=price | {"unit_amount": 100_000_000})
    assert "no more than €999999.99 eur" in most


async def test_a_detached_card_is_changed_and_attached_no_more(play: Playground) -> None:
    who, other = await customer(play), await customer(play)
    card = await attached(play, who, "pm_card_visa")
    methods = play.sdk.v1.payment_methods
    with pytest.raises(stripe.InvalidRequestError, match="already been attached to a customer"):
        await methods.attach_async(card, {"customer": other})
    await methods.detach_async(card)
    for change, words in (
        (methods.attach_async(card, {"customer": who}), "It may not be used again"),
        (methods.update_async(card, {"allow_redisplay": "always"}), "must save this PaymentMethod"),
        (methods.detach_async(card), "not attached to a customer so detachment is impossible"),
    ):
        with pytest.raises(stripe.InvalidRequestError, match=words):
            await change


async def test_a_refund_is_of_a_payment_and_of_no_more_than_is_left(play: Playground) -> None:
    intent = await paid(play)
    unpaid = (await play.sdk.v1.payment_intents.create_async(
        {"amount": 500, "currency": "eur", "automatic_payment_methods": {"enabled": True}}
    )).id  # fmt: skip
    refunds = play.sdk.v1.refunds
    for parameters, words in (
        ({"payment_intent": unpaid}, "does not have a successful charge to refund"),
        (
            {"payment_intent": intent, "amount": 5001},
            r"\(€50.01 eur\) is greater than unrefunded amount on charge \(€50.00 eur\)",
        ),
        ({"payment_intent": intent}, None),
        ({"payment_intent": intent}, "has already been refunded"),
    ):
        sent: Any = parameters
        if words is None:
            await refunds.create_async(sent)
            continue
        with pytest.raises(stripe.InvalidRequestError, match=words):
            await refunds.create_async(sent)


async def test_an_empty_value_of_metadata_is_not_stored(play: Playground) -> None:
    session = await play.session(metadata={"a": "", "b": "c"})
    assert session.metadata is not None
    assert session.metadata.to_dict() == {"b": "c"}

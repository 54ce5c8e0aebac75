"""What goes wrong, or is tried, where cards are added and named."""

import asyncio
from collections import Counter
from typing import Any

from backend.database.functions import subscriptions as sql_subscriptions
from backend.subscriptions import stripe_state
from tests.backend.conftest import SUCCESS, System
from tests.backend.payment_methods.test_cards import TEST_CARD, Cards, cards
from tests.backend.payments.test_charges import saved
from tests.backend.subscriptions.test_subscriptions import start

__all__ = ["cards"]


async def test_who_tries_out_cards_is_stopped(cards: Cards) -> None:
    tried = [
        (await cards.add(payment_method_id="pm_card_visa_chargeDeclined"))["status"]
        for _ in range(22)
    ]
    assert Counter(tried) == {402: 20, 429: 2}


async def test_a_card_that_a_subscription_began_with_is_shown_once_and_kept_at_stripe(
    system: System, cards: Cards
) -> None:
    visa = await saved(system)
    whose = {"organization_id": system.world.acme}
    call = system.services.database.call
    customer = await call("get_customer", system.world.ana, **whose)
    # As Stripe's page does when its payer types the same card again.
    twin = await system.services.stripe.attach_payment_method(
        "pm_card_visa", customer["stripe_customer_id"]
    )
    made = await start(system)
    row = await sql_subscriptions.get_subscription_for_service(
        system.services.database, subscription_id=made.id
    )
    row = row.model_copy(update={"stripe_payment_method_id": twin.id, "attempt": 2})
    begun = await system.services.stripe.create_subscription(row, customer["stripe_customer_id"])
    subscription: Any = system.store.get("subscription", begun.id)
    subscription["default_payment_method"] = twin.id
    system.store.put("subscription", begun.id, subscription)
    await stripe_state.refetch_subscription(system.services, made.id, begun.id)
    await cards.until("Visa •••• 4242*")
    assert system.store.get("payment_method", twin.id)["customer"]  # type: ignore[index]
    async with asyncio.timeout(60):
        while (seen := await cards.request_api("GET", f"subscriptions/{made.id}"))[
            "paid_with"
        ] is None:
            await asyncio.sleep(0.05)
    assert (seen["paid_with"], seen["payment_method_id"]) == ("Visa •••• 4242", visa)
    await cards.request_api("DELETE", f"methods/{visa}")
    assert await cards.names() == []
    assert not system.store.get("payment_method", twin.id)["customer"]  # type: ignore[index]


async def test_another_one_is_the_default_where_that_is_removed(cards: Cards) -> None:
    visa = (await cards.add(**TEST_CARD))["method"]
    await cards.add(payment_method_id="pm_card_amex")
    await cards.request_api("DELETE", f"methods/{visa['id']}")
    assert await cards.names() == ["American Express •••• 0005*"]


async def test_a_test_card_expires_when_it_was_typed_to(cards: Cards, system: System) -> None:
    typed = {**TEST_CARD, "exp_month": 3, "exp_year": 2034}
    method = (await cards.add(**typed))["method"]
    assert (method["exp_month"], method["exp_year"]) == (3, 2034)
    assert (await cards.add(**typed))["known"]
    [(_, stored)] = [each for each in system.store.list("payment_method") if each[1]["customer"]]
    assert (stored["card"]["exp_month"], stored["card"]["exp_year"]) == (3, 2034)
    assert await cards.names() == ["Visa •••• 4242*"]


async def test_what_no_card_has_is_refused(cards: Cards) -> None:
    for wrong, status in (
        ({"card_number": ""}, 400),
        ({**TEST_CARD, "cvc": "1"}, 400),
        ({**TEST_CARD, "exp_year": 2024}, 402),
        ({"card_number": SUCCESS, "link": True}, 400),
    ):
        assert (await cards.add(**wrong))["status"] == status, wrong


async def test_a_label_is_one_line_and_no_card_number(cards: Cards) -> None:
    path = f"methods/{(await cards.add(**TEST_CARD))['method']['id']}"
    seen = await cards.request_api("PUT", path, label=" For\n\u202ethe\x00 office\t")
    assert seen["label"] == "For the office"
    for number in ("x\n4242424242424242", "4242.4242.4242.4242", "4242 – 4242 – 4242 – 4242"):
        assert (await cards.request_api("PUT", path, label=number))["status"] == 400

"""An account that is paid out in another currency: its minimum counts, and is named."""

from typing import Any

import pytest

from bot.locales.texts import load_texts
from bot.payments.message import payment_screen
from sandbox.telegram.text import plain_text
from tests.backend.conftest import System
from tests.backend.payments.test_intents import post
from tests.bot.conftest import Person, backend_url, client, system, telegram
from tests.bot.fake_backend import payment
from tests.bot.fake_backend.examples import euros
from tests.bot.payments.test_charges import Connection, ana, ben

__all__ = ["ana", "backend_url", "ben", "client", "system", "telegram"]

Json = dict[str, Any]


@pytest.mark.parametrize("path", ["payments/checkout", "payments/create-intent"])
async def test_what_is_too_little_after_conversion_is_a_422_that_names_the_minimum(
    system: System, owner: Connection, path: str
) -> None:
    await system.sandbox("POST", "/stripe/faults", settlement="usd", rates={"usd": 4})
    order: Json = {"organization_id": str(system.world.acme), "currency": "eur"}
    refused = await post(system, path, "small", **order, amount="1")
    assert (refused["status"], refused["error"]["code"]) == (422, "amount_too_small_converted")
    assert refused["error"]["facts"]["at_least"] == "0.50 usd"
    assert "at least 0.50 usd" in refused["error"]["message"]
    taken = await post(system, path, "larger", **order, amount="3")
    assert taken["status"] == 201


async def test_the_chat_says_so(system: System, ana: Person) -> None:
    await system.sandbox("POST", "/stripe/faults", settlement="usd", rates={"usd": 4})
    await ana.writes("/topup 1")
    await ana.sees("in which it has to come to at least 0.50 usd. Choose a larger amount.")


@pytest.mark.parametrize("language", sorted(load_texts().languages))
def test_a_saved_card_is_not_blamed_for_it(language: str) -> None:
    translator = load_texts().translator(language)
    failed = payment(
        status="failed", flow="charge", last_decline="amount_too_small", money=euros(60)
    )
    text = plain_text({"text": payment_screen(failed, translator).text})
    assert "Stripe" in text

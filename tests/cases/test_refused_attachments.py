"""A payment method that is not saved says why, in words for whoever presents it."""

from typing import Any

import pytest

from backend.errors.declines import DECLINE_SENTENCES
from backend.failures import StripeRefused
from backend.payment_methods.adding import attach_refusal
from bot.locales import keys
from tests.backend.conftest import System
from tests.backend.payment_methods.test_cards import Cards, cards

__all__ = ["cards"]

SILENT = ("stolen_card", "lost_card", "fraudulent", "pickup_card", "merchant_blacklist")


async def test_a_bank_that_refuses_is_said_with_its_reason(cards: Cards) -> None:
    for method, code, words in (
        ("pm_card_visa_chargeDeclined", "generic_decline", "Ask the bank why"),
        ("pm_card_visa_chargeDeclinedInsufficientFunds", "insufficient_funds", "not enough money"),
    ):
        answer = await cards.add(payment_method_id=method)
        error = answer["error"]
        assert (answer["status"], error["code"]) == (402, "card_declined")
        assert error["facts"] == {"decline_code": code}
        assert words in error["message"]
        assert code not in error["message"]


async def test_a_link_says_in_the_chat_what_the_bank_said(cards: Cards) -> None:
    link = await cards.link()
    await cards.save(link, card="4000000000009995")
    seen = await cards.request_api("POST", f"methods/links/{link['link_id']}/check")
    assert (seen["state"], seen["last_decline"]) == ("open", "insufficient_funds")
    assert keys.DECLINES[seen["last_decline"]] is keys.Decline.INSUFFICIENT_FUNDS


async def test_one_that_is_used_up_or_anothers_is_named_as_that(
    system: System, cards: Cards
) -> None:
    added = (await cards.add(payment_method_id="pm_card_visa"))["method"]
    stripe_id = added["stripe_payment_method_id"]
    await cards.request_api("DELETE", f"methods/{added['id']}")
    removed = await cards.add(payment_method_id=stripe_id)
    assert (removed["status"], removed["error"]["code"]) == (400, "invalid_request")
    assert "can never be saved again" in removed["error"]["message"]
    other = await system.services.stripe.attach_payment_method(
        "pm_card_amex", await somebody(system)
    )
    answer = await cards.add(payment_method_id=other.id)
    assert "another customer" in answer["error"]["message"]
    assert other.id not in str(answer)


async def somebody(system: System) -> str:
    """Another customer of the same Stripe account."""
    [*_, (_, customer)] = system.store.list("customer")
    system.store.put("customer", "cus_other", {**customer, "id": "cus_other"})
    return "cus_other"


@pytest.mark.parametrize(
    ("code", "message", "words"),
    [
        ("resource_missing", "No such PaymentMethod: 'pm_1'; a similar object exists in live mode,"
         " but a test mode key was used to make this request.", "of Stripe's other mode"),
        ("resource_missing", "No such PaymentMethod: 'pm_1'", "no such payment method"),
        ("invalid", "Payment methods of type ideal cannot be saved to customers.", "pays once"),
        ("invalid", "Something new.", "Stripe does not save this payment method."),
    ],
)  # fmt: skip
def test_each_reason_of_stripes_has_its_sentence(code: str, message: str, words: str) -> None:
    refused = StripeRefused(stripe_code=code)
    refused.details = {"stripe_status": "400", "stripe_message": message}
    refusal: Any = attach_refusal(refused)
    assert words in refusal.message
    assert refusal.facts == {"stripe_code": code}


def test_nobody_hears_that_a_card_is_thought_to_be_stolen_and_the_chat_knows_every_reason() -> None:
    assert not DECLINE_SENTENCES.keys() & set(SILENT)
    assert not keys.DECLINES.keys() & set(SILENT)
    without = {"payment_method_provider_decline"}  # the chat's general sentence says that
    assert DECLINE_SENTENCES.keys() - keys.DECLINES.keys() == without

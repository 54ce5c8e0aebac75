"""A tap that waited at Telegram while the bot was away moves nothing: its question is asked again.

The local Telegram takes no answer to a tap after `answer_within` seconds, in the words of the real
one. Set to almost nothing, every tap comes too late.
"""

import asyncio
from typing import Any

import pytest

from bot.telegram.routing import DOUBLE_TAP_SECONDS
from tests.backend.conftest import ANA, System
from tests.backend.subscriptions.test_subscriptions import has_balance, until
from tests.bot.conftest import Person, backend_url, buttons, client, system, telegram
from tests.bot.payments.test_charges import WAYS, Connection, ana, ben, remove_all, saved
from tests.bot.subscriptions.test_subscriptions import begin

__all__ = ["ana", "backend_url", "ben", "client", "system", "telegram"]

Json = dict[str, Any]
LATE = "Your tap arrived too late, so I did nothing. Tap again if you still want it."


async def taps_come_too_late(system: System) -> None:
    await system.sandbox("POST", "/telegram/faults", answer_within=0.001)


async def taps_come_in_time(system: System) -> None:
    await system.sandbox("POST", "/telegram/faults", answer_within=15)


async def nothing_repeated(ana: Person, message: Json, data: str) -> None:
    """The tap comes late, and is done with by the time that /help is answered."""
    await asyncio.sleep(DOUBLE_TAP_SECONDS)  # sooner, it would be the second half of a double tap
    before = [shown for shown in await ana.chat() if LATE in shown]
    await ana.taps_old(message, data)
    await ana.writes("/help")
    await ana.sees("/paysupport")
    assert [shown for shown in await ana.chat() if LATE in shown] == before


async def payment_question(system: System, ana: Person) -> Json:
    await saved(system)
    await ana.writes("/topup 40")
    return await ana.sees(WAYS)


async def test_a_late_tap_on_a_card_charges_nothing_and_the_next_in_time_does_once(
    system: System, ana: Person, owner: Connection
) -> None:
    ways = await payment_question(system, ana)
    await taps_come_too_late(system)
    for _ in range(2):  # the second changes nothing in the message
        assert not (await ana.taps(ways, "Pay with Visa •••• 4242", wait=0.5))["answered"]
    again = await ana.sees(LATE)
    assert (again["message_id"], buttons(again)) == (ways["message_id"], buttons(ways))
    assert await owner.fetchval("select count(*) from payments") == 0
    await taps_come_in_time(system)
    assert (await ana.taps(again, "Pay with Visa •••• 4242"))["answered"]
    paid = await ana.sees("New balance: €40.00")
    assert paid["message_id"] == ways["message_id"]
    assert await owner.fetchval("select count(*) from payments") == 1


async def test_a_late_second_tap_does_not_ask_again_for_what_the_first_paid(
    system: System, ana: Person, owner: Connection
) -> None:
    """Also what happens where a tap is handed out twice, because the bot died in between."""
    ways = await payment_question(system, ana)
    await ana.taps(ways, "Pay with Visa •••• 4242")
    await ana.sees("New balance: €40.00")
    await taps_come_too_late(system)
    key = f"1001:{ways['message_id']}:topup"
    begun = await system.client.get_key_result(ANA, key)
    assert begun.payment_id == await owner.fetchval("select id from payments")
    await nothing_repeated(ana, ways, buttons(ways)["Pay with Visa •••• 4242"])
    assert [shown for shown in await ana.chat() if "New balance: €40.00" in shown]
    assert await owner.fetchval("select count(*) from payments") == 1


async def test_a_late_tap_sends_nothing_back(
    system: System, ana: Person, owner: Connection
) -> None:
    ways = await payment_question(system, ana)
    await ana.taps(ways, "Pay with Visa •••• 4242")
    paid = await ana.sees("New balance: €40.00")
    await ana.taps(paid, "Refund")
    sure = await ana.sees("Refund €40.00 to")
    await taps_come_too_late(system)
    await ana.taps(sure, "Refund €40.00", wait=0.1)
    again = await ana.sees(LATE)
    assert (again["message_id"], buttons(again)) == (sure["message_id"], buttons(sure))
    assert await owner.fetchval("select count(*) from refunds") == 0
    await taps_come_in_time(system)
    await ana.taps(again, "Refund €40.00")
    await ana.sees("Refunded.")
    await taps_come_too_late(system)
    await nothing_repeated(ana, sure, buttons(sure)["Refund €40.00"])
    assert await owner.fetchval("select count(*) from refunds") == 1


async def test_late_taps_neither_begin_nor_change_pause_or_end_a_recurring_topup(
    system: System, ana: Person, owner: Connection
) -> None:
    message = await begin(system, ana)
    state = "select (status, amount)::text from subscriptions"
    before = await owner.fetchval(state)
    await taps_come_too_late(system)
    await ana.taps(message, "Pause", wait=0.1)
    await ana.sees(LATE)
    await ana.taps(message, "Change amount", wait=0.1)
    question = await ana.sees("Type the new amount")
    await ana.writes("40")
    sure = await ana.sees("from €25.00 to €40.00 every month?")
    assert await owner.fetchval(state) == before  # words alone bind nothing
    await ana.taps(sure, "Change to €40.00", wait=0.1)
    assert "Change to €40.00" in buttons(await ana.sees(LATE))
    await ana.taps(question, "Back", wait=0.1)
    await ana.taps(await ana.sees("every month, active"), "End", wait=0.1)
    await ana.taps(await ana.sees("End the recurring top-up"), "End it", wait=0.1)
    ending = await ana.sees(LATE)
    assert "End it" in buttons(ending)
    assert await owner.fetchval(state) == before
    await saved(system)
    await ana.writes("/recurring")
    await ana.taps(await ana.sees("recurring top-ups"), "New: every week", wait=0.1)
    await ana.taps(await ana.sees("every week?"), "€25.00", wait=0.1)
    ways = await ana.sees("€25.00 every week for Acme: how")
    card = next(label for label in buttons(ways) if label.startswith("Pay with"))
    await ana.taps(ways, card, wait=0.1)
    again = await ana.sees(LATE)
    assert buttons(again) == buttons(ways)
    assert await owner.fetchval("select count(*) from subscriptions") == 1
    await taps_come_in_time(system)
    await ana.taps(again, card)
    await ana.sees("€25.00 every week, active")
    await until(system, lambda: has_balance(system, 5000))
    await taps_come_too_late(system)
    await nothing_repeated(ana, ways, buttons(ways)[card])
    assert await owner.fetchval("select count(*) from subscriptions") == 2
    await taps_come_in_time(system)
    await ana.taps(ending, "End it")
    await ana.sees("It has ended.")


async def test_late_taps_leave_the_cards_as_they_are(
    system: System, ana: Person, owner: Connection
) -> None:
    await saved(system, "mastercard")
    await saved(system)
    cards = "select last_four, is_default, is_active from payment_methods order by 1"
    before = await owner.fetch(cards)
    await ana.writes("/cards")
    shown = await ana.sees("Mastercard")
    await taps_come_too_late(system)
    await ana.taps(shown, "Mastercard •••• 4444", wait=0.1)
    card = await ana.sees("Mastercard •••• 4444")
    default = "Make default"
    await ana.taps(card, default, wait=0.1)
    again = await ana.sees(LATE)
    await ana.taps(again, "Remove", wait=0.1)
    sure = await ana.sees("Remove Mastercard")
    await ana.taps(sure, "Remove", wait=0.1)
    sure = await ana.sees(LATE)
    assert "Remove" in buttons(sure)
    assert await owner.fetch(cards) == before
    await taps_come_in_time(system)
    await ana.taps(sure, "Back")
    await ana.taps(await ana.sees("Mastercard •••• 4444"), default)
    await ana.sees("Mastercard •••• 4444, the default")
    assert await owner.fetchval("select last_four from payment_methods where is_default") == "4444"


@pytest.mark.parametrize(
    ("fault", "paid"),
    [
        ({"too_many_requests": {"retry_after": 1}}, True),
        ({"too_many_requests": {"retry_after": 1, "next": 2}}, False),
        ({"too_many_requests": {"retry_after": 60}}, False),
        ({"server_error": {"code": 502}}, True),
        ({"server_error": {"code": 502, "next": 2}}, False),
        ({"refused": {"code": 404}}, True),
        ({"refused": {"code": 404, "next": 2}}, False),
        ({"garbled": {}}, False),  # it was answered, and nobody knows
        ({"timeout_after_delivery": {"seconds": 0}}, False),
    ],
)
async def test_money_moves_only_after_telegram_has_confirmed_the_tap(
    system: System, ana: Person, owner: Connection, fault: Json, paid: bool
) -> None:
    ways = await payment_question(system, ana)
    [(name, terms)] = fault.items()
    terms = terms | {"methods": ["answerCallbackQuery"]}
    await system.sandbox("POST", "/telegram/faults", **{name: terms})
    await ana.taps(ways, "Pay with Visa •••• 4242", wait=0.1)
    await ana.sees("New balance: €40.00" if paid else LATE)
    assert await owner.fetchval("select count(*) from payments") == int(paid)


async def test_a_message_that_is_gone_is_asked_anew(
    system: System, ana: Person, owner: Connection
) -> None:
    ways = await payment_question(system, ana)
    await taps_come_too_late(system)
    stranger = ways | {"message_id": 999_999}
    await ana.taps_old(stranger, buttons(ways)["Pay with Visa •••• 4242"])
    again = await ana.sees(LATE)
    assert again["message_id"] != ways["message_id"]
    assert buttons(again) == buttons(ways)
    assert await owner.fetchval("select count(*) from payments") == 0


async def test_a_card_that_is_gone_by_then_leads_to_a_new_question(
    system: System, ana: Person
) -> None:
    ways = await payment_question(system, ana)
    await remove_all(system)
    await taps_come_too_late(system)
    await ana.taps(ways, "Pay with Visa •••• 4242", wait=0.1)
    assert list(buttons(await ana.sees(LATE))) == ["Top up"]


async def test_nobody_learns_what_began_under_somebody_elses_key(
    system: System, ana: Person, owner: Connection
) -> None:
    ways = await payment_question(system, ana)
    await ana.taps(ways, "Pay with Visa •••• 4242")
    await ana.sees("New balance: €40.00")
    begun = await system.client.get_key_result(1002, f"1001:{ways['message_id']}:topup")
    assert set(begun.model_dump().values()) == {None}

"""What is confirmed is what moves: other currencies, the other language, and buttons of before."""

import json
from typing import Any

from tests.backend.conftest import ANA, System
from tests.bot.conftest import buttons, system
from tests.bot.payment_methods.test_cards import ana, ben, save
from tests.cases.test_confirmed_amounts import VISA, Setup, setup

__all__ = ["ana", "ben", "setup", "system"]

Json = dict[str, Any]


async def test_yen_have_no_decimals_and_ten_thousand_is_never_ten(
    setup: Setup,
) -> None:
    ana = setup.ana
    await ana.writes("/topup 100,000 jpy")
    await ana.sees("That could mean ¥100,000 or ¥100. Type 100000 or 100.")
    assert await setup.row_counts() == [0, 0, 0]
    await ana.writes("/topup 100000 jpy")
    await save(setup.system, await ana.sees("Add ¥100,000 to Acme."))
    await ana.taps(await ana.sees("Ana added ¥100,000 to Acme."), "Refund")
    await ana.taps(await ana.sees("Refund ¥100,000 to"), "Other amount")
    await ana.sees("at most ¥100,000")
    await ana.writes("10,000")
    await ana.sees("That could mean ¥10,000 or ¥10. Type 10000 or 10.")
    await ana.writes("10000")
    await ana.taps(await ana.sees("Refund ¥10,000 to Ana"), "Refund ¥10,000")
    await ana.sees("Refunded. ¥10,000 from Acme")
    assert await setup.sent_back() == (10_000, "jpy")
    await ana.writes("/topup 5000jpy")
    await ana.taps(await ana.sees("Add ¥5,000 to Acme: how"), VISA)
    await ana.sees("Ana added ¥5,000 to Acme.")
    assert await setup.charged() == (5000, "jpy")


async def test_three_decimals_are_three_decimals(setup: Setup) -> None:
    ana = setup.ana
    for text in ("1.000 kwd", "1,000 kwd", "1 kwd"):
        await ana.writes(f"/topup {text}")
        link = await ana.sees("KWD\u00a01.000 to Acme.")
        assert await charge_of(setup, link) == (1000, "kwd")


async def charge_of(setup: Setup, link: Json) -> tuple[int | None, str | None]:
    """What the page behind a link asks for."""
    session = link["text"].rpartition("/pay/")[2].split()[0]
    page = await setup.system.services.stripe.get_session(session)
    return page.amount_total, page.currency


async def test_in_russian_the_question_names_the_same_amounts(setup: Setup) -> None:
    ana = setup.ana
    await ana.writes("/settings language ru")
    await ana.sees("Язык: ")
    await ana.writes("/topup 1,000")
    await ana.sees(
        "Это можно понять и как 1\u00a0000,00\u00a0€, и как 1,00\u00a0€. Напишите 1000.00 или 1.00."
    )
    await ana.writes("/topup 1 234,50")
    ways = await ana.sees("на 1\u00a0234,50\u00a0€: как заплатить?")
    await ana.taps(ways, next(label for label in buttons(ways) if "4242" in label))
    await ana.sees("пополнен на 1\u00a0234,50\u00a0€.")
    assert await setup.charged() == (123_450, "eur")


async def test_a_button_that_carries_two_amounts_is_too_old(setup: Setup) -> None:
    """Buttons of before carried what was typed."""
    ana = setup.ana
    paid = await setup.paid("5000")
    before = await setup.row_counts()
    payment = next(data for data in buttons(paid).values() if data.startswith("refund:"))
    await ana.writes("/topup 1000")
    ways = await ana.sees("Add €1,000.00 to Acme: how do you want to pay?")
    datas = [data.replace(":1000.00", ":1.000") for data in buttons(ways).values()]
    datas += [payment.replace("refund:", "refund_now:") + ":1.000"]
    datas += [data.replace("page:", "pay:") for data in datas if data.startswith("page:")]
    organization = next(data.split(":")[1] for data in datas if data.startswith("with:"))
    datas += [f"go_link:{organization}:m:1.000:abcdef"]
    assert len(datas) == 5
    for data in datas:
        keyboard = {"inline_keyboard": [[{"text": "Old", "callback_data": data}]]}
        await plant(setup.system, ways["message_id"], keyboard)
        text = (await ana.taps(await ana.sees("An old message"), "Old"))["text"]
        if not text:  # a tap that moves money is answered first, and told in a message
            text = (await ana.sees("too old"))["text"]
        assert "too old" in text
    assert await setup.row_counts() == before


async def plant(system: System, message_id: int, keyboard: Json) -> None:
    """The bot's message, as an earlier version of it left it behind."""
    text, shown = f"An old message {keyboard}", json.dumps(keyboard)
    form = {"chat_id": ANA, "message_id": message_id, "text": text, "reply_markup": shown}
    url = f"{system.sandbox_url}/bot1:sandbox/editMessageText"
    async with system.http.post(url, data=form) as answer:
        assert answer.status == 200, await answer.text()

"""What people type in the chat, and copy out of it: amounts with their currency, quiet hours."""

import json
from contextlib import suppress
from datetime import time
from typing import Any

import pytest
from hypothesis import given, strategies as some

from backend.schemas import CURRENCIES, CURRENCY_MARKS, AmountError, currency_of, read_money
from bot.locales.texts import load_texts
from bot.payments.lists import payment_label
from tests.backend.conftest import ANA, System, token
from tests.bot.conftest import Person, buttons, system
from tests.bot.fake_backend import payment
from tests.bot.fake_backend.examples import euros
from tests.bot.payment_methods.test_cards import Connection, ana, ben

__all__ = ["ana", "ben", "system"]

NBSP, NARROW = "\u00a0", "\u202f"


async def payments(owner: Connection) -> list[tuple[int, str]]:
    """What was asked for so far, in minor units, the oldest first."""
    rows = await owner.fetch("select amount, currency from payments order by created_at")
    return [tuple(row) for row in rows]


async def test_after_topup_a_plain_message_is_the_amount(
    system: System, ana: Person, owner: Connection
) -> None:
    await ana.writes("/topup")
    await ana.sees("Tap an amount or type it.")
    await ana.writes("lots")
    await ana.sees("I cannot read that amount.")
    await ana.writes("1.234")
    await ana.sees("That could mean €1,234.00 or €1.234.")
    await ana.writes("1.234,50")
    link = await ana.sees("€1,234.50")
    assert "Pay €1,234.50" in buttons(link) or "€1,234.50" in link["text"]
    assert await payments(owner) == [(123_450, "eur")]
    await ana.writes("50")  # the question is answered
    await ana.sees("I did not understand that.")
    assert len(await payments(owner)) == 1


@pytest.mark.parametrize("language", ["en", "ru"])
def test_an_amount_below_zero_breaks_at_no_minus_and_reads_back(language: str) -> None:
    taken_back = payment(money=euros(-500))
    label = payment_label(taken_back, load_texts().translator(language), by_day=False)
    amount = label.partition("UTC ")[2]
    assert amount[:2] == "-\u2060"
    assert read_money(amount, "eur") == taken_back.money
    assert currency_of(amount, "usd") == "eur"


async def test_a_tap_and_a_command_end_the_question_of_topup(
    system: System, ana: Person, owner: Connection
) -> None:
    await ana.writes("/topup")
    offer = await ana.sees("Tap an amount or type it.")
    await ana.taps(offer, "€10.00")
    await ana.sees("Add €10.00 to Acme.")
    await ana.writes("50")
    await ana.sees("I did not understand that.")
    await ana.writes("/topup")
    await ana.writes("/balance")
    await ana.writes("60")
    assert await payments(owner) == [(1_000, "eur")]


@pytest.mark.parametrize(
    ("typed", "amount"),
    [
        ("€50.00", (5_000, "eur")),
        (f"50,00{NBSP}€", (5_000, "eur")),
        ("50 €", (5_000, "eur")),
        (f"1{NBSP}000,00{NBSP}€", (100_000, "eur")),
        (f"1{NARROW}000,00{NARROW}€", (100_000, "eur")),
        ("1,234.50", (123_450, "eur")),
        ("EUR 50", (5_000, "eur")),
        ("$50", (5_000, "usd")),
        ("50 usd", (5_000, "usd")),
        (f"KWD{NBSP}1.000", (1_000, "kwd")),
        ("NT$50", (5_000, "twd")),
    ],
)
async def test_an_amount_is_typed_as_people_and_we_write_it(
    system: System, ana: Person, owner: Connection, typed: str, amount: tuple[int, str]
) -> None:
    await ana.writes(f"/topup {typed}")
    await ana.sees("Pay ")
    assert await payments(owner) == [amount]


async def test_what_is_no_amount_of_one_currency_moves_nothing(
    system: System, ana: Person, owner: Connection
) -> None:
    for typed, answer in (
        ("50 ₽", "That currency cannot be used here"),
        ("50 kr", "I cannot read that amount."),  # four currencies have it
        ("50 rub", "That currency cannot be used here"),
        ("€50 usd", "I cannot read that amount."),
        ("€1.000", "That could mean €1,000.00 or €1.00."),
        ("50 apples", "I cannot read that amount."),
    ):
        await ana.writes(f"/topup {typed}")
        await ana.sees(answer)
        assert await payments(owner) == [], typed


def test_each_currency_has_its_marks_and_none_of_them_is_a_code() -> None:
    assert CURRENCY_MARKS.keys() == CURRENCIES.keys()
    for code, marks in CURRENCY_MARKS.items():
        assert not marks & CURRENCIES.keys()
        for mark in marks:
            assert currency_of(f"{mark.upper()} 50", code) == code
            assert read_money(f"50 {mark}", code).amount_minor > 0


@given(some.text(), some.sampled_from(sorted(CURRENCIES)))
def test_any_text_is_an_amount_or_is_refused(text: str, default: str) -> None:
    currency = currency_of(text, default)
    with suppress(AmountError):  # any other error is a failure
        assert read_money(text, currency).currency == currency


async def settings(system: System, **changes: Any) -> tuple[int, Any]:
    """PATCH /api/me/settings as Ana: status and body."""
    headers = {"Authorization": f"Bearer {token(sub=str(ANA))}", "Content-Type": "application/json"}
    url = f"{system.url}/api/me/settings"
    async with system.http.patch(url, data=json.dumps(changes), headers=headers) as answer:
        return answer.status, await answer.json()


async def test_hours_of_which_a_part_would_be_dropped_are_refused(
    system: System, owner: Connection
) -> None:
    for begin, end in (
        ("22:00:30+05:00", "07:00Z"),
        ("22:00+05:00", "07:00"),
        ("22:00", "07:00Z"),
        ("22:00:30", "07:00"),
        (79200, "07:00"),
        ("22:00", None),
        ("24:00", "07:00"),
        ("7:00", "22:00\n"),
        ("PT1H", "07:00"),
    ):
        status, body = await settings(system, quiet_hours={"begin": begin, "end": end})
        assert (status, body["error"]["code"]) == (400, "invalid_request"), (begin, end)
        assert "quiet_hours" in body["error"]["message"]
    query = "select count(*) from private.users where quiet_from is not null"
    assert await owner.fetchval(query) == 0


async def test_hours_on_the_clock_are_taken_and_answered(system: System) -> None:
    for begin in ("22:30", "22:30:00"):
        status, body = await settings(system, quiet_hours={"begin": begin, "end": "00:00"})
        assert (status, body["quiet_hours"]) == (200, {"begin": "22:30:00", "end": "00:00:00"})


async def test_the_database_drops_no_part_of_the_hours_either(owner: Connection) -> None:
    for written in ("22:00:30", "22:00+05", "24:00", "now", "22:00Z"):
        with pytest.raises(Exception, match="HH:MM"):
            await owner.fetchval("select private.clock_time($1)", written)
    assert await owner.fetchval("select private.clock_time('22:30:00')") == time(22, 30)


QUIET_HOURS = {
    "22-24": "22:00-00:00",
    "0-24": "00:00-00:00",
    "22.30-07.15": "22:30-07:15",
    "22:30 \u2014 7": "22:30-07:00",
    "22:30\u20137:15": "22:30-07:15",
    "22:30\u22127": "22:30-07:00",
    "2230-0715": "22:30-07:15",
    "22h30-7h": "22:30-07:00",
    "10pm-8am": "22:00-08:00",
    "12 am - 12 pm": "00:00-12:00",
    "from 22 to 7": "22:00-07:00",
    "с 22 до 7": "22:00-07:00",
    "Off": "off",
}


async def test_quiet_hours_are_typed_as_people_write_them(ana: Person) -> None:
    for typed, shown in QUIET_HOURS.items():
        await ana.writes(f"/settings quiet {typed}")
        await ana.sees(f"Quiet hours: {shown}\n")


async def test_hours_on_no_clock_are_refused_with_an_example(ana: Person) -> None:
    for typed in ("22-25", "24:30-7", "22:60-7", "13pm-7", "0am-7", "22-7-8", "22"):
        await ana.writes(f"/settings quiet {typed}")
        await ana.sees("I did not understand that.")

"""/history pages inside one message; /export sends a month as a file, or says that it is empty."""

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import cast

import pytest

from bot.locales.texts import load_texts
from bot.telegram.context import BotContext
from bot.wallets.export import file_language, last_months
from tests.bot.conftest import Person, buttons
from tests.bot.fake_backend import (
    ACME,
    BEN,
    NOON,
    FakeBackend,
    euros,
    membership,
    payment,
    statement,
    topups,
)

IRA = 1004
THIS_MONTH = f"{datetime.now(UTC):%Y-%m}"


@pytest.fixture
def backend(backend: FakeBackend) -> FakeBackend:
    """With 20 movements, the newest two on May 17."""
    moments = [NOON - timedelta(hours=6 * hours) for hours in range(20)]
    transactions = topups(*(moment.isoformat() for moment in reversed(moments)))
    return FakeBackend(memberships=backend.memberships, transactions=transactions)


async def test_history_turns_its_pages_inside_one_message(
    ana: Person, backend: FakeBackend
) -> None:
    await ana.writes("/history")
    first = await ana.sees("Acme: movements in EUR")
    lines = first["text"].splitlines()
    assert lines[:4] == [
        "Acme: movements in EUR",
        "",
        "May 17, 2026",
        "12:00 UTC  +€50.00 by Ana, balance €1,000.00",
    ]
    assert first["text"].count("€50.00") == 8
    assert list(buttons(first))[-3:] == ["Older »", "Open payments", "Export"]
    await ana.taps(first, "Older »")
    second = await ana.sees("balance €600.00")
    assert second["message_id"] == first["message_id"]
    backend.transactions += topups(NOON.isoformat())  # comes in meanwhile, and moves no page
    await ana.taps(second, "Older »")
    third = await ana.sees("balance €50.00")
    assert "« Newer" in buttons(third)
    assert third["text"].count("by Ana") == 4
    await ana.taps(third, "« Newer")
    back = await ana.sees("balance €600.00")
    assert back["text"] == second["text"]
    assert back["message_id"] == first["message_id"]


async def test_open_payments_are_one_tap_away_and_one_back(
    ana: Person, backend: FakeBackend
) -> None:
    await ana.writes("/history")
    shown = await ana.sees("movements in EUR")
    await ana.taps(shown, "Open payments")
    shown = await ana.sees("There are no open payments.")
    await ana.taps(shown, "Movements")
    shown = await ana.sees("movements in EUR")
    backend.listed_payments = [payment(status="processing"), payment(status="succeeded")]
    await ana.taps(shown, "Open payments")
    shown = await ana.sees("12:00 UTC  €50.00 by Ana: being processed, reference AB12")
    assert shown["text"].count("AB12") == 1
    assert len(buttons(shown)["Older »"]) == 62  # the longest there is


async def test_times_are_those_of_the_readers_clock(ana: Person, backend: FakeBackend) -> None:
    backend.settings[1001] = {"time_zone": "Pacific/Auckland"}
    await ana.writes("/history")
    assert "May 18, 2026\n00:00  +€50.00" in (await ana.sees("movements in EUR"))["text"]


async def test_an_empty_history_says_what_to_do(
    ana: Person, ben: Person, eve: Person, backend: FakeBackend
) -> None:
    backend.transactions.clear()
    for person, sentence in (
        (ana, "No money has moved here yet. To add some, type /topup 50."),
        (ben, "Only an admin or higher can add some."),
        (eve, "You are not in any organization here yet."),
    ):
        await person.writes("/history")
        await person.sees(sentence)


async def test_each_wallet_has_a_history(ana: Person, backend: FakeBackend) -> None:
    [own] = backend.memberships[1001]
    dollars = own.wallets[0].model_copy(
        update={"balance": euros(5).model_copy(update={"currency": "usd"})}
    )
    backend.memberships[1001] = [own.model_copy(update={"wallets": [*own.wallets, dollars]})]
    await ana.writes("/history")
    await ana.taps(await ana.sees("movements in EUR"), "In USD")
    assert "In EUR" in buttons(await ana.sees("movements in USD"))


async def test_who_left_sees_no_more_pages_and_no_more_files(
    ben: Person, backend: FakeBackend
) -> None:
    await ben.writes("/history")
    shown = await ben.sees("movements in EUR")
    backend.memberships[BEN] = []
    for label in ("Older »", "Open payments", "Export"):
        answered = await ben.taps(shown, label)
        assert "I cannot find that" in answered["text"]
    assert len(await ben.chat()) == 1


async def test_export_asks_for_the_month_and_sends_it_as_a_file(
    ana: Person, backend: FakeBackend
) -> None:
    backend.statements[THIS_MONTH, "eur"] = statement(THIS_MONTH)
    await ana.writes("/export")
    question = await ana.sees("Which month of Acme?")
    assert len(buttons(question)) == 4
    assert next(iter(buttons(question))) == f"{datetime.now(UTC):%B %Y}"
    await ana.taps(question, next(iter(buttons(question))))
    sent = await ana.sees("Closing balance: €60.00")
    assert sent["document"]["file_name"] == f"acme-{THIS_MONTH}-eur.csv"
    assert "Opening balance: €10.00" in sent["caption"]
    assert "1 movement\n" in sent["caption"]
    address = f"{ana.telegram.url}/telegram/files/{sent['document']['file_id']}"
    async with ana.telegram.http.get(address) as answer:
        file = await answer.read()
    assert file.decode() == backend.statements[THIS_MONTH, "eur"].csv


async def test_a_month_can_be_typed_and_an_empty_one_tells_the_balance(
    ana: Person, backend: FakeBackend
) -> None:
    for empty, sentence in (
        ("not_begun", "March 2026 has not started yet. The balance of Acme is €60.00."),
        ("before_first", "Nothing had moved in Acme by the end of March 2026."),
        ("nothing_moved", "Nothing moved in Acme in March 2026. The balance was €60.00"),
    ):
        backend.statements["2026-03", "eur"] = statement("2026-03", empty=empty, movements=0)
        await ana.writes("/export 2026-03")
        assert "document" not in await ana.sees(sentence)
    for nonsense in ("March", "2026-13", "2026-3", "<b>"):
        await ana.writes(f"/export {nonsense}")
        await ana.sees(f"I cannot read that month. Type it like this: /export {THIS_MONTH}.")


async def test_every_wallet_has_a_file_of_its_own(ana: Person, backend: FakeBackend) -> None:
    own = membership(ACME, "Acme", "owner")
    dollars = own.wallets[0].model_copy(
        update={"balance": euros(5).model_copy(update={"currency": "usd"})}
    )
    backend.memberships[1001] = [own.model_copy(update={"wallets": [*own.wallets, dollars]})]
    for currency in ("eur", "usd"):
        made = statement("2026-03", file_name=f"acme-2026-03-{currency}.csv")
        backend.statements["2026-03", currency] = made
    await ana.writes("/export 2026-03")
    for currency in ("eur", "usd"):
        await ana.sees(f"acme-2026-03-{currency}.csv")


def test_the_last_months_reach_back_over_the_year() -> None:
    assert last_months("2026-02") == ["2026-02", "2026-01", "2025-12", "2025-11"]


async def test_a_file_can_be_had_with_other_separators_and_in_ones_own_language(
    ana: Person, ira: Person, backend: FakeBackend
) -> None:
    backend.memberships[IRA] = backend.memberships[1001]
    backend.statements["2026-03", "eur"] = statement("2026-03", file_name="ооо-ромашка.csv")
    await ana.writes("/export 2026-03")
    sent = await ana.sees("Closing balance")
    assert sent["document"]["file_name"] == "ооо-ромашка.csv"
    await ana.taps(sent, "With semicolons")
    await ana.sees("Closing balance")
    await ana.writes("/export 2026-03 plain")
    await ana.sees("Closing balance")
    await ira.writes("/export 2026-03")
    await ira.sees("Баланс в конце")
    forms = [(query.language, query.separators) for query in backend.statement_queries]
    assert forms == [("en", None), ("en", "semicolon"), (None, None), ("ru", None)]
    backend.statements["2026-03", "eur"] = statement("2026-03", csv="\ufeffWhat;When\r\n")
    await ira.writes("/export 2026-03")
    await ira.taps(await ira.sees("Баланс в конце"), "Простой CSV: запятые и точки")
    await ira.sees("Баланс в конце")
    assert backend.statement_queries[-1].language is None
    await ana.writes("/export 2026-03 xlsx")
    await ana.sees("I cannot read that month.")


@pytest.mark.parametrize(
    ("client", "expected"), [("de", "de"), ("de-CH", "de-ch"), ("ru", "ru"), ("en-GB", "en")]
)
def test_the_file_follows_the_region_of_a_client_in_another_language(
    client: str, expected: str
) -> None:
    texts = load_texts()
    speaker = SimpleNamespace(language_code=client)
    context = SimpleNamespace(
        translator=texts.translator(client), speaker=speaker, bot_data=SimpleNamespace(texts=texts)
    )
    assert file_language(cast(BotContext, context)) == expected

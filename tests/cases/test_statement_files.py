"""A month as a file: in the reader's language and with its separators, and every text stays one."""

import csv
import io
from datetime import UTC, datetime
from urllib.parse import unquote
from uuid import UUID

import pytest
from babel import Locale
from hypothesis import given, strategies as some

from backend.wallets.file_names import content_disposition, statement_file_name
from backend.wallets.spreadsheet_cells import is_converted, text_cell
from backend.wallets.statement_csv import COLUMNS
from backend.wallets.statement_format import STATEMENT_TEXTS, statement_format
from tests.backend.conftest import BEN, System, token
from tests.backend.payments.test_charges import charge, saved
from tests.cases.stripe_objects import Connection, paid

ID = UUID("3f2a91c0-0000-4000-8000-000000000000")


async def download(system: System, month: str, **query: str) -> tuple[str, str]:
    """The file of this month, as Ben downloads it, and the header with its name."""
    url = f"{system.url}/api/organizations/{system.world.acme}/statement"
    headers = {"Authorization": f"Bearer {token(sub=str(BEN))}"}
    async with system.http.get(url, params={"month": month} | query, headers=headers) as answer:
        assert answer.status == 200, await answer.text()
        body = (await answer.read()).decode()
        return body, answer.headers["Content-Disposition"]


@pytest.fixture
async def month(system: System) -> str:
    """A payment of EUR 1,234.50; the month that it is in."""
    await paid(system, amount="1234.50")
    return f"{datetime.now(UTC):%Y-%m}"


@pytest.mark.parametrize(
    ("query", "header", "line"),
    [
        ({}, "Time (UTC),What,Amount,Balance,Currency,", ",Top-up,1234.50,1234.50,EUR,Ana,"),
        ({"language": "en"}, "Time (UTC),What,Amount,", ",Top-up,1234.50,1234.50,EUR,Ana,"),
        ({"language": "ru"}, "Время (UTC);Операция;Сумма;", ";Пополнение;1234,50;1234,50;EUR;Ana;"),
        ({"language": "ru-ru"}, "Время (UTC);", ";Пополнение;1234,50;"),
        ({"language": "de"}, "Time (UTC);What;Amount;", ";Top-up;1234,50;1234,50;EUR;Ana;"),
        ({"language": "de-ch"}, "Time (UTC),What,", ",Top-up,1234.50,"),
        ({"language": "zz"}, "Time (UTC),What,", ",Top-up,1234.50,"),
        ({"separators": "semicolon"}, "Time (UTC);What;", ";Top-up;1234,50;"),
        ({"language": "ru", "separators": "comma"}, "Время (UTC),", ",Пополнение,1234.50,"),
    ],
)
async def test_the_file_is_the_readers(
    system: System, month: str, query: dict[str, str], header: str, line: str
) -> None:
    text, _ = await download(system, month, **query)
    assert text.startswith(f"\ufeff{header}")
    assert line in text.splitlines()[2]
    delimiter = ";" if ";" in header else ","
    rows = list(csv.reader(io.StringIO(text.removeprefix("\ufeff")), delimiter=delimiter))
    assert {len(row) for row in rows} == {len(COLUMNS)}
    assert text.endswith("\r\n")


@pytest.mark.parametrize("query", [{"language": "DE"}, {"language": "x" * 9}, {"separators": ";"}])
async def test_a_form_that_is_none_is_refused(system: System, query: dict[str, str]) -> None:
    url = f"{system.url}/api/organizations/{system.world.acme}/statement?month=2026-11"
    headers = {"Authorization": f"Bearer {token(sub=str(BEN))}"}
    async with system.http.get(url, params=query, headers=headers) as answer:
        assert answer.status == 400


async def test_names_and_references_of_people_stay_texts(
    system: System, month: str, owner: Connection
) -> None:
    await owner.execute("update private.users set name = 'Ana;=1+1' where telegram_id = 1001")
    await saved(system)
    await system.sandbox("POST", "/stripe/faults", drop=False)
    for order in ("=INV-0001", "0012345678", "1234567E12"):
        charged = await charge(system, order, amount="9", reference=order)
        await system.until(charged["id"], lambda seen: seen.status == "succeeded")
    text, _ = await download(system, month, language="ru")
    rows = list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff")), delimiter=";"))
    charges = rows[2:5]
    assert [row["Номер заказа"] for row in charges] == [
        "'=INV-0001", "'0012345678", "'1234567E12",
    ]  # fmt: skip
    assert {row["Кто платил"] for row in charges} == {"Ana;'=1+1"}
    assert '"Ana;\'=1+1"' in text
    for row in charges:
        assert row["Объект в Stripe"] == row["Платёж в Stripe"]
        assert row["Объект в Stripe"].startswith("pi_")
        assert len(row["Кто сделал (id)"]) == 36


CONVERTED = [
    "0012345678", "1234567E12", "1.5", "1,5", "1/2", "3-4", "2026-11", "2026.11.30", "10:30",
    "10:30 PM", "50%", "€50", "(5)", "MAR-1", "1-MAR", "mar 2026", "5 мая", "ДЕК-12", "12. Dez",
    "TRUE", "ложь",
]  # fmt: skip
TEXTS = [
    "INV-0001", "P-0012345678", "Ana", "May", "12 Monkeys", "A1", "E5",
    "pi_3MtwBwLkdIwHu7ix28a3tqPa",
    "3f2a91c0-0000-4000-8000-000000000000", "a=b", "Section 5", "",
]  # fmt: skip


@pytest.mark.parametrize("text", CONVERTED)
def test_what_a_spreadsheet_takes_for_something_else_is_marked_as_a_text(text: str) -> None:
    assert is_converted(text, "ru")
    [row] = csv.reader([text_cell(text, "ru")])
    assert row == [f"'{text}"]


@pytest.mark.parametrize("text", TEXTS)
def test_other_texts_stay_as_they_are(text: str) -> None:
    assert text_cell(text, "ru") == text


@given(some.text(), some.sampled_from([",", ";", "\t", "|"]))
def test_no_text_begins_a_formula_or_a_cell_of_its_own(text: str, delimiter: str) -> None:
    cell = text_cell(text, "en")
    line = f"first{delimiter}{cell}{delimiter}last"
    [row] = csv.reader(io.StringIO(line, newline=""), delimiter=delimiter)
    assert (row[0], row[-1], len(row)) == ("first", "last", 3)
    assert not row[1].startswith(("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠"))
    for other in ",;|\t":  # opened by a program with another separator
        assert not any(piece.startswith(("=", "@")) for piece in row[1].split(other)[1:])


@pytest.mark.parametrize("language", sorted(STATEMENT_TEXTS))
def test_each_language_has_all_texts(language: str) -> None:
    texts, english = STATEMENT_TEXTS[language], STATEMENT_TEXTS["en"]
    assert {name: part.keys() for name, part in texts.items()} == {
        name: part.keys() for name, part in english.items()
    }
    assert set(texts["columns"]) == set(COLUMNS)
    for part in texts.values():
        assert all(part.values())
    assert Locale(language)
    assert statement_format(language, None).texts is texts


@pytest.mark.parametrize(
    ("name", "file_name", "in_ascii"),
    [
        ("Acme", "acme-2026-11-eur.csv", "acme-2026-11-eur.csv"),
        ("ООО «Ромашка»", "ооо-ромашка-2026-11-eur.csv", "wallet-3f2a91-2026-11-eur.csv"),
        ("Василёк", "василёк-2026-11-eur.csv", "wallet-3f2a91-2026-11-eur.csv"),
        ("Café", "café-2026-11-eur.csv", "cafe-3f2a91-2026-11-eur.csv"),
        ("株式会社", "株式会社-2026-11-eur.csv", "wallet-3f2a91-2026-11-eur.csv"),
        ("हिन्दी", "हिन्दी-2026-11-eur.csv", "wallet-3f2a91-2026-11-eur.csv"),
        ('../..\\"; rm -rf /', "rm-rf-2026-11-eur.csv", "rm-rf-2026-11-eur.csv"),
        ("🙂", "wallet-2026-11-eur.csv", "wallet-3f2a91-2026-11-eur.csv"),
    ],
)
def test_a_files_name_says_whose_it_is(name: str, file_name: str, in_ascii: str) -> None:
    assert statement_file_name(name, "2026-11", "eur") == file_name
    header = content_disposition(file_name, name, ID)
    assert header.startswith(f'attachment; filename="{in_ascii}"')
    if in_ascii != file_name:
        assert unquote(header.partition("filename*=UTF-8''")[2]) == file_name


@given(some.text(max_size=100))
def test_any_name_makes_a_name_that_file_systems_take(name: str) -> None:
    file_name = statement_file_name(name, "2026-11", "eur")
    assert len(file_name.encode()) <= 255
    assert not set(file_name) & set('/\\:*?"<>|\0\r\n\t ')
    assert not file_name.startswith((".", "-"))
    header = content_disposition(file_name, name, ID)
    assert header.isascii()
    assert header.isprintable()


async def test_the_header_has_the_name_in_its_own_letters(
    system: System, owner: Connection, month: str
) -> None:
    await owner.execute("update organizations set name = 'ООО «Ромашка»'")
    _, header = await download(system, month)
    assert unquote(header.partition("filename*=UTF-8''")[2]) == f"ооо-ромашка-{month}-eur.csv"

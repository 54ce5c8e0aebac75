"""History over HTTP: pages that lead on, and a month as a file that a spreadsheet reads safely."""

import csv
import io
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import asyncpg
import pytest
from aiohttp import ClientResponse

from backend.database.functions.history import StatementRow
from backend.wallets.file_names import ascii_name
from backend.wallets.spreadsheet_cells import text_cell
from backend.wallets.statement_csv import statement_csv
from backend.wallets.statement_format import statement_format
from tests.backend.conftest import BEN, EVE, System, token

if TYPE_CHECKING:
    Connection = asyncpg.Connection[Any]
else:
    Connection = asyncpg.Connection

Json = dict[str, Any]
MONTH = f"{datetime.now(UTC):%Y-%m}"


async def get(system: System, path: str, user: int = BEN) -> ClientResponse:
    """The answer of one of the organization's routes; "{acme}" in the path is its id."""
    headers = {"Authorization": f"Bearer {token(sub=str(user))}"}
    url = system.url + path.replace("{acme}", str(system.world.acme))
    async with system.http.get(url, headers=headers) as answer:
        await answer.read()
        return answer


async def paid(system: System, *amounts: str) -> None:
    for amount in amounts:
        payment = await system.topup(amount, key=str(uuid4()))
        await system.pay(payment)
        await system.until(payment, lambda seen: seen.status == "succeeded")


async def test_lists_lead_on_page_by_page(system: System) -> None:
    await paid(system, "10", "20", "30")
    await system.topup("40", key="open")
    path = "/api/organizations/{acme}/transactions?currency=EUR&kind=topup&limit=2"
    first = await (await get(system, path)).json()
    second = await (await get(system, f"{path}&cursor={first['next_cursor']}")).json()
    lines = first["transactions"] + second["transactions"]
    assert [line["money"]["amount"] for line in lines] == ["30.00", "20.00", "10.00"]
    assert [line["balance"]["amount_minor"] for line in lines] == [6000, 3000, 1000]
    assert {line["paid_by"] for line in lines} == {"Ana"}
    assert second["next_cursor"] is None

    path = "/api/payments?organization_id={acme}"
    page = await (await get(system, path)).json()
    assert [row["status"] for row in page["payments"]] == ["pending", *["succeeded"] * 3]
    for states in ("status=created,pending", "status=created&status=pending"):
        unpaid = await (await get(system, f"{path}&{states}")).json()
        assert [row["money"]["amount"] for row in unpaid["payments"]] == ["40.00"]

    wallets = await (await get(system, "/api/organizations/{acme}/wallets")).json()
    assert [wallet["balance"]["amount"] for wallet in wallets["wallets"]] == ["60.00"]


async def test_a_month_is_a_file_that_agrees_with_the_wallet(
    system: System, owner: Connection
) -> None:
    await owner.execute(
        "update private.users set name = '=cmd|''/C calc''!A0' where telegram_id = 1001"
    )
    await owner.execute("update organizations set name = 'Café & \"Söhne\"/..'")
    await paid(system, "10", "20.50")
    answer = await get(system, "/api/organizations/{acme}/statement?month=" + MONTH)
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    named = answer.headers["Content-Disposition"]
    short_id = system.world.acme.hex[:6]
    assert named == (
        f'attachment; filename="cafe-sohne-{short_id}-{MONTH}-eur.csv"'
        f"; filename*=UTF-8''caf%C3%A9-s%C3%B6hne-{MONTH}-eur.csv"
    )
    text = await answer.text()
    assert text.startswith("\ufeffTime (UTC),")
    assert text.count("\r\n") == text.count("\n") == 5
    rows = list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff"))))
    assert [(row["What"], row["Amount"], row["Balance"]) for row in rows] == [
        ("Opening balance", "", "0.00"),
        ("Top-up", "10.00", "10.00"),
        ("Top-up", "20.50", "30.50"),
        ("Closing balance", "", "30.50"),
    ]
    assert rows[1]["Paid by"] == "'=cmd|'/C calc'!A0"
    assert rows[0]["Time (UTC)"] == f"{MONTH}-01 00:00:00"

    path = f"/api/organizations/{{acme}}/statement?month={MONTH}&format=json"
    body = await (await get(system, path)).json()
    assert (body["movements"], body["opening"]["amount"], body["closing"]["amount"]) == (
        2, "0.00", "30.50",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("month", "currency", "why"),
    [
        ("2020-02", "eur", "the first came later"),
        ("9998-12", "eur", "this month has not begun"),
        (MONTH, "jpy", "the first came later"),
    ],
)
async def test_a_month_without_movements_says_why(
    system: System, month: str, currency: str, why: str
) -> None:
    await paid(system, "10")
    path = f"/api/organizations/{{acme}}/statement?month={month}&currency={currency}"
    rows = list(csv.reader(io.StringIO(await (await get(system, path)).text())))
    assert len(rows) == 4
    assert rows[2][1].endswith(why)
    balance = {"9998-12": "10.00", "2020-02": "0.00"}.get(month, "0")
    assert (rows[1][3], rows[3][3]) == (balance, balance)


@pytest.mark.parametrize(
    ("path", "wrong"),
    [
        ("{acme}/transactions?limit=0", "limit"),
        ("{acme}/transactions?limit=101", "limit"),
        ("{acme}/transactions?limit=1&limit=2", "limit"),
        ("{acme}/transactions?kind=gift", "kind"),
        ("{acme}/transactions?cursor=x", "cursor"),
        ("{acme}/transactions?color=red", "color"),
        ("{acme}/transactions?currency=euro", "currency"),
        ("{acme}/statement", "month"),
        ("{acme}/statement?month=2026-13", "month"),
        ("{acme}/statement?month=26-1", "month"),
        ("{acme}/statement?month=2026-11%0A", "month"),
        ("{acme}/statement?month=2026-11&format=pdf", "format"),
        ("acme/wallets", "id"),
    ],
)
async def test_what_cannot_be_read_is_a_400_that_names_it(
    system: System, path: str, wrong: str
) -> None:
    answer = await get(system, f"/api/organizations/{path}")
    assert answer.status == 400
    assert wrong in (await answer.json())["error"]["message"]


async def test_payments_that_cannot_be_listed_are_a_400_that_says_why(system: System) -> None:
    for requests, wrong in (
        ("", "organization_id"),
        ("?organization_id=acme", "organization_id"),
        ("?organization_id={acme}&status=lost", "status"),
        ("?organization_id={acme}&cursor=o1", "cursor"),
    ):
        answer = await get(system, f"/api/payments{requests}")
        assert answer.status == 400
        assert wrong in (await answer.json())["error"]["message"]


async def test_a_stranger_finds_nothing(system: System) -> None:
    paths = [f"/api/organizations/{{acme}}/{what}" for what in ("wallets", "transactions")]
    paths += ["/api/payments?organization_id={acme}"]
    paths += ["/api/organizations/{acme}/statement?month=2026-11"]
    for path in paths:
        assert (await get(system, path, user=EVE)).status == 404, path


def bhd(amount: str, minor: int) -> Json:
    return {"amount": amount, "amount_minor": minor, "currency": "bhd"}


def test_only_the_cells_that_people_write_are_defused_and_numbers_stay_numbers() -> None:
    for name in ("=1+1", "+1", "-1", "@SUM(A1)", "＝1"):
        assert text_cell(name, "en") == f"'{name}"
    assert [text_cell(name, "en") for name in ("Ana", "a=b", "")] == ["Ana", "a=b", ""]
    line = {
        "created_at": "2026-11-02T12:00:00+02:00", "kind": "topup", "money": bhd("-0.005", -5),
        "balance": bhd("-12.345", -12345), "paid_by": 'Ana "the\nfirst", jr', "reference": None,
        "payment_id": None,
    }  # fmt: skip
    row = StatementRow.model_validate({
        "organization_name": "Acme",
        "currency": "bhd", "time_zone": "UTC", "empty": None,
        "begins_at": "2026-11-01T00:00:00+00:00",
        "ends_at": "2026-12-01T00:00:00+00:00", "opening": bhd("0.000", 0),
        "closing": bhd("-12.345", -12345), "lines": [line],
    })  # fmt: skip
    text = statement_csv(row, statement_format(None, None))
    written = list(csv.reader(io.StringIO(text, newline="")))
    assert written[2][:6] == [
        "2026-11-02 10:00:00", "Top-up", "-0.005", "-12.345", "BHD", 'Ana "the\nfirst", jr',
    ]  # fmt: skip
    assert written[2][6:] == [""] * 9


def test_a_files_name_is_safe_everywhere() -> None:
    assert ascii_name("Acme") == "acme"
    assert ascii_name('../..\\"; rm -rf /') == "rm-rf"
    assert ascii_name("Кошелёк") == ascii_name("") == ""
    assert len(ascii_name("a b " * 50)) <= 40

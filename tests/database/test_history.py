"""History is what the ledger says: page by page, and month by month."""

import asyncio
from datetime import date
from typing import Any

import asyncpg
import pytest

from backend.database.postgres import PostgresDatabase
from backend.database.protocol import TelegramUser
from backend.errors import BadCursor, CurrencyUnknown, NotFound, Unauthorized
from tests.conftest import World
from tests.database.conftest import PaymentDriver, paid

Json = dict[str, Any]
NOVEMBER = date(2026, 11, 1)


async def credited(driver: PaymentDriver, *names: str) -> None:
    """A paid payment for each name, whose amount is EUR 50."""
    for name in names:
        await driver.receive(paid(f"evt_{name}", await driver.payment(name)))


async def moved(driver: PaymentDriver, **arguments: Any) -> Json:
    """A page of the wallet's movements, as Ben is shown it."""
    page: Json = await driver.database.call(
        "list_transactions", driver.world.ben, organization_id=driver.world.acme, **arguments
    )
    return page


async def payments(driver: PaymentDriver, **arguments: Any) -> Json:
    page: Json = await driver.database.call(
        "list_payments", driver.world.ben, organization_id=driver.world.acme, **arguments
    )
    return page


async def statement(driver: PaymentDriver, month: date, currency: str | None = "eur") -> Json:
    row: Json = await driver.database.call(
        "get_statement", driver.world.ben,
        organization_id=driver.world.acme, currency=currency, month=month,
    )  # fmt: skip
    return row


async def redate(owner: "asyncpg.Connection[Any]", moments: list[str]) -> None:
    """Say that the wallet's entries were posted at these moments: history has to be old."""
    await owner.execute("alter table entries disable trigger entries_are_append_only")
    for seq, moment in enumerate(moments, start=1):
        await owner.execute(
            "update entries set created_at = $2::text::timestamptz where seq = $1", seq, moment
        )


async def resealed(owner: "asyncpg.Connection[Any]") -> None:
    """Put the ledger's seals in order again, so that the check after the test finds it whole."""
    await owner.execute(
        "do $$ declare e record; seal bytea := ''; begin"
        " for e in select x.*, t.kind, t.reference from entries x"
        " join transfers t on t.id = x.transfer_id order by x.account_id, x.seq loop"
        " if e.seq = 1 then seal := ''; end if;"
        " update entries set previous_hash = seal, hash = private.entry_hash(seal, e.account_id,"
        " e.seq, e.kind, e.reference, e.currency, e.amount, e.balance_after, e.created_at)"
        " where account_id = e.account_id and seq = e.seq returning hash into seal;"
        " update accounts set last_hash = seal where id = e.account_id; end loop; end $$"
    )


def minor(money: dict[str, Any]) -> int:
    """An amount as the ledger has it."""
    return int(money["amount_minor"])


async def test_movements_are_the_wallets_side_of_the_ledger_newest_first(
    driver: PaymentDriver, owner: "asyncpg.Connection[Any]"
) -> None:
    await credited(driver, "1", "2", "3")
    rows = await owner.fetch(
        "select e.amount, e.balance_after from entries as e"
        " inner join accounts as a on a.id = e.account_id and a.kind = 'wallet'"
        " order by e.seq desc"
    )
    page = await moved(driver)
    lines = page["transactions"]
    seen = [(minor(line["money"]), minor(line["balance"])) for line in lines]
    assert seen == [tuple(row) for row in rows]
    assert (page["next_cursor"], page["previous_cursor"]) == (None, None)
    newest = lines[0]
    payment = await driver.show(newest["payment_id"])
    assert (newest["reference"], newest["paid_by"]) == (payment["reference"], "Ana")
    assert (newest["kind"], newest["money"]["currency"]) == ("topup", "eur")
    assert await moved(driver, currency="usd") == {
        "transactions": [], "next_cursor": None, "previous_cursor": None,
    }  # fmt: skip
    assert not (await moved(driver, kind=["refund"]))["transactions"]


@pytest.mark.parametrize("what", [moved, payments])
async def test_paging_neither_repeats_nor_skips_while_money_comes_in(
    driver: PaymentDriver, what: Any
) -> None:
    await credited(driver, *"12345")
    name = "transactions" if what is moved else "payments"
    whole = (await what(driver))[name]
    first = await what(driver, max_rows=2)
    await credited(driver, "6", "7")
    second = await what(driver, max_rows=2, cursor=first["next_cursor"])
    third = await what(driver, max_rows=2, cursor=second["next_cursor"])
    assert first[name] + second[name] + third[name] == whole
    assert (first["previous_cursor"], third["next_cursor"]) == (None, None)
    # and the same way back, on to what came in meanwhile
    back = await what(driver, max_rows=2, cursor=third["previous_cursor"])
    assert back[name] == second[name]
    front = await what(driver, max_rows=2, cursor=back["previous_cursor"])
    assert front[name] == first[name]
    newest = await what(driver, max_rows=2, cursor=front["previous_cursor"])
    assert newest[name] == (await what(driver, max_rows=2))[name]
    assert newest["previous_cursor"] is None


async def test_credits_at_the_same_moment_keep_the_order_of_their_times(
    driver: PaymentDriver, owner: "asyncpg.Connection[Any]"
) -> None:
    ids = [await driver.payment(str(n)) for n in range(8)]
    await asyncio.gather(*(driver.receive(paid(f"evt_{id}", id)) for id in ids))
    rows = await owner.fetch("select created_at from entries order by account_id, seq")
    times = [row[0] for row in rows]
    assert times == sorted(times[:8]) + sorted(times[8:])


async def test_payments_of_every_state_are_listed_and_can_be_asked_for_by_state(
    driver: PaymentDriver,
) -> None:
    await credited(driver, "paid")
    open_ = await driver.payment("open")
    created = await driver.payment("created", opened=False)
    listed = (await payments(driver))["payments"]
    assert [row["status"] for row in listed] == ["created", "pending", "succeeded"]
    unsettled = (await payments(driver, status=["created", "pending"]))["payments"]
    assert [row["id"] for row in unsettled] == [created, open_]
    assert not {"idempotency_key", "chat_id", "message_id"} & listed[0].keys()
    assert listed[2] == await driver.show(listed[2]["id"])


async def test_a_statement_begins_and_ends_with_what_the_ledger_held(
    driver: PaymentDriver, owner: "asyncpg.Connection[Any]"
) -> None:
    await credited(driver, *"12345")
    last, first = "2026-10-31 23:59:59.999999+00", "2026-11-01 00:00:00+00"
    middle = "2026-11-20 12:00:00+00"
    async with owner.transaction():
        await redate(owner, ["2026-09-02 10:00+00", last, first, middle, middle])
        await resealed(owner)
        await owner.execute("alter table entries enable trigger entries_are_append_only")
    collected = {month: await statement(driver, date(2026, month, 17)) for month in (8, 9, 10, 11)}
    sums = {
        month: (
            minor(row["opening"]),
            len(row["lines"]),
            minor(row["closing"]),
            row["empty"],
        )
        for month, row in collected.items()
    }
    assert sums == {
        8: (0, 0, 0, "before_first"),
        9: (0, 1, 5000, None),
        10: (5000, 1, 10000, None),
        11: (10000, 3, 25000, None),
    }
    for row in collected.values():
        amounts = sum(minor(line["money"]) for line in row["lines"])
        assert minor(row["opening"]) + amounts == minor(row["closing"])
    balance = await owner.fetchval("select balance from accounts where kind = 'wallet'")
    assert minor(collected[11]["closing"]) == balance
    later = await statement(driver, date(9000, 1, 1), currency=None)
    assert minor(later["opening"]) == minor(later["closing"]) == balance
    assert (later["lines"], later["empty"], later["currency"]) == ([], "not_begun", "eur")


async def test_a_statement_agrees_with_itself_while_money_comes_in(driver: PaymentDriver) -> None:
    ids = [await driver.payment(str(n)) for n in range(20)]

    async def read_pages() -> None:
        for _ in range(20):
            row = await statement(driver, date.today())
            assert minor(row["opening"]) + 5000 * len(row["lines"]) == minor(row["closing"])

    await asyncio.gather(read_pages(), *(driver.receive(paid(f"evt_{id}", id)) for id in ids))


async def test_a_stranger_is_told_that_there_is_nothing(
    driver: PaymentDriver, database: PostgresDatabase, world: World
) -> None:
    await credited(driver, "1")
    calls: list[tuple[str, Json]] = [
        ("list_wallets", {}),
        ("list_transactions", {}),
        ("list_payments", {}),
        ("get_statement", {"currency": "eur", "month": NOVEMBER}),
    ]
    for function, rest in calls:
        with pytest.raises(NotFound):
            await database.call(function, world.eve, organization_id=world.acme, **rest)
        with pytest.raises(Unauthorized):
            await database.call(function, TelegramUser(999_999), organization_id=world.acme, **rest)


@pytest.mark.parametrize(
    "cursor", ["", "o", "5", "x5", "o5;", "o-1", "o5\n", "oo5", "n" + "9" * 19, "o" + "g" * 32]
)
async def test_a_cursor_that_no_list_gave_is_refused(driver: PaymentDriver, cursor: str) -> None:
    await credited(driver, "1")
    for what in (moved, payments):
        with pytest.raises(BadCursor):
            await what(driver, cursor=cursor)


async def test_another_organizations_payment_is_no_place_in_this_list(
    driver: PaymentDriver, owner: "asyncpg.Connection[Any]", world: World
) -> None:
    other = await owner.fetchval("insert into organizations (name) values ('Other') returning id")
    await owner.execute(
        "insert into memberships select $1, id, 'owner' from private.users"
        " where telegram_id = 1003",
        other,
    )
    made = await driver.database.call(
        "create_payment", world.eve, organization_id=other, amount=5000, currency="eur"
    )
    with pytest.raises(BadCursor):
        await payments(driver, cursor="o" + made["id"].replace("-", ""))


async def test_how_much_is_asked_for_is_kept_within_reason(driver: PaymentDriver) -> None:
    await credited(driver, "1", "2")
    for most, got in ((None, 2), (-5, 1), (0, 1), (1, 1), (1_000_000, 2)):
        assert len((await moved(driver, max_rows=most))["transactions"]) == got
    with pytest.raises(CurrencyUnknown):
        await moved(driver, currency="xxx")
    [wallet] = await driver.database.call(
        "list_wallets", driver.world.ben, organization_id=driver.world.acme
    )
    assert wallet["balance"] == {"amount": "100.00", "amount_minor": 10000, "currency": "eur"}

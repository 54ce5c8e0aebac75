"""The ledger cannot be rewritten, and says so when somebody finds a way."""

from typing import TYPE_CHECKING, Any

import asyncpg
import pytest

from tests.database.conftest import PaymentDriver, paid

if TYPE_CHECKING:
    Connection = asyncpg.Connection[Any]
else:
    Connection = asyncpg.Connection


@pytest.mark.parametrize("table", ["transfers", "entries"])
@pytest.mark.parametrize(
    "act", ["delete from {}", "update {} set currency = 'eur'", "truncate {} cascade"]
)
async def test_history_is_append_only_even_for_its_owner(
    driver: PaymentDriver, owner: Connection, table: str, act: str
) -> None:
    await driver.receive(paid("evt_1", await driver.payment()))
    with pytest.raises(asyncpg.PostgresError) as refused:
        await owner.execute(act.format(table))
    assert refused.value.sqlstate == "PB901"


@pytest.mark.parametrize(
    "tampering",
    [
        "update entries set amount = amount + 1 where seq = 1 and amount > 0",
        "update entries set created_at = created_at - interval '1 day' where seq = 1",
        "update entries set hash = sha256('x') where seq = 2",
        "update accounts set balance = balance + 1 where kind = 'wallet'",
        "delete from entries where seq = 2",
        "delete from entries where seq = 1 and amount > 0",
    ],
)
async def test_tampering_shows(driver: PaymentDriver, owner: Connection, tampering: str) -> None:
    await driver.receive(
        paid("evt_1", await driver.payment("1")), paid("evt_2", await driver.payment("2"))
    )
    assert not await owner.fetch("select * from private.ledger_problems")
    transaction = owner.transaction()
    await transaction.start()
    await owner.execute("alter table entries disable trigger entries_are_append_only")
    await owner.execute(tampering)
    assert await owner.fetch("select * from private.ledger_problems")
    await transaction.rollback()


async def test_the_balance_can_be_selected_with_the_organization(
    driver: PaymentDriver, owner: Connection
) -> None:
    await driver.receive(paid("evt_1", await driver.payment()))
    row = await owner.fetchrow("select o.id, o.name, o.wallet_balance from organizations o")
    assert row is not None
    assert (row["name"], str(row["wallet_balance"])) == ("Acme", "50.00")

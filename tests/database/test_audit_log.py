"""Who changed what is written down once, for owners, in ids and codes."""

from typing import Any
from uuid import UUID

import asyncpg
import pytest

from backend.database.protocol import SERVICE
from tests.conftest import World
from tests.database.conftest import PaymentDriver, paid


@pytest.mark.parametrize(
    "statement",
    ["update audit_log set action = 'x'", "delete from audit_log", "truncate audit_log"],
)
async def test_nobody_rewrites_it_not_even_its_owner(
    owner: "asyncpg.Connection[Any]", statement: str
) -> None:
    await owner.execute("select private.audit(null, 'something_done')")
    with pytest.raises(asyncpg.PostgresError, match="append_only"):
        await owner.execute(statement)


@pytest.mark.parametrize("facts", ['{"name": "Ana Maria"}', '{"a": [{"b": "für"}]}', '["code"]'])
async def test_it_takes_no_words_of_people(owner: "asyncpg.Connection[Any]", facts: str) -> None:
    with pytest.raises(asyncpg.CheckViolationError):
        await owner.execute("select private.audit(null, 'something_done', $1)", facts)


async def test_what_an_operator_does_with_a_dead_letter_is_in_it(
    owner: "asyncpg.Connection[Any]", driver: PaymentDriver, world: World
) -> None:
    payment = await driver.payment()
    await driver.receive(paid("evt_odd", payment, received_minor=1))
    await driver.database.call(
        "dismiss_event", SERVICE, event_id="evt_odd", dismissed_by="me", reason="by hand"
    )
    row = await owner.fetchrow("select * from audit_log")
    assert row is not None
    notified = (row["organization_id"], row["user_id"], row["through"], row["action"])
    assert notified == (world.acme, None, "operator", "event_dismissed")
    assert UUID(payment).hex in str(row["facts"]).replace("-", "")

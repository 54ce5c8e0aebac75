"""The direct adapter: each call acts as its caller and nobody else, with and without a pooler."""

import asyncio
import uuid
from collections.abc import AsyncIterator

import pytest

from backend.database import SERVICE
from backend.errors import DatabaseUnavailable, NotFound, RoleTooLow
from backend.postgres import PostgresDatabase, postgres_database
from tests.conftest import World
from tests.database.conftest import Till


@pytest.fixture(params=[False, True], ids=["direct", "transaction_pooler"])
async def adapter(
    request: pytest.FixtureRequest, database_url: str, world: World
) -> AsyncIterator[PostgresDatabase]:
    async with postgres_database(database_url, pooled=request.param) as opened:
        yield opened


async def test_callers_that_share_connections_never_become_one_another(
    adapter: PostgresDatabase, world: World
) -> None:
    payment = await Till(adapter, world).payment()

    async def look(number: int) -> str:
        who = (SERVICE, world.ana, world.ben, world.eve)[number % 4]
        if who is SERVICE:
            return str((await adapter.call("start_payment", who, payment_id=payment))["attempt"])
        try:
            return str((await adapter.call("get_payment", who, payment_id=payment))["paid_by"])
        except NotFound:
            return "nothing"

    answers = await asyncio.gather(*(look(number) for number in range(80)))
    assert answers == ["1", "Ana", "Ana", "nothing"] * 20


async def test_what_is_the_backends_no_member_may_call(
    adapter: PostgresDatabase, world: World
) -> None:
    with pytest.raises(Exception, match="permission denied for function"):
        await adapter.call("claim_notifications", world.ana, most=1)
    with pytest.raises(RoleTooLow):
        await adapter.call(
            "create_payment", world.ben,
            organization_id=world.acme, amount=5000, currency="eur",
        )  # fmt: skip


async def test_what_is_not_there_is_not_found(adapter: PostgresDatabase, world: World) -> None:
    with pytest.raises(NotFound) as refused:
        await adapter.call("get_payment", world.ana, payment_id=uuid.uuid4())
    assert refused.value.facts == {"what": "payment"}


@pytest.mark.parametrize(
    "url", ["postgresql://nobody@127.0.0.1:1/x", "postgresql://pursebot_owner@/no_such_database"]
)
async def test_a_database_that_cannot_be_opened_is_said_so(url: str, database_url: str) -> None:
    host = database_url.partition("?")[2]
    with pytest.raises(DatabaseUnavailable):
        async with postgres_database(url if "127" in url else f"{url}?{host}"):
            pass

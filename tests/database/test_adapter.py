"""Both ways to the database keep one contract: the same answers, the same refusals, no mix-ups.

The direct way runs with and without a pooler, the other over REST; all on the same real database.
"""

import asyncio
import json
import re
import uuid
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from typing import TYPE_CHECKING, Any

import asyncpg
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from backend.database.postgres import PostgresDatabase, postgres_database
from backend.database.protocol import SERVICE, Database, SupabaseUser
from backend.database.supabase_rest import supabase_database
from backend.errors import (
    AmountTooSmall,
    IdempotencyKeyReused,
    NotFound,
    PursebotError,
    RoleTooLow,
)
from backend.failures import (
    DatabaseUnavailable,
)
from tests.conftest import World
from tests.database.conftest import PaymentDriver, paid
from tests.supabase_standin import JWT_SECRET, SECRET_KEY, Standin

if TYPE_CHECKING:
    Connection = asyncpg.Connection[Any]
else:
    Connection = asyncpg.Connection


@pytest.fixture(params=["direct", "transaction_pooler", "rest"])
async def adapter(
    request: pytest.FixtureRequest, database_url: str, standin: Standin, world: World
) -> AsyncIterator[Database]:
    ways: dict[str, AbstractAsyncContextManager[Database]] = {
        "direct": postgres_database(database_url),
        "transaction_pooler": postgres_database(database_url, pooled=True),
        "rest": supabase_database(standin.url, SECRET_KEY, JWT_SECRET),
    }
    async with ways[request.param] as opened:
        yield opened


async def test_callers_that_share_connections_never_become_one_another(
    adapter: Database, world: World
) -> None:
    payment = await PaymentDriver(adapter, world).payment()

    async def read(number: int) -> str:
        who = (SERVICE, world.ana, world.ben, world.eve)[number % 4]
        if who is SERVICE:
            return str(
                (await adapter.call("get_payment_for_service", who, payment_id=payment))["attempt"]
            )
        try:
            return str((await adapter.call("get_payment", who, payment_id=payment))["paid_by"])
        except NotFound:
            return "nothing"

    answers = await asyncio.gather(*(read(number) for number in range(80)))
    assert answers == ["1", "Ana", "Ana", "nothing"] * 20


async def test_twenty_at_once_with_one_key_make_one_payment(
    adapter: Database, world: World
) -> None:
    driver = PaymentDriver(adapter, world)
    made = await asyncio.gather(*(driver.payment("one", opened=False) for _ in range(20)))
    assert len(set(made)) == 1


async def test_answers_are_those_of_the_direct_way(
    adapter: Database, database: PostgresDatabase, world: World
) -> None:
    name = 'Ana "Ünï" \\ 🌍'
    person: dict[str, Any] = {"telegram_id": 1001, "name": name, "language": "pt-br"}
    assert (await adapter.call("upsert_telegram_user", SERVICE, **person, chat_id=None))[
        "name"
    ] == name
    driver = PaymentDriver(adapter, world)
    payment = await driver.payment()
    other = await driver.payment("other", amount=99_999_999)
    assert await driver.receive(paid("evt_1", payment), paid("evt_2", other)) == [
        "done",
        "dead_letter",
    ]
    assert (await driver.show(payment))["paid_by"] == name
    signed_in = SupabaseUser(uuid.uuid4())
    existing = {"auth_user_id": signed_in.auth_user_id, "name": "Sue", "language": "en"}
    assert await adapter.call("upsert_supabase_user", SERVICE, **existing, refresh=True)
    for function, who, arguments in (
        ("get_settings", signed_in, {}),
        ("get_payment", world.ben, {"payment_id": uuid.UUID(payment)}),
        ("list_events", SERVICE, {"states": ["done", "dead_letter"], "max_rows": 10}),
        ("get_events_cursor", SERVICE, {}),
        ("get_payment_for_service", SERVICE, {"payment_id": other}),
    ):
        assert await adapter.call(function, who, **arguments) == await database.call(
            function, who, **arguments
        )


async def test_refusals_are_ours_with_their_facts(adapter: Database, world: World) -> None:
    driver = PaymentDriver(adapter, world)
    with pytest.raises(AmountTooSmall) as small:
        await driver.payment(amount=49)
    assert small.value.facts == {"minimum": "0.50", "currency": "eur"}
    with pytest.raises(NotFound) as unknown:
        await adapter.call("get_payment", world.ana, payment_id=uuid.uuid4())
    assert unknown.value.facts == {"what": "payment"}
    await driver.payment("same")
    with pytest.raises(IdempotencyKeyReused):
        await driver.payment("same", amount=6000)


async def test_what_is_the_backends_no_member_may_call(adapter: Database, world: World) -> None:
    with pytest.raises(Exception, match="permission denied for function"):
        await adapter.call("claim_notifications", world.ana, max_rows=1)
    with pytest.raises(RoleTooLow):
        await adapter.call(
            "create_payment", world.ben,
            organization_id=world.acme, amount=5000, currency="eur",
        )  # fmt: skip


async def test_trouble_that_may_pass_is_told_from_bugs(
    adapter: Database, world: World, owner: Connection
) -> None:
    await owner.execute("""
        create function api.fail(state text) returns jsonb language plpgsql
        as $$ begin raise exception using errcode = state; end $$;
        grant execute on function api.fail(text) to authenticated;
    """)
    for state in ("08006", "40001", "40P01", "53300", "55P03", "57014", "58030"):
        with pytest.raises(DatabaseUnavailable):
            await adapter.call("fail", world.ana, state=state)
    with pytest.raises(Exception, match="22012") as bug:
        await adapter.call("fail", world.ana, state="22012")
    assert not isinstance(bug.value, PursebotError)
    assert await adapter.call("get_events_cursor", SERVICE)


FUNCTIONS = """
select p.pronamespace::regnamespace || '.' || p.proname as name, p.provolatile <> 'v' as reads,
    pg_get_functiondef(p.oid) as body
from pg_proc as p where p.pronamespace::regnamespace::text in ('api', 'private')
"""
WRITES = r"insert into|delete from|for update|nextval|update (?:public|private)\."


async def test_what_says_that_it_only_reads_calls_nothing_that_writes(owner: Connection) -> None:
    """Straight it would work, but PostgREST calls it in a read-only transaction."""
    functions = {row["name"]: row for row in await owner.fetch(FUNCTIONS)}
    for name, function in functions.items():
        called = {name} if function["reads"] and name.startswith("api.") else set()
        while (
            more := {
                other
                for each in called
                for other in re.findall(r"(?:private|api)\.\w+", functions[each]["body"])
                if other in functions
            }
            - called
        ):
            called |= more
        assert [each for each in called if re.search(WRITES, functions[each]["body"])] == [], name


@pytest.mark.parametrize(
    "url", ["postgresql://nobody@127.0.0.1:1/x", "postgresql://pursebot_owner@/no_such_database"]
)
async def test_a_database_that_cannot_be_opened_is_said_so(url: str, database_url: str) -> None:
    host = database_url.partition("?")[2]
    with pytest.raises(DatabaseUnavailable):
        async with postgres_database(url if "127" in url else f"{url}?{host}"):
            pass


@pytest.mark.parametrize(
    ("trouble", "sentence"),
    [
        ({"exposed": ("public",)}, "Invalid schema: api .* exposed: public"),
        ({"secret_key": "sb_secret_another"}, "Invalid API key"),
        ({"verifying_key": "another secret, of thirty-two characters"}, "Signature verification"),
        ({"broken": 502}, "The database is not available"),
        ({"url": "http://127.0.0.1:1"}, "The database is not available"),
    ],
)
async def test_a_project_that_does_not_answer_as_it_should_is_said_so(
    standin: Standin, trouble: dict[str, Any], sentence: str
) -> None:
    for name, value in trouble.items():
        setattr(standin, name, value)
    with pytest.raises(DatabaseUnavailable, match=sentence):
        async with supabase_database(standin.url, SECRET_KEY, JWT_SECRET):
            pass


async def test_members_tokens_are_signed_by_an_imported_key_too(
    standin: Standin, world: World
) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    jwk = {**jwt.algorithms.ECAlgorithm.to_jwk(key, as_dict=True), "kid": "ours"}
    standin.verifying_key, standin.algorithm = key.public_key(), "ES256"
    async with supabase_database(standin.url, SECRET_KEY, json.dumps(jwk)) as database:
        assert await PaymentDriver(database, world).payment()

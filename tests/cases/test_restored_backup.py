"""A database that was restored from a backup finds its money at Stripe again, and charges no twice.

The backup is a real one: `pg_dump` and `pg_restore` of the server that the tests run on.
"""

import subprocess
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

import asyncpg
import pytest
from pydantic import SecretStr

from backend.app import create_app
from backend.database.postgres import postgres_database
from backend.opening import claim_stripe_account
from backend.services import Services
from backend.stripe import reconcile
from backend.stripe.client import stripe_gateway
from bot.backend_api.client import BackendClient
from bot.backend_api.transport import new_session
from sandbox.postgres.cluster import SUPERUSER, EmbeddedPostgres, connected
from sandbox.postgres.programs import program_path
from sandbox.runner.ports import free_ports
from tests.backend.conftest import ANA, SECRET, WEBHOOK_SECRETS, System, chosen, listening
from tests.backend.payments.test_charges import Json, balance, post, saved
from tests.backend.payments.test_old_keys import made
from tests.backend.payments.test_refunds import credited
from tests.backend.subscriptions.test_subscriptions import advance
from tests.cases.test_dead_letters import Operator

pytestmark = pytest.mark.slow

if TYPE_CHECKING:
    Connection = asyncpg.Connection[Any]
else:
    Connection = asyncpg.Connection

MADE = ("payment_intent", "subscription", "refund", "customer")


def run_client(program: str, *arguments: str) -> None:
    """Run one of PostgreSQL's clients to its end."""
    path = str(program_path(program))
    done = subprocess.run([path, *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


class Backup:
    """What `pg_dump` wrote of a database, and the database that `pg_restore` makes of it."""

    def __init__(self, postgres: EmbeddedPostgres, database_url: str, folder: Path) -> None:
        self.name = f"test_{uuid4().hex}"
        self.url = postgres.database_url(self.name)
        self._postgres, self._database_url = postgres, database_url
        self._path = str(folder / "backup.dump")

    def take(self) -> None:
        """Dump the database as it is."""
        run_client("pg_dump", "--format=custom", "--file", self._path, self._database_url)

    async def restore(self) -> None:
        """Make another database of what was dumped."""
        async with connected(self._postgres.database_url("postgres", SUPERUSER)) as server:
            await server.execute(f'create database "{self.name}" template template0')
        url = self._postgres.database_url(self.name, SUPERUSER)
        run_client("pg_restore", "--exit-on-error", "--dbname", url, self._path)


@asynccontextmanager
async def restored_system(system: System, backup: Backup) -> AsyncIterator[System]:
    """Run a backend over the restored database, at the same Stripe."""
    [port] = free_ports(1)
    url = f"http://127.0.0.1:{port}"
    async with AsyncExitStack() as stack:
        database = await stack.enter_async_context(postgres_database(backup.url))
        stripe = await stack.enter_async_context(
            stripe_gateway("sk_test_sandbox", WEBHOOK_SECRETS, system.sandbox_url, system.url)
        )
        await claim_stripe_account(database, stripe)
        services = Services(database, stripe)
        session = await stack.enter_async_context(new_session())
        app = create_app(services, chosen(), reconciling=False)
        await stack.enter_async_context(listening(app, port))
        client = BackendClient(session, url, SecretStr(SECRET))
        yield replace(system, services=services, url=url, client=client)


@pytest.fixture
async def backup(
    postgres: EmbeddedPostgres, database_url: str, tmp_path: Path
) -> AsyncIterator[Backup]:
    backup = Backup(postgres, database_url, tmp_path)
    yield backup
    async with connected(backup.url) as owner:
        problems = await owner.fetch("select * from private.ledger_problems")
    await postgres.drop_database(backup.name)
    assert not problems, problems


class Story:
    """What Ana had done: a payment before the backup, and after it the rest."""

    def __init__(self, system: System) -> None:
        self.system = system
        self.order: Json = {"organization_id": str(system.world.acme), "currency": "eur"}
        self.card, self.before = "", ""

    async def begin(self) -> None:
        """Save a card and top up 50, before the backup."""
        self.card = await saved(self.system)
        self.before = str(await credited(self.system, key="before"))

    async def go_on(self) -> None:
        """Pay 20 on a page, charge 30, begin 40 a month, send 10 back: after the backup."""
        opened = await self.checkout(self.system)
        payment = UUID(opened["payment_id"])
        await self.system.pay(payment)
        await post(self.system, f"payments/{payment}/check", None, ANA)
        for request in (self.charge, self.subscribe, self.refund):
            answer = await request(self.system)
            assert answer["http"] == 201, answer

    async def checkout(self, system: System) -> Json:
        order = {**self.order, "amount": "20"}
        return await post(system, "payments/checkout", "checkout", ANA, **order)

    async def charge(self, system: System) -> Json:
        order = {**self.order, "amount": "30", "reference": "order 17"}
        return await post(system, "payments/charge", "charge", ANA, **order)

    async def subscribe(self, system: System) -> Json:
        order = {**self.order, "amount": "40", "interval": "month", "payment_method_id": self.card}
        return await post(system, "payments/subscriptions", "subscribe", ANA, **order)

    async def refund(self, system: System) -> Json:
        return await post(system, f"payments/{self.before}/refund", "refund", ANA, amount="10")


@pytest.fixture
async def story(system: System) -> Story:
    return Story(system)


async def age_cursor(owner: Connection) -> None:
    """Stripe's events were read half an hour ago, and the backup is of then."""
    await owner.execute(
        "update private.installation set events_read_until = now() - interval '30 minutes'"
    )


def objects(system: System) -> dict[str, int]:
    """How much of each kind there is at Stripe."""
    return {kind: made(system, kind) for kind in MADE}


@pytest.mark.parametrize("is_forgotten", [False, True], ids=["within_a_day", "later"])
async def test_the_same_keys_find_the_same_money_and_nothing_is_charged_twice(
    story: Story, backup: Backup, owner: Connection, is_forgotten: bool
) -> None:
    system = story.system
    await story.begin()
    await system.sandbox("POST", "/stripe/faults", drop=True)
    if is_forgotten:
        await age_cursor(owner)
    backup.take()
    await story.go_on()
    total = await balance(owner)
    assert total == 5000 + 2000 + 3000 + 4000 - 1000
    if is_forgotten:
        await system.sandbox("POST", "/stripe/idempotency_keys/forget")
    await backup.restore()
    before = objects(system)
    async with restored_system(system, backup) as restored, connected(backup.url) as there:
        assert await balance(there) == 5000
        paid = await story.checkout(restored)
        assert (paid["http"], paid["error"]["facts"]) == (409, {"status": "succeeded"})
        charged = await story.charge(restored)
        assert (charged["http"], charged["status"]) == (201, "succeeded")
        assert (await story.subscribe(restored))["status"] == "active"
        assert (await story.refund(restored))["status"] == "succeeded"
        await reconcile.reconcile_all(restored.services)
        assert objects(system) == before
        assert await balance(there) == total
        letters = "select count(*) from stripe_events where state = 'dead_letter'"
        assert await there.fetchval(letters) == 0


async def test_what_the_reconciler_found_first_is_adopted_and_answers_its_key(
    story: Story, backup: Backup, owner: Connection
) -> None:
    system = story.system
    await story.begin()
    await system.sandbox("POST", "/stripe/faults", drop=True)
    await age_cursor(owner)
    backup.take()
    await story.go_on()
    total = await balance(owner)
    await backup.restore()
    await system.sandbox("POST", "/stripe/idempotency_keys/forget")
    before = objects(system)
    async with restored_system(system, backup) as restored, connected(backup.url) as there:
        await reconcile.reconcile_all(restored.services)
        operator = Operator(restored, backup.url)
        while letters := await operator.types("events", "list"):
            adopted = await operator.types("events", "adopt", letters[0]["id"])
            assert isinstance(adopted, dict), adopted
        assert await balance(there) == total
        for request in (story.charge, story.subscribe):
            assert (await request(restored))["http"] == 201
        assert (await story.refund(restored))["status"] == "succeeded"
        assert await there.fetchval("select count(*) from refunds") == 1
        assert (await story.checkout(restored))["error"]["facts"] == {"status": "succeeded"}
        other = {**story.order, "amount": "31", "reference": "order 17"}
        reused = await post(restored, "payments/charge", "charge", ANA, **other)
        assert reused["error"]["code"] == "idempotency_key_reused"
        assert (objects(system), await balance(there)) == (before, total)
        # The recurring top-up goes on, here.
        await advance(system, days=32)
        await reconcile.reconcile_all(restored.services)
        assert await balance(there) == total + 4000


async def test_an_organization_younger_than_the_backup_is_made_and_named(
    story: Story, backup: Backup, owner: Connection
) -> None:
    system = story.system
    await owner.execute("update private.installation set signup_open = true")
    await system.sandbox("POST", "/stripe/faults", drop=True)
    await age_cursor(owner)
    backup.take()
    branch = await post(system, "organizations", "found", ANA, name="Branch")
    order = {"organization_id": branch["id"], "amount": "20", "currency": "eur"}
    opened = await post(system, "payments/checkout", "k", ANA, **order)
    await system.pay(UUID(opened["payment_id"]))
    await backup.restore()
    async with restored_system(system, backup) as restored, connected(backup.url) as there:
        await reconcile.reconcile_all(restored.services)
        operator = Operator(restored, backup.url)
        [letter, *_] = await operator.types("events", "list")
        needed = await operator.types("events", "adopt", letter["id"])
        assert f"its metadata says {branch['id']}" in needed
        made_again = await there.fetchval(
            "insert into organizations (name) values ('Branch') returning id"
        )
        done = await operator.types(
            "events", "adopt", letter["id"], "--organization", str(made_again)
        )
        assert done["posted"] is True
        assert await balance(there) == 2000

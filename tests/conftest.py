"""Fixtures of all tests: a real PostgreSQL with the real migrations, and a small world in it.

After each test with a database its ledger is checked, whatever the test did.
"""

import asyncio
import gc
import os
import sys
import uuid
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from backend.database import migrations
from backend.database.postgres import PostgresDatabase, postgres_database
from backend.database.protocol import SERVICE, TelegramUser
from sandbox.postgres.cluster import EmbeddedPostgres, embedded_postgres
from tests.supabase_standin import Standin, supabase_standin

pytest_plugins = [
    "tests.no_skips", "tests.chromium", "tests.leftover_processes", "tests.forked_process",
]  # fmt: skip

TEMPLATE = "pursebot_template"

# What one process compiled the next need not, however the machine feels about such files.
sys.dont_write_bytecode = False
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)


def pytest_collection_finish() -> None:
    """Exclude imported objects from garbage collection: a twentieth of the tests' time."""
    gc.freeze()


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedPostgres]:
    """Run a server for the session, with a migrated template to copy each test's database from."""
    with asyncio.Runner() as runner:
        server = embedded_postgres(tmp_path_factory.mktemp("database") / "data", throwaway=True)
        running = runner.run(server.__aenter__())
        try:
            url = runner.run(running.create_database(TEMPLATE))
            runner.run(migrations.migrate(url))
            yield running
        finally:
            runner.run(server.__aexit__(None, None, None))


@pytest.fixture
async def database_url(postgres: EmbeddedPostgres) -> AsyncIterator[str]:
    """Return the owner's address of a fresh database; check its ledger at the end."""
    name = f"test_{uuid.uuid4().hex}"
    url = await postgres.create_database(name, template=TEMPLATE)
    yield url
    connection = await asyncpg.connect(url)
    try:
        problems = await connection.fetch("select * from private.ledger_problems")
    finally:
        await connection.close()
        await postgres.drop_database(name)
    assert not problems, problems


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[PostgresDatabase]:
    """Return the backend's access to that database."""
    async with postgres_database(database_url) as opened:
        await opened.call("claim_stripe_account", SERVICE, livemode=False)
        yield opened


@pytest.fixture
async def owner(database_url: str) -> AsyncIterator["asyncpg.Connection[Any]"]:
    """Return a connection of the migrations' owner, which reads everything."""
    connection = await asyncpg.connect(database_url)
    yield connection
    await connection.close()


@pytest.fixture
async def standin(database_url: str) -> AsyncIterator[Standin]:
    """Run a stand-in for a Supabase project's REST API before that database."""
    async with supabase_standin(database_url) as running:
        yield running


@dataclass(frozen=True)
class World:
    """Ana owns Acme, Ben is a member, Eve is a stranger; all three have written to the bot."""

    acme: UUID
    ana: TelegramUser
    ben: TelegramUser
    eve: TelegramUser


async def populate(database: PostgresDatabase, owner: "asyncpg.Connection[Any]") -> World:
    """Create Acme and its members as the bot introduces them; return the world."""
    ids = {}
    for name, telegram_id in (("Ana", 1001), ("Ben", 1002), ("Eve", 1003)):
        introduced_user = await database.call(
            "upsert_telegram_user", SERVICE, telegram_id=telegram_id, name=name, language="en",
            chat_id=telegram_id,
        )  # fmt: skip
        ids[name] = introduced_user["user_id"]
    acme = await owner.fetchval("insert into organizations (name) values ('Acme') returning id")
    await owner.execute(
        "insert into memberships values ($1, $2, 'owner'), ($1, $3, 'member')",
        acme, ids["Ana"], ids["Ben"],
    )  # fmt: skip
    return World(acme, *(TelegramUser(telegram_id) for telegram_id in (1001, 1002, 1003)))


@pytest.fixture
async def world(database: PostgresDatabase, owner: "asyncpg.Connection[Any]") -> World:
    """Return the small world in this test's database."""
    return await populate(database, owner)

"""Migrations: applied once and in order, adopted from the Supabase CLI, never edited afterwards."""

import asyncio
import uuid
from collections.abc import AsyncIterator

import asyncpg
import pytest

from backend.database import migrations
from backend.database.migrations import MigrationError, migrate
from sandbox.postgres.cluster import EmbeddedPostgres


@pytest.fixture
async def url(postgres: EmbeddedPostgres) -> AsyncIterator[str]:
    name = f"bare_{uuid.uuid4().hex}"
    yield await postgres.create_database(name)
    await postgres.drop_database(name)


async def test_two_at_once_apply_each_file_once(url: str) -> None:
    lines = await asyncio.gather(migrate(url), migrate(url))
    applied = [*lines[0], *lines[1]]  # either may be the one that applies a file
    assert len(applied) == len(set(applied)) == len(list(migrations.list_migrations()))


@pytest.mark.parametrize("role", ["anon", "authenticated", "service_role", "authenticator"])
async def test_nobody_but_the_owner_makes_temporary_objects(url: str, role: str) -> None:
    await migrate(url)
    connection = await asyncpg.connect(url)
    may = "select has_database_privilege($1, current_database(), 'temporary')"
    assert await connection.fetchval(may, "pursebot_owner")
    assert not await connection.fetchval(may, role)
    await connection.close()


@pytest.mark.slow
async def test_what_the_supabase_cli_applied_is_adopted(url: str) -> None:
    await migrate(url)
    connection = await asyncpg.connect(url)
    await connection.execute("truncate supabase_migrations.pursebot_checksums")
    await connection.close()
    lines = await migrate(url)
    assert all(line.startswith("adopted") for line in lines)
    assert await migrate(url) == []


async def test_an_edited_file_is_refused(url: str) -> None:
    await migrate(url)
    connection = await asyncpg.connect(url)
    await connection.execute("update supabase_migrations.pursebot_checksums set sha256 = 'x'")
    await connection.close()
    with pytest.raises(MigrationError, match="was changed after it was applied"):
        await migrate(url)


async def test_a_database_of_before_the_files_were_renumbered_is_refused_in_a_sentence(
    url: str,
) -> None:
    await make_renumbered(url)
    for refused in (migrate(url), migrations.inspect_database(url)):
        with pytest.raises(MigrationError, match=r"rm -rf \.data.* release 0\.1\.0"):
            await refused
    connection = await asyncpg.connect(url)
    assert await connection.fetchval("select count(*) from supabase_migrations.schema_migrations")
    await connection.close()


async def make_renumbered(url: str) -> None:
    """Migrate a database, and give the first file the number that it had before 0.1.0."""
    await migrate(url)
    connection = await asyncpg.connect(url)
    for table in ("schema_migrations", "pursebot_checksums"):
        await connection.execute(
            f"update supabase_migrations.{table} set version = $1"  # noqa: S608
            f" where version = (select min(version) from supabase_migrations.{table})",
            migrations.RENUMBERED_VERSION,
        )
    await connection.close()


async def test_roles_that_are_missing_are_named_with_the_way_to_make_them(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    missing = f"role_{uuid.uuid4().hex[:8]}"
    monkeypatch.setattr(migrations, "ROLES", ("anon", missing))
    with pytest.raises(MigrationError, match=f"no role {missing}.*--create-roles"):
        await migrate(url)
    await migrate(url, create_roles=True)
    connection = await asyncpg.connect(url)
    assert await connection.fetchval("select pg_has_role(current_user, $1, 'member')", missing)
    await connection.execute(f"drop role {missing}")
    await connection.close()

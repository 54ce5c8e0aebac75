"""Brings the database up to date: supabase/migrations/*.sql in order, each in its transaction.

Bookkeeping is Supabase's own (`supabase_migrations.schema_migrations`), so that `supabase db push`
and this command know of each other; our checksums beside it notice a file that was edited after it
was applied.
"""

import hashlib
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncpg

FOLDER = Path(__file__).parent.parent / "supabase" / "migrations"
ROLES = ("anon", "authenticated", "service_role")
LOCK = "select pg_advisory_lock(hashtext('pursebot.migrate'))"

BOOKS = """
create schema if not exists supabase_migrations;
create table if not exists supabase_migrations.schema_migrations (
    version text primary key, statements text[], name text
);
create table if not exists supabase_migrations.pursebot_checksums (
    version text primary key, sha256 text not null, applied_at timestamptz not null default now()
);
"""


class MigrationError(Exception):
    """Why the database cannot be brought up to date, and what to do."""


@dataclass(frozen=True)
class Migration:
    """One file: `<version>_<name>.sql`."""

    version: str
    name: str
    sql: str

    @property
    def checksum(self) -> str:
        """What the file was when it was applied."""
        return hashlib.sha256(self.sql.encode()).hexdigest()


def migrations(folder: Path = FOLDER) -> Iterator[Migration]:
    """All of them, in order; raises MigrationError where there are none at all."""
    paths = sorted(folder.glob("*.sql"))
    if not paths:
        raise MigrationError(f"There are no migrations in {folder}: run this from a checkout.")
    for path in paths:
        version, _, name = path.stem.partition("_")
        yield Migration(version, name, path.read_text())


def versions() -> set[str]:
    """What a database that is up to date has."""
    return {path.stem.partition("_")[0] for path in FOLDER.glob("*.sql")}


async def migrate(url: str, *, create_roles: bool = False) -> list[str]:
    """Apply what is missing; a line for each file applied or adopted. Raises MigrationError."""
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(LOCK)
        await require_roles(connection, create_roles)
        await connection.execute(BOOKS)
        return [line async for line in catch_up(connection)]
    finally:
        await connection.close()


async def require_roles(connection: "asyncpg.Connection[Any]", create: bool) -> None:
    """Supabase gives these roles; a plain Postgres has to be given them."""
    known = {row[0] for row in await connection.fetch("select rolname from pg_roles")}
    missing = [role for role in ROLES if role not in known]
    if missing and not create:
        raise MigrationError(
            f"This database has no role {', '.join(missing)}: it is not a Supabase project."
            " Run `python -m backend migrate --create-roles` as a user who may create roles."
        )
    for role in missing:
        extra = " bypassrls" if role == "service_role" else ""
        await connection.execute(f"create role {role} nologin noinherit{extra}")
        await connection.execute(f"grant {role} to current_user")


async def catch_up(connection: "asyncpg.Connection[Any]") -> AsyncIterator[str]:
    """Apply, adopt or refuse each file in turn."""
    applied = {
        row["version"]: row["sha256"]
        for row in await connection.fetch(
            "select m.version, c.sha256 from supabase_migrations.schema_migrations as m"
            " left join supabase_migrations.pursebot_checksums as c using (version)"
        )
    }
    for migration in migrations():
        checksum = applied.get(migration.version, "")
        if checksum == migration.checksum:
            continue
        if checksum:
            raise MigrationError(
                f"{migration.version}_{migration.name}.sql was changed after it was applied."
                " Restore the file and put the change into a new one"
                " (a sandbox's data folder may be thrown away instead: make clean)."
            )
        async with connection.transaction():
            if migration.version not in applied:
                await connection.execute(migration.sql)
                await connection.execute(
                    "insert into supabase_migrations.schema_migrations values ($1, $2, $3)",
                    migration.version,
                    [migration.sql],
                    migration.name,
                )
            await connection.execute(
                "insert into supabase_migrations.pursebot_checksums values ($1, $2)",
                migration.version,
                migration.checksum,
            )
        adopted = migration.version in applied
        verb = "adopted (applied by the Supabase CLI, unchecked)" if adopted else "applied"
        yield f"{verb} {migration.version}_{migration.name}"

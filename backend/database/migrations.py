"""Brings the database up to date: supabase/migrations/*.sql in order, each in its transaction.

Bookkeeping is Supabase's own (`supabase_migrations.schema_migrations`), so that `supabase db push`
and this command know of each other; our checksums beside it notice a file that was edited after it
was applied.

Every file has a transaction of its own, and all that we need for it, the lock included, ends with
that transaction: behind a pooler a lock that outlives it would be held by whoever comes next.
"""

import hashlib
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncpg

from backend.database import connections
from backend.database.connections import Unreachable

# A wheel has them beside this file (setup.py), a checkout where the Supabase CLI looks for them.
CARRIED = Path(__file__).with_name("migration_files")
FOLDER = CARRIED if CARRIED.is_dir() else Path(__file__).parents[2] / "supabase" / "migrations"
ROLES = ("anon", "authenticated", "service_role")
LOCK_SECONDS = 20  # for another migrate, and for the tables that a file changes
LOCK = "select pg_advisory_xact_lock(hashtext('pursebot.migrate'))"
LOCKED = (
    "Something has held a lock in this database for {} s: another `migrate`, a `supabase db push`"
    " or somebody's open transaction. No file was applied by halves. Let it finish, or end it (find"
    " it with: table pg_stat_activity), and run `migrate` again."
)

BOOKKEEPING_SQL = Path(__file__).with_name("books.sql").read_text()


class MigrationError(Exception):
    """Why the database cannot be brought up to date, and what to do."""


@dataclass(frozen=True)
class Migration:
    """One file: `<version>_<name>.sql`."""

    version: str
    name: str
    sql: str

    @property
    def file(self) -> str:
        """Its name in the folder."""
        return f"{self.version}_{self.name}.sql"

    @property
    def checksum(self) -> str:
        """What the file was when it was applied."""
        return hashlib.sha256(self.sql.encode()).hexdigest()


def list_migrations(folder: Path = FOLDER) -> Iterator[Migration]:
    """All of them, in order; raises MigrationError where there are none at all."""
    paths = sorted(folder.glob("*.sql"))
    if not paths:
        raise MigrationError(f"There are no migrations in {folder}: install Pursebot again.")
    for path in paths:
        version, _, name = path.stem.partition("_")
        yield Migration(version, name, path.read_text())


def list_versions() -> set[str]:
    """What a database that is up to date has."""
    return {path.stem.partition("_")[0] for path in FOLDER.glob("*.sql")}


@dataclass(frozen=True)
class Inspection:
    """How a database stands towards the files: PostgreSQL's major version and lists of names."""

    version: int
    missing_roles: list[str]
    applied: int
    pending: list[str]
    changed: list[str]
    unchecked: list[str]


async def inspect_database(url: str) -> Inspection:
    """Look, and change nothing; raises MigrationError where nobody answers."""
    async with connect_as_owner(url) as connection, connection.transaction(readonly=True):
        await begin_transaction(connection)
        applied = await checksums(connection)
        return Inspection(
            version=connection.get_server_version().major,
            missing_roles=await missing_roles(connection),
            applied=len(applied),
            pending=[m.file for m in list_migrations() if m.version not in applied],
            changed=[
                m.file
                for m in list_migrations()
                if applied.get(m.version, "") not in ("", m.checksum)
            ],
            unchecked=[m.file for m in list_migrations() if applied.get(m.version) == ""],
        )


@asynccontextmanager
async def connect_as_owner(url: str) -> AsyncIterator["asyncpg.Connection[Any]"]:
    """A connection as the owner; raises MigrationError without a word of the address."""
    try:
        connection = await connections.connect(url)
    except Unreachable as error:
        raise MigrationError(str(error)) from None
    try:
        yield connection
    except asyncpg.LockNotAvailableError:
        raise MigrationError(LOCKED.format(LOCK_SECONDS)) from None
    except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError) as error:
        raise MigrationError(f"The database did not do it: {error}") from error
    finally:
        await connection.close()


async def migrate(url: str, *, create_roles: bool = False) -> list[str]:
    """Apply what is missing; a line for each file applied or adopted. Raises MigrationError."""
    async with connect_as_owner(url) as connection:
        async with locked_transaction(connection):
            await require_roles(connection, create_roles)
            await connection.execute(BOOKKEEPING_SQL)
        return [line async for line in apply_pending(connection)]


async def begin_transaction(connection: "asyncpg.Connection[Any]") -> None:
    """For this transaction: whoever logged in, whatever role a pooler left, and no endless wait."""
    await connection.execute(f"set local role none; set local lock_timeout = '{LOCK_SECONDS}s'")


@asynccontextmanager
async def locked_transaction(connection: "asyncpg.Connection[Any]") -> AsyncIterator[None]:
    """A transaction as whoever logged in, while no other migrate has one."""
    async with connection.transaction():
        await begin_transaction(connection)
        await connection.execute(LOCK)
        yield


async def missing_roles(connection: "asyncpg.Connection[Any]") -> list[str]:
    """Which of Supabase's roles are not there."""
    existing = {row[0] for row in await connection.fetch("select rolname from pg_roles")}
    return [role for role in ROLES if role not in existing]


async def checksums(connection: "asyncpg.Connection[Any]") -> dict[str, str]:
    """What each applied version's file was; "" where only the Supabase CLI knows."""

    async def column(name: str, table: str) -> dict[str, str]:
        if not await connection.fetchval("select to_regclass($1)", f"supabase_migrations.{table}"):
            return {}
        query = f"select version, {name} from supabase_migrations.{table}"  # noqa: S608
        return {row[0]: row[1] for row in await connection.fetch(query)}

    recorded = await column("sha256", "pursebot_checksums")
    return {
        version: recorded.get(version, "") for version in await column("''", "schema_migrations")
    }


async def require_roles(connection: "asyncpg.Connection[Any]", create: bool) -> None:
    """Supabase gives these roles; a plain Postgres has to be given them."""
    missing = await missing_roles(connection)
    if missing and not create:
        raise MigrationError(
            f"This database has no role {', '.join(missing)}: it is not a Supabase project."
            " Run `python -m backend migrate --create-roles` as a user who may create roles."
        )
    for role in missing:
        extra = " bypassrls" if role == "service_role" else ""
        await connection.execute(f"create role {role} nologin noinherit{extra}")
        await connection.execute(f"grant {role} to current_user")


async def apply_pending(connection: "asyncpg.Connection[Any]") -> AsyncIterator[str]:
    """Apply, adopt or refuse each file in turn."""
    for migration in list_migrations():
        async with locked_transaction(connection):
            outcome = await apply_migration(connection, migration)
        if outcome:
            yield f"{outcome} {migration.version}_{migration.name}"


async def apply_migration(
    connection: "asyncpg.Connection[Any]", migration: Migration
) -> str | None:
    """Bring one file in, unless it is: what was done. Others may have come first: look now."""
    applied = await checksums(connection)
    checksum = applied.get(migration.version, "")
    if checksum == migration.checksum:
        return None
    if checksum:
        raise MigrationError(
            f"{migration.file} was changed after it was applied."
            " Restore the file and put the change into a new one"
            " (a sandbox's data folder may be thrown away instead: rm -rf .data)."
        )
    if migration.version not in applied:
        await connection.execute(migration.sql)
        await connection.execute(
            "insert into supabase_migrations.schema_migrations (version, statements, name)"
            " values ($1, $2, $3)",
            migration.version,
            [migration.sql],
            migration.name,
        )
    await connection.execute(
        "insert into supabase_migrations.pursebot_checksums values ($1, $2)",
        migration.version,
        migration.checksum,
    )
    if migration.version in applied:
        return "adopted (applied by the Supabase CLI, unchecked)"
    return "applied"

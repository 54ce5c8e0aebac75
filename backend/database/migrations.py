"""Migrations: supabase/migrations/*.sql applied in order, each file in a transaction of its own.

Applied versions are recorded in Supabase's own table (`supabase_migrations.schema_migrations`), so
that `supabase db push` and this command know of each other; our checksums beside it detect a file
that was edited after it was applied.

The lock and all settings end with each file's transaction: behind a pooler a session-level lock
would pass to whichever client gets the connection next.
"""

import hashlib
from collections.abc import AsyncIterator, Collection, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncpg

from backend.database import connections
from backend.database.connections import Unreachable

# A wheel has them beside this file (setup.py), a checkout where the Supabase CLI expects them.
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
# The first file of the unreleased versions before the files were ordered by noun and renumbered.
RENUMBERED_VERSION = "20261121000100"
RENUMBERED = (
    "This database has the migrations of a version before release 0.1.0, whose numbers no later"
    " version continues: start anew, in the sandbox with `rm -rf .data`, elsewhere with an empty"
    " database and release 0.1.0 or newer."
)

MIGRATION_RECORDS_SQL = Path(__file__).with_name("migration_records.sql").read_text()


class MigrationError(Exception):
    """Why the database cannot be migrated, and what to do about it."""


@dataclass(frozen=True)
class Migration:
    """One file of the folder: `<version>_<name>.sql`."""

    version: str
    name: str
    sql: str

    @property
    def file(self) -> str:
        """The name of the file."""
        return f"{self.version}_{self.name}.sql"

    @property
    def checksum(self) -> str:
        """The SHA-256 of the file's text, as hex."""
        return hashlib.sha256(self.sql.encode()).hexdigest()


def list_migrations(folder: Path = FOLDER) -> Iterator[Migration]:
    """Yield the migrations in order of version. Raises MigrationError if the folder has none."""
    paths = sorted(folder.glob("*.sql"))
    if not paths:
        raise MigrationError(f"There are no migrations in {folder}: install Pursebot again.")
    for path in paths:
        version, _, name = path.stem.partition("_")
        yield Migration(version, name, path.read_text())


def list_versions() -> set[str]:
    """Return the versions of all migrations of this release."""
    return {path.stem.partition("_")[0] for path in FOLDER.glob("*.sql")}


@dataclass(frozen=True)
class Inspection:
    """A database compared with the files.

    `version` is PostgreSQL's major version, `applied` a number of files; the others are lists of
    names. `pending` are not applied, `changed` were edited afterwards, `unchecked` were applied by
    the Supabase CLI.
    """

    version: int
    missing_roles: list[str]
    applied: int
    pending: list[str]
    changed: list[str]
    unchecked: list[str]


async def inspect_database(url: str) -> Inspection:
    """Compare a database with the files, in a read-only transaction. Raises MigrationError."""
    async with connect_as_owner(url) as connection, connection.transaction(readonly=True):
        await begin_transaction(connection)
        applied = await checksums(connection)
        require_current_numbers(applied)
        inspection = Inspection(
            version=connection.get_server_version().major,
            missing_roles=await missing_roles(connection),
            applied=len(applied),
            pending=[],
            changed=[],
            unchecked=[],
        )
        for migration in list_migrations():
            checksum = applied.get(migration.version)
            if checksum is None:
                inspection.pending.append(migration.file)
            elif checksum == "":
                inspection.unchecked.append(migration.file)
            elif checksum != migration.checksum:
                inspection.changed.append(migration.file)
        return inspection


@asynccontextmanager
async def connect_as_owner(url: str) -> AsyncIterator["asyncpg.Connection[Any]"]:
    """Connect as the login role, and raise what goes wrong in the block as MigrationError.

    No message contains the address, which holds the password.
    """
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
    """Apply what is pending; return a line for each file applied or adopted. Raises MigrationError.

    `create_roles`: create Supabase's roles where a plain PostgreSQL lacks them.
    """
    async with connect_as_owner(url) as connection:
        async with locked_transaction(connection):
            require_current_numbers(await checksums(connection))
            await require_roles(connection, create_roles)
            await connection.execute(MIGRATION_RECORDS_SQL)
        return [line async for line in apply_pending(connection)]


def require_current_numbers(applied: Collection[str]) -> None:
    """Refuse a database with the migrations of an unreleased version. Raises MigrationError."""
    if RENUMBERED_VERSION in applied:
        raise MigrationError(RENUMBERED)


async def begin_transaction(connection: "asyncpg.Connection[Any]") -> None:
    """Set the login role, whatever role a pooler left, and a lock timeout for this transaction."""
    await connection.execute(f"set local role none; set local lock_timeout = '{LOCK_SECONDS}s'")


@asynccontextmanager
async def locked_transaction(connection: "asyncpg.Connection[Any]") -> AsyncIterator[None]:
    """Open a transaction that waits for, and keeps out, every other `migrate`."""
    async with connection.transaction():
        await begin_transaction(connection)
        await connection.execute(LOCK)
        yield


async def missing_roles(connection: "asyncpg.Connection[Any]") -> list[str]:
    """Return which of Supabase's roles the database lacks."""
    existing = {row[0] for row in await connection.fetch("select rolname from pg_roles")}
    return [role for role in ROLES if role not in existing]


async def checksums(connection: "asyncpg.Connection[Any]") -> dict[str, str]:
    """Return the checksum of each applied version; "" where the Supabase CLI applied it."""

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
    """Require Supabase's roles, or create those that are missing. Raises MigrationError.

    A Supabase project has them; a plain PostgreSQL does not.
    """
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
    """Apply or adopt each file in turn, and yield a line for each that was.

    Raises MigrationError.
    """
    for migration in list_migrations():
        async with locked_transaction(connection):
            outcome = await apply_migration(connection, migration)
        if outcome:
            yield f"{outcome} {migration.version}_{migration.name}"


async def apply_migration(
    connection: "asyncpg.Connection[Any]", migration: Migration
) -> str | None:
    """Apply one file, and return what was done; None if it was applied before.

    What is applied is read under the lock, because another `migrate` may have been first. Raises
    MigrationError where the file was changed after it was applied.
    """
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

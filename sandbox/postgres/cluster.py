"""A real PostgreSQL from a package, set up like a Supabase project.

    async with embedded_postgres(folder / "postgres", throwaway=True) as server:
        url = await server.create_database("pursebot")                   # migrate this one, then
        url = await server.create_database("test_1", template="pursebot")  # clone it, ~30 ms each
        await server.drop_database("test_1")

It listens on a Unix socket only, and trusts everybody who can reach that.
"""

import os
import shutil
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import asyncpg

from sandbox.postgres.programs import give_to_server, open_to_all, own_programs, run_program
from sandbox.postgres.server_process import start_server, stop_server

OWNER = "pursebot_owner"  # owns the databases and the migrations; no superuser
SUPERUSER = "postgres"
HERE = Path(__file__).parent
SUPABASE = (HERE / "supabase.sql").read_text()
SUPABASE_GRANTS = (HERE / "supabase_grants.sql").read_text()
SOCKET_PATH_LIMIT = 100  # bytes a Unix socket's path may have: 107 on Linux, 103 on macOS

INITDB = ["-U", SUPERUSER, "--auth=trust", "--encoding=utf8", "--no-sync", "--no-instructions"]
# C.UTF-8 from PostgreSQL itself (17 and newer): the same order and case on every machine.
BUILTIN_LOCALE = ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"]


@asynccontextmanager
async def connected(database_url: str) -> AsyncIterator["asyncpg.Connection"]:
    """Connect to a database for the length of the block."""
    connection = await asyncpg.connect(database_url)
    try:
        yield connection
    finally:
        await connection.close()


@dataclass(frozen=True)
class EmbeddedPostgres:
    """A running server. It holds no connection and no event loop, so any of them can use it."""

    socket_folder: Path

    def database_url(self, database: str = "pursebot", user: str = OWNER) -> str:
        """Return a database's address for asyncpg or psql: `postgresql://user@/name?host=...`."""
        return f"postgresql://{user}@/{database}?host={quote(str(self.socket_folder))}&port=5432"

    async def create_database(
        self, name: str, *, template: str | None = None, default_privileges: bool = True
    ) -> str:
        """Create a database unless it exists; return its owner's address.

        Without `template` it gets what Supabase gives (roles, `auth.uid()`), and with
        `default_privileges` also Supabase's grants on all that will be made in `public`. With a
        `template` it is a copy of that database, to which nobody may be connected meanwhile.
        """
        async with connected(self.database_url("postgres", SUPERUSER)) as server:
            if not await server.fetchval("select 1 from pg_database where datname = $1", name):
                copied = f'template "{template or "template0"}" strategy file_copy'
                await server.execute(f'create database "{name}" {copied}')
            if template is None:
                async with connected(self.database_url(name, SUPERUSER)) as database:
                    await database.execute(SUPABASE)
                    if default_privileges:
                        await database.execute(SUPABASE_GRANTS)
            await server.execute(f'alter database "{name}" owner to {OWNER}')
        return self.database_url(name)

    async def drop_database(self, name: str) -> None:
        """Drop a database, with all connections to it."""
        async with connected(self.database_url("postgres", SUPERUSER)) as server:
            await server.execute(f'drop database if exists "{name}" with (force)')


@asynccontextmanager
async def embedded_postgres(
    data: Path, *, throwaway: bool = False
) -> AsyncIterator[EmbeddedPostgres]:
    """Run a server on the folder `data` (absolute; made if needed) for the length of the block.

    A server that a killed process left running there is stopped first. Its log is in `logs/` beside
    `data`. Raises PostgresFailed with PostgreSQL's output.
    """
    log = log_of(data)
    log.parent.mkdir(parents=True, exist_ok=True)
    log.touch()
    _make_cluster(data)
    fits = len(os.fsencode(data / ".s.PGSQL.5432")) <= SOCKET_PATH_LIMIT
    sockets = data if fits else Path(tempfile.mkdtemp(prefix="pursebot-"))
    give_to_server(log)
    if open_to_all(data):  # else it has the right to come here too, and nobody else should
        give_to_server(sockets)
    try:
        start_server(data, sockets, log, throwaway=throwaway)
        yield EmbeddedPostgres(sockets)
    finally:
        stop_server(data)
        if not fits:
            shutil.rmtree(sockets, ignore_errors=True)


def log_of(data: Path) -> Path:
    """Return the path of the log of the server on the folder `data`."""
    return data.parent / "logs" / f"{data.name}.log"


def _make_cluster(data: Path) -> None:
    """Run `initdb` beside `data`, then rename: an interrupted start leaves no half-made cluster."""
    if (data / "PG_VERSION").exists():
        return
    half_made = data.with_name(f"{data.name}.new")
    shutil.rmtree(half_made, ignore_errors=True)
    half_made.mkdir(mode=0o700)
    give_to_server(half_made)
    locale = [] if own_programs() else BUILTIN_LOCALE
    run_program("initdb", *INITDB, *locale, data=half_made)
    half_made.rename(data)

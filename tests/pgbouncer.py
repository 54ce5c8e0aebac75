"""PgBouncer before a test's database, in either mode, for poolers that drop startup parameters.

It is Debian's package (`apt-get install pgbouncer`). It refuses to run as root, as PostgreSQL does.
"""

import asyncio
import os
import shutil
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import asyncpg

from sandbox.runner.ports import free_ports

PROGRAM = shutil.which("pgbouncer") or shutil.which("pgbouncer", path="/usr/sbin")
START_SECONDS = 20


@asynccontextmanager
async def pgbouncer(database_url: str, mode: str, **settings: Any) -> AsyncIterator[str]:
    """Run a pooler for the length of the block; yield the database's address behind it.

    `mode` is the pool mode, `settings` are lines of its configuration file.
    """
    assert PROGRAM
    parts = urlsplit(database_url)
    database, user = parts.path[1:], parts.username or ""
    socket = parse_qs(parts.query)["host"][0]
    [port] = free_ports(1)
    folder = Path(tempfile.mkdtemp(prefix="pgbouncer-", dir="/tmp"))
    usual = {
        "listen_addr": "127.0.0.1", "listen_port": port, "unix_socket_dir": "",
        "auth_type": "any", "pool_mode": mode, "logfile": folder / "log",
        "ignore_startup_parameters": "extra_float_digits,role",
    }  # fmt: skip
    lines = "\n".join(f"{name} = {value}" for name, value in {**usual, **settings}.items())
    source = f"host={socket} port=5432 dbname={database} user={user}"
    (folder / "ini").write_text(f"[databases]\n{database} = {source}\n[pgbouncer]\n{lines}\n")
    command = [PROGRAM, str(folder / "ini")]
    if os.geteuid() == 0:
        shutil.chown(folder, "postgres")
        user_of_package = ["--reuid=postgres", "--regid=postgres", "--init-groups"]
        # The way to the server's socket leads through pytest's folders, which are root's alone.
        passing = ["--inh-caps=+dac_override", "--ambient-caps=+dac_override"]
        command = ["setpriv", *user_of_package, *passing, *command]
    process = await asyncio.create_subprocess_exec(
        *command, stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL
    )
    try:
        async with asyncio.timeout(START_SECONDS):
            while True:
                try:
                    _, writer = await asyncio.open_connection("127.0.0.1", port)
                    writer.close()
                    break
                except OSError:
                    assert process.returncode is None, (folder / "log").read_text()
                    await asyncio.sleep(0.05)
        yield f"postgresql://{user}@127.0.0.1:{port}/{database}"
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()
        shutil.rmtree(folder, ignore_errors=True)


async def state_left_behind(database_url: str) -> list[str]:
    """Return the process ids of idle sessions that hold advisory locks."""
    connection = await asyncpg.connect(database_url)
    try:
        rows = await connection.fetch(
            "select l.pid::text from pg_locks as l join pg_stat_activity as a on a.pid = l.pid"
            " where l.locktype = 'advisory' and a.datname = current_database()"
            " and a.state = 'idle'"
        )
        return [row[0] for row in rows]
    finally:
        await connection.close()

"""PostgreSQL that died is started again with its data, whatever its death has left behind."""

import asyncio
import os
import signal
import subprocess
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory

import asyncpg
import pytest

from sandbox.postgres.cluster import EmbeddedPostgres, connected, embedded_postgres, log_of
from sandbox.postgres.keeping import MAX_ENDS, postgres_running
from sandbox.postgres.programs import NOBODY, PostgresFailed, give_to_server
from sandbox.postgres.server_process import server_processes, start_server


@pytest.fixture
def data() -> Iterator[Path]:
    with TemporaryDirectory(prefix="a b ") as path:
        yield Path(path) / "postgres"


@pytest.fixture
async def server(data: Path) -> AsyncIterator[EmbeddedPostgres]:
    async with embedded_postgres(data) as running:
        async with connected(await running.create_database("pursebot")) as owner:
            await owner.execute("create table public.things as select 1 as n")
        yield running


@pytest.fixture
def somebody() -> Iterator[int]:
    """A process of the user that the server runs as, which is no server."""
    user = NOBODY if os.geteuid() == 0 else None
    with subprocess.Popen(["/bin/sleep", "600"], user=user) as process:
        yield process.pid
        process.kill()


def first_process(data: Path) -> int:
    return int((data / "postmaster.pid").read_text().splitlines()[0])


def kill(process: int) -> None:
    with suppress(ProcessLookupError):
        os.kill(process, signal.SIGKILL)


async def until_readable(server: EmbeddedPostgres) -> None:
    """Wait until what was written is read again."""
    async with asyncio.timeout(60):
        while True:
            with suppress(OSError, asyncpg.PostgresError):
                async with connected(server.database_url()) as owner:
                    assert await owner.fetchval("select n from public.things") == 1
                    return
            await asyncio.sleep(0.05)


async def test_it_is_started_again_with_its_data_after_each_way_to_die(
    server: EmbeddedPostgres, data: Path, somebody: int
) -> None:
    printed: list[str] = []
    async with postgres_running(server, data, printed.append):
        first = first_process(data)
        kill(first)
        await until_readable(server)
        assert first_process(data) != first
        assert printed == [
            f"PostgreSQL ended; starting it again, with all its data. Its log: {log_of(data)}"
        ]
        children = [each for each in server_processes(data) if each != first_process(data)]
        kill(children[0])  # PostgreSQL starts its own children again
        await until_readable(server)
        for process in server_processes(data):
            kill(process)
        await until_readable(server)
        assert len(printed) == 2
    assert server_processes(data)


async def test_a_pid_file_that_names_somebody_elses_process_stops_no_start(
    server: EmbeddedPostgres, data: Path, somebody: int
) -> None:
    lines = (data / "postmaster.pid").read_text().splitlines()
    for process in server_processes(data):
        kill(process)
    stale = [str(somebody), *lines[1:]]
    for name in ("postmaster.pid", ".s.PGSQL.5432.lock"):
        (data / name).write_text("\n".join(stale) + "\n")
        give_to_server(data / name)
    start_server(data, server.socket_folder, log_of(data), throwaway=False)
    await until_readable(server)
    os.kill(somebody, 0)  # nobody has touched it


async def test_an_orphan_that_does_not_end_by_itself_is_ended(
    server: EmbeddedPostgres, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sandbox.postgres.server_process.ORPHANS_END_WITHIN", 0.1)
    first = first_process(data)
    orphan = next(each for each in server_processes(data) if each != first)
    os.kill(orphan, signal.SIGSTOP)
    kill(first)
    start_server(data, server.socket_folder, log_of(data), throwaway=False)
    await until_readable(server)
    assert orphan not in server_processes(data)


async def test_a_server_whose_pid_file_is_lost_is_stopped_all_the_same(data: Path) -> None:
    async with embedded_postgres(data, throwaway=True):
        (data / "postmaster.pid").unlink()
    assert server_processes(data) == []
    assert "database system is shut down" in log_of(data).read_text()  # not killed


async def test_what_cannot_be_started_again_ends_the_block_with_a_sentence(
    server: EmbeddedPostgres, data: Path
) -> None:
    (data / "postgresql.conf").write_text("this is no setting\n")

    async def die() -> None:
        async with postgres_running(server, data, print):
            kill(first_process(data))
            await asyncio.sleep(60)

    with pytest.raises(PostgresFailed, match=r"(?s)cannot be started again.*is kept in.*syntax"):
        await die()
    assert server_processes(data) == []


@pytest.mark.slow
async def test_what_ends_again_and_again_is_given_up(server: EmbeddedPostgres, data: Path) -> None:
    printed: list[str] = []

    async def die_again_and_again() -> None:
        async with postgres_running(server, data, printed.append):
            while True:
                await until_readable(server)
                kill(first_process(data))
                await asyncio.sleep(0.05)

    with pytest.raises(PostgresFailed, match=f"ended {MAX_ENDS} times within a minute"):
        await die_again_and_again()
    assert len(printed) == MAX_ENDS - 1

"""The embedded PostgreSQL: what Supabase gives is there, and nothing a person kept is lost."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import asyncpg
import pytest
import pytest_asyncio

from sandbox.postgres.cluster import EmbeddedPostgres, connected, embedded_postgres
from sandbox.postgres.programs import PostgresFailed

KILLED_WHILE_RUNNING = """
import asyncio, os, pathlib, sys
from sandbox.postgres.cluster import embedded_postgres
async def main():
    async with embedded_postgres(pathlib.Path(sys.argv[1]), throwaway=True) as server:
        await server.create_database("pursebot")
        os.kill(os.getpid(), 9)
asyncio.run(main())
"""


@pytest.fixture
def folder() -> Iterator[Path]:
    """A short path with a space in it: people have those."""
    with TemporaryDirectory(prefix="a b ") as path:
        yield Path(path)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def server() -> AsyncIterator[EmbeddedPostgres]:
    with TemporaryDirectory() as folder:
        async with embedded_postgres(Path(folder) / "postgres", throwaway=True) as running:
            yield running


def process_of_server(folder: Path) -> int:
    """The first line of its pid file; no server starts while another one runs on its folder."""
    return int((folder / "postgres" / "postmaster.pid").read_text().splitlines()[0])


async def test_the_programs_are_those_of_the_folder_that_is_named(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PURSEBOT_POSTGRES_BIN", str(folder / "another version"))
    with pytest.raises(PostgresFailed, match="another version"):
        async with embedded_postgres(folder / "postgres"):
            pass


async def test_the_owner_of_the_migrations_is_no_superuser_and_may_act_as_each_role(
    server: EmbeddedPostgres,
) -> None:
    async with connected(await server.create_database("acting")) as owner:
        row = await owner.fetchrow(
            "select rolsuper, rolbypassrls from pg_roles where rolname = current_user"
        )
        assert tuple(row or ()) == (False, False)
        await owner.execute("create table public.things ()")
        for role in ("anon", "authenticated", "service_role"):
            await owner.execute(f"set role {role}")
            assert await owner.fetchval("select current_user") == role


async def test_only_the_service_role_sees_past_row_level_security(
    server: EmbeddedPostgres,
) -> None:
    async with connected(await server.create_database("seeing")) as owner:
        past = await owner.fetch("select rolname from pg_roles where rolbypassrls order by 1")
        assert [row["rolname"] for row in past] == ["postgres", "service_role"]


@pytest.mark.parametrize("is_open", [True, False])
async def test_a_new_table_is_open_to_all_exactly_with_supabase_s_default_privileges(
    server: EmbeddedPostgres, is_open: bool
) -> None:
    url = await server.create_database(f"open_{is_open}", default_privileges=is_open)
    async with connected(url) as owner:
        await owner.execute("create table public.things ()")
        for role in ("anon", "authenticated", "service_role"):
            has_permission = "select has_table_privilege($1, 'public.things', 'insert')"
            assert await owner.fetchval(has_permission, role) is is_open


async def test_the_caller_s_id_is_read_from_the_token_s_claims(server: EmbeddedPostgres) -> None:
    someone = "00000000-0000-4000-8000-000000000001"
    async with connected(await server.create_database("calling")) as owner:
        assert await owner.fetchval("select auth.uid()") is None
        await owner.execute(f"""set request.jwt.claims = '{{"sub": "{someone}"}}'""")
        await owner.execute("set role authenticated")
        assert str(await owner.fetchval("select auth.uid()")) == someone


async def test_a_clone_has_what_its_template_has_and_then_lives_alone(
    server: EmbeddedPostgres,
) -> None:
    async with connected(await server.create_database("template")) as owner:
        await owner.execute("create table public.things as select 1 as n")
    async with connected(await server.create_database("clone", template="template")) as owner:
        assert await owner.fetchval("delete from public.things returning n") == 1
    async with connected(server.database_url("template")) as owner:
        assert await owner.fetchval("select n from public.things") == 1
    await server.drop_database("clone")
    with pytest.raises(asyncpg.InvalidCatalogNameError):
        await asyncpg.connect(server.database_url("clone"))


async def test_what_is_written_is_there_after_a_restart(folder: Path) -> None:
    for expected in (None, "a"):
        async with (
            embedded_postgres(folder / "postgres") as server,
            connected(await server.create_database("pursebot")) as owner,
        ):
            await owner.execute("create table if not exists public.things (name text)")
            assert await owner.fetchval("select name from public.things") == expected
            await owner.execute("insert into public.things values ('a')")


async def test_a_server_left_by_a_killed_process_is_taken_over(folder: Path) -> None:
    killed = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", KILLED_WHILE_RUNNING, str(folder / "postgres"))
    )
    assert await killed.wait() == -signal.SIGKILL
    left = process_of_server(folder)
    os.kill(left, 0)  # it is there
    async with embedded_postgres(folder / "postgres", throwaway=True) as server:
        assert process_of_server(folder) != left
        async with connected(server.database_url()) as owner:
            assert await owner.fetchval("select 1") == 1


async def test_a_path_too_long_for_a_socket_works_all_the_same(folder: Path) -> None:
    deep = folder / ("long" * 30)
    async with embedded_postgres(deep / "postgres", throwaway=True) as server:
        async with connected(await server.create_database("pursebot")) as owner:
            assert await owner.fetchval("select 1") == 1
        sockets = server.socket_folder
    assert not sockets.exists()


async def test_a_server_that_cannot_start_says_why(folder: Path) -> None:
    async with embedded_postgres(folder / "postgres", throwaway=True):
        pass
    (folder / "postgres" / "PG_VERSION").write_text("9\n")
    with pytest.raises(
        PostgresFailed, match=r"(?s)could not start server.*incompatible with server"
    ):
        async with embedded_postgres(folder / "postgres", throwaway=True):
            pass

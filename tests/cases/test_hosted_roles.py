"""A cluster as hosted Supabase makes it: its `postgres` is no superuser, `auth` is somebody else's.

Roles and timeouts are those of https://supabase.com/docs/guides/database/postgres/roles and
.../timeouts: 3 s for anon, 8 s for authenticated and for the REST API's login.
"""

import os
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import asyncpg
import pytest

from backend.database.postgres import postgres_database
from backend.database.protocol import SERVICE, Database
from backend.database.supabase_rest import supabase_database
from sandbox.postgres.cluster import EmbeddedPostgres, embedded_postgres
from tests.backend.commands.test_commands import GOOD, run
from tests.backend.conftest import open_system
from tests.conftest import populate
from tests.supabase_standin import JWT_SECRET, SECRET_KEY, supabase_standin

pytestmark = pytest.mark.slow
if TYPE_CHECKING:
    Connection = asyncpg.Connection[Any]
else:
    Connection = asyncpg.Connection

# The first superuser cannot be made less; on hosted Supabase it is supabase_admin.
HELPER = "create role helper superuser login"
ROLES = """
alter role postgres rename to supabase_admin;
create role postgres login createdb createrole replication bypassrls;
create role anon nologin noinherit;
create role authenticated nologin noinherit;
create role service_role nologin noinherit bypassrls;
create role authenticator login noinherit;
create role supabase_auth_admin login noinherit createrole;
create role dashboard_user nologin createdb createrole replication;
grant anon, authenticated, service_role to authenticator;
grant anon, authenticated, service_role to postgres with admin option;
alter role anon set statement_timeout = '3s';
alter role authenticated set statement_timeout = '8s';
alter role authenticator set statement_timeout = '8s';
alter role authenticator set lock_timeout = '8s';
alter role supabase_auth_admin set search_path = auth;
"""
# As Supabase has it since its superuser was renamed: granted, not owned, so that temporary objects
# cannot be revoked from public.
DATABASE = "create database hosted"
GRANT = "grant all on database hosted to postgres; grant all on schema public to postgres"
SCHEMAS = """
create schema extensions authorization postgres;
grant usage on schema extensions to anon, authenticated, service_role;
create schema auth authorization supabase_auth_admin;
set role supabase_auth_admin;
create table auth.users (id uuid primary key, email text);
create function auth.uid() returns uuid language sql stable as
$$ select (nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> 'sub')::uuid $$;
reset role;
grant usage on schema auth to anon, authenticated, service_role, postgres;
grant select on auth.users to postgres;
grant usage on schema public to anon, authenticated, service_role;
alter default privileges for role postgres in schema public
    grant all on tables to anon, authenticated, service_role;
alter default privileges for role postgres in schema public
    grant all on functions to anon, authenticated, service_role;
alter default privileges for role postgres in schema public
    grant all on sequences to anon, authenticated, service_role;
"""
FORGET_ACCOUNT = "update private.installation set stripe_account_id = null where only_row"


@pytest.fixture
async def hosted() -> AsyncIterator[EmbeddedPostgres]:
    """A server of this test's own: roles belong to the whole of it."""
    folder = Path(tempfile.mkdtemp(dir=os.environ.get("TMPDIR")))
    async with embedded_postgres(folder / "data", throwaway=True) as server:
        for database, user, sql in (
            ("postgres", "postgres", HELPER),
            ("postgres", "helper", ROLES),
            ("postgres", "supabase_admin", DATABASE),
            ("hosted", "supabase_admin", GRANT),
            ("hosted", "supabase_admin", SCHEMAS),
        ):
            connection = await asyncpg.connect(server.database_url(database, user))
            await connection.execute(sql)
            await connection.close()
        yield server


async def test_migrations_and_a_topup_work_there_straight_and_over_rest(
    hosted: EmbeddedPostgres, tmp_path: Path
) -> None:
    url = hosted.database_url("hosted", "postgres")
    code, output, errors = await run("migrate", SUPABASE_DB_URL=url)
    assert (code, output.startswith("applied ")) == (0, True), errors
    code, output, errors = await run("migrate", SUPABASE_DB_URL=url)
    assert (code, output) == (0, "The database is up to date.\n"), errors
    owner = await asyncpg.connect(url)
    assert await owner.fetchval(
        "select has_database_privilege('anon', 'hosted', 'temporary') and not pg_has_role("
        "(select datdba from pg_database where datname = 'hosted'), 'usage')"
    )
    gateway = hosted.database_url("hosted", "pursebot_owner")
    async with postgres_database(url) as straight, supabase_standin(gateway) as project:
        await straight.call("claim_stripe_account", SERVICE, livemode=False)
        world = await populate(straight, owner)
        async with supabase_database(project.url, SECRET_KEY, JWT_SECRET) as over_rest:
            ways: tuple[Database, ...] = (straight, over_rest)
            for number, database in enumerate(ways, start=1):
                (tmp_path / str(number)).mkdir()
                # Each system has a local Stripe of its own, which is another account.
                await owner.execute(FORGET_ACCOUNT)
                async with open_system(database, world, tmp_path / str(number)) as system:
                    payment = await system.topup("20", key=f"key {number}")
                    await system.pay(payment)
                    paid = await system.until(payment, lambda seen: seen.status == "succeeded")
                    assert paid.balance
                    assert paid.balance.amount == f"{20 * number}.00"
                    await system.client.claim_notifications(wait=5)
    assert not await owner.fetch("select * from private.ledger_problems")
    assert not await owner.fetchval("select rolsuper from pg_roles where rolname = current_user")
    await owner.close()
    settings = {**GOOD, "SUPABASE_DB_URL": url, "STRIPE_API_BASE": "http://127.0.0.1:1"}
    _, output, errors = await run("doctor", **settings)
    assert "Traceback" not in errors
    assert "every migration is applied" in output
    assert "error    database" not in output

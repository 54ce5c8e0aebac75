"""The schema passes checks in the manner of Supabase's advisors; each finds what it is for."""

import re
from typing import TYPE_CHECKING, Any

import asyncpg
import pytest

from tests.database.advisors import ADVISORS, EXCEPTIONS

if TYPE_CHECKING:
    Connection = asyncpg.Connection[Any]
else:
    Connection = asyncpg.Connection

# What each of them finds, once it is there.
FLAWS = {
    "0001 unindexed foreign key": "alter table private.foundings"
    " add x uuid references public.wallets (id)",
    "0002 view of auth.users": "create table auth.users (id uuid);"
    " create view public.x with (security_invoker = true) as select id from auth.users",
    "0003 policy calls a function for each row": "create policy x on public.packages"
    " for select using (id = private.current_user_id())",
    "0004 no primary key": "create table private.x (a int)",
    "0006 several permissive policies": "create policy x on public.wallets"
    " for select to authenticated using (id is not null)",
    "0007 policy without row-level security": "alter table public.wallets"
    " disable row level security",
    "0008 row-level security without policy": "alter table private.foundings"
    " enable row level security",
    "0009 duplicate index": "create index x on public.payments (created_by)",
    "0010 view with its owner's rights": "create view public.x as select id from public.wallets",
    "0011 function without our search_path": "create function private.x() returns int"
    " language sql set search_path = '' return 1",
    "0013 no row-level security": "create table public.x (id int primary key)",
    "0014 extension in our schemas": "create extension pg_trgm schema public",
    "0015 policy reads user_metadata": "create policy x on public.packages for select using"
    " ((current_setting('request.jwt.claims')::jsonb -> 'user_metadata') is not null)",
    "0016 materialized view": "create materialized view public.x as select 1 as a",
    "0017 foreign table": "create foreign data wrapper w; create server s foreign data wrapper w;"
    " create foreign table public.x (a int) server s",
    "0018 column of a reg type": "alter table private.foundings add x regproc",
    "0021 foreign key to auth": "create table auth.users (id uuid primary key);"
    " alter table private.foundings add x uuid references auth.users (id)",
    "0024 policy that is always true": "create policy x on public.packages for select using (true)",
    "0026 table that anon may read": "grant select (id) on public.wallets to anon",
    "0028 definer function that anon may call": "grant execute on function"
    " api.get_settings() to anon",
    "0030 invalid index": "update pg_index set indisvalid = false"
    " where indexrelid = 'public.payments_wallet'::regclass",
    "0030 autovacuum switched off": "alter table public.wallets set (autovacuum_enabled = false)",
    "0030 policy for null": "create policy x on public.packages for select using (name is null)",
    "sequence that a request reaches": "grant usage on sequence"
    " public.chats_id_seq to service_role",
    "grant of some columns": "grant select (id) on public.packages to authenticated",
    "table or function without a comment": "comment on function api.get_settings() is null",
    "schema in which others may create": "grant create on schema api to public",
    "domain or type of ours with a check": "create domain public.x as text check (value <> '')",
}
# Whoever calls one of these is refused unless they are who may; each reads the claims or the role.
AUTHORIZATIONS = {
    "private.require_service", "private.require_user", "private.require_role",
    "private.require_role_alone", "private.require_payment_role",
    "private.require_subscription_role", "private.require_telegram",
    "private.require_payment_method", "private.require_active_payment_method",
    "private.require_setup_link", "private.require_payment_of_caller",
}  # fmt: skip
# They answer who the caller is; a role check would have to ask them first.
DEFINERS_WITHOUT_AUTHORIZATION = {
    "private.current_user_id", "private.member_organization_ids", "private.owned_organization_ids",
    "private.manageable_organization_ids",
}  # fmt: skip


async def findings(connection: Connection, advisor: str) -> set[str]:
    """Return the names that an advisor finds."""
    return {row["name"] for row in await connection.fetch(ADVISORS[advisor])}


@pytest.mark.parametrize("advisor", ADVISORS)
async def test_nothing_is_found_that_is_not_on_purpose(owner: Connection, advisor: str) -> None:
    assert await findings(owner, advisor) == set(EXCEPTIONS.get(advisor, {}))


@pytest.mark.parametrize("advisor", ADVISORS)
async def test_each_advisor_finds_what_it_is_for(database_url: str, advisor: str) -> None:
    superuser = await asyncpg.connect(database_url.replace("pursebot_owner@", "postgres@"))
    try:
        before = await findings(superuser, advisor)
        async with superuser.transaction():
            await superuser.execute(FLAWS[advisor])
            assert await findings(superuser, advisor) > before
            raise asyncpg.exceptions.RaiseError  # the database is as it was
    except asyncpg.exceptions.RaiseError:
        pass
    finally:
        await superuser.close()


def first_act(body: str) -> str:
    """Return the first function that a PL/pgSQL body calls, or the first table that it reads.

    Empty where that depends on something.
    """
    code = re.sub(r"--[^\n]*|'[^']*'", "", body)
    found = re.search(r"\b(private|public|api|auth)\.\w+(?=\()|\b(from|update|into)\s+[\w.]+", code)
    if found is None or re.search(r"\b(if|case|loop|exception)\b", code[: found.start()]):
        return ""
    return found[0]


async def test_every_definer_function_begins_with_its_authorization(owner: Connection) -> None:
    rows = await owner.fetch(
        "select p.pronamespace::regnamespace || '.' || p.proname as name, p.prosrc as body"
        " from pg_proc as p where p.prosecdef"
        " and p.pronamespace::regnamespace::text in ('public', 'private', 'api')"
    )
    first = {row["name"]: first_act(row["body"]) for row in rows}
    without = {name: act for name, act in first.items() if act not in AUTHORIZATIONS}
    assert set(without) == DEFINERS_WITHOUT_AUTHORIZATION, without


@pytest.mark.parametrize("function", sorted(AUTHORIZATIONS))
async def test_an_authorization_refuses_whoever_has_no_claims(
    owner: Connection, function: str
) -> None:
    number = await owner.fetchval(
        "select pronargs from pg_proc where oid = $1::text::regproc", function
    )
    arguments = ["", "gen_random_uuid()", "gen_random_uuid(), 'owner'"][number]
    with pytest.raises(asyncpg.PostgresError) as refused:
        await owner.fetchval(f"select {function}({arguments})")
    assert (refused.value.sqlstate or "") in ("PB401", "PB403", "PB404")

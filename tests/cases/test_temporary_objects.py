"""A caller's temporary objects never run with our rights.

Where a function's search_path does not name pg_temp, PostgreSQL looks there first for types and
relations, and a definer function of ours would run what its caller put there, as the owner of the
migrations: https://www.postgresql.org/docs/current/sql-createfunction.html#SQL-CREATEFUNCTION-SECURITY
"""

import json
from typing import TYPE_CHECKING, Any

import asyncpg

from tests.conftest import World

if TYPE_CHECKING:
    Connection = asyncpg.Connection[Any]
else:
    Connection = asyncpg.Connection

MAKE_EVE_OWNER = """
create function pg_temp.evil() returns boolean language plpgsql as $$
begin
    insert into public.memberships (organization_id, user_id, role)
    select o.id, u.id, 'owner' from public.organizations as o, public.users as u
    where u.name = 'Eve' on conflict do nothing;
    return true;
exception when others then
    return true;
end $$
"""
# Types that our functions name without a schema; `boolean` and `bigint` are words of the grammar.
TYPES = ("uuid", "jsonb", "text")
CALLS = (
    "api.list_organizations()",
    "api.get_settings()",
    "api.get_own_user_id()",
)


async def test_a_type_of_the_callers_does_not_run_as_the_owner_of_the_migrations(
    database_url: str, world: World, owner: Connection
) -> None:
    login = database_url.replace("pursebot_owner@", "authenticator@")
    database_name = await owner.fetchval("select current_database()")
    # As on hosted Supabase, where nobody but Supabase itself can revoke it.
    await owner.execute(f'grant temporary on database "{database_name}" to public')
    session = await asyncpg.connect(login)
    try:
        await session.execute("set role authenticated")
        claims = json.dumps({"role": "authenticated", **world.eve.claims})
        await session.execute("select set_config('request.jwt.claims', $1, false)", claims)
        await session.execute(MAKE_EVE_OWNER)
        for name in TYPES:
            await session.execute(
                f"create domain pg_temp.{name} as pg_catalog.{name} check (pg_temp.evil())"
            )
        for call in CALLS:
            await session.fetchval(f"select {call}")
    finally:
        await session.close()
    owners = await owner.fetch(
        "select u.name from public.memberships as m"
        " inner join public.users as u on u.id = m.user_id"
        " where m.organization_id = $1 and m.role = 'owner'",
        world.acme,
    )
    assert [row["name"] for row in owners] == ["Ana"]

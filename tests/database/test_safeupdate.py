"""Hosted Supabase runs every function over REST: none updates or deletes without WHERE."""

from typing import TYPE_CHECKING, Any

import asyncpg
import pytest

from tests.safeupdate import UnreadableBody, read_bodies

if TYPE_CHECKING:
    Connection = asyncpg.Connection[Any]
else:
    Connection = asyncpg.Connection


async def test_no_function_updates_or_deletes_without_where(owner: Connection) -> None:
    bodies = await read_bodies(owner)
    assert len(bodies.calls) > 200
    assert not bodies.refused


@pytest.mark.parametrize(
    ("statement", "command"),
    [
        ("update public.chats set reachable = true", "UPDATE"),
        (
            "with gone as (delete from public.chats returning id) select id from gone into one",
            "DELETE",
        ),
        ("for one in delete from public.chats returning id loop null; end loop", "DELETE"),
        ("return query update public.chats set reachable = true returning id", "UPDATE"),
        ("if false then begin delete from public.chats; end; end if", "DELETE"),
        ("delete from public.chats as c using public.users as u", "DELETE"),
        ("update public.chats set reachable = true where true", None),
        ("insert into public.chats (id) values (1) on conflict (id) do update set id = 1", None),
        ("perform from public.chats as c for update", None),
        ("select c.id, c.id into f.one, one from public.chats as c", None),
    ],
)
async def test_what_is_refused_in_a_body(
    owner: Connection, statement: str, command: str | None
) -> None:
    await owner.execute(f"""
        create function private.f(out one bigint) returns setof bigint language plpgsql
        as $$ begin {statement}; end $$;
        create function api.g() returns void language sql as 'select from private.f()';
    """)
    refused = (await read_bodies(owner)).refusal("api.g")
    assert refused == (command and f"{command} requires a WHERE clause")


async def test_a_trigger_and_a_standard_body_are_read_as_well(owner: Connection) -> None:
    await owner.execute("""
        create function private.g() returns void language sql
        begin atomic update public.chats set reachable = true; end;
        create function private.fires() returns trigger language plpgsql
        as $$ begin delete from public.notifications; return null; end $$;
        create trigger forgetful after delete on public.chats
        for each statement execute function private.fires();
        create function api.f() returns void language sql
        as 'delete from public.chats as c where c.id = 1';
    """)
    bodies = await read_bodies(owner)
    assert bodies.refusal("private.g") == "UPDATE requires a WHERE clause"
    assert bodies.refusal("api.f") == "DELETE requires a WHERE clause"


async def test_sql_that_is_put_together_later_must_be_no_change(owner: Connection) -> None:
    await owner.execute("""
        create function private.f() returns void language plpgsql
        as $$ begin execute format('update %I set reachable = true', 'chats'); end $$
    """)
    with pytest.raises(UnreadableBody, match="update %I"):
        await read_bodies(owner)

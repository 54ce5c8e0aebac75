-- What is ours: schema api for callers, schema private for ourselves, tables in public; nothing is for
-- anybody until it is granted by name.
alter default privileges revoke execute on functions from public;

-- Nobody else makes temporary objects here. Hosted Supabase's database is Supabase's own, where only the search_path of
-- each function keeps them out: there this does nothing.
do $$
begin
    if pg_has_role((select d.datdba from pg_catalog.pg_database as d where d.datname = current_database()), 'usage') then
        execute format('revoke temporary on database %I from public', current_database());
    end if;
end
$$;

create schema api;
comment on schema api is 'What callers may do: one function an operation, one transaction, one jsonb back.';
grant usage on schema api to authenticated, service_role;

create schema private;
comment on schema private is 'Internals. Never exposed over REST.';
grant usage on schema private to authenticated, service_role;

-- What Supabase gives every project, on a plain PostgreSQL: the roles its gateways switch to, the
-- schema `auth`, and what those roles may do in `public`. None of it belongs to our migrations.
-- Run as superuser in each new database, before the first migration; running it again is harmless.

do $$
declare
  role record;
begin
  for role in
    select * from (values
      ('anon',           'nologin noinherit'),
      ('authenticated',  'nologin noinherit'),
      ('service_role',   'nologin noinherit bypassrls'),
      ('authenticator',  'login noinherit'),
      ('pursebot_owner', 'login createrole')
    ) as roles (name, attributes)
  loop
    if not exists (select from pg_catalog.pg_roles where rolname = role.name) then
      execute format('create role %I %s', role.name, role.attributes);
    end if;
  end loop;
end
$$;

-- The gateway's login, and the owner of the migrations: no superuser, it lives under row-level
-- security's rules like the owner of a hosted project, and may act as each of the three.
grant anon, authenticated, service_role to authenticator;
grant anon, authenticated, service_role to pursebot_owner;

create schema if not exists extensions;
grant usage on schema extensions to anon, authenticated, service_role;
grant usage, create on schema extensions to pursebot_owner;

-- https://supabase.com/docs/guides/database/postgres/row-level-security: auth.uid() is the `sub` of
-- the token that the gateway verified, which it leaves in `request.jwt.claims` for the transaction.
create schema if not exists auth;
create or replace function auth.uid() returns uuid
  language sql stable
  set search_path = ''
as $$
  select (nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> 'sub')::uuid
$$;
grant usage on schema auth to anon, authenticated, service_role, pursebot_owner;
grant execute on function auth.uid() to anon, authenticated, service_role, pursebot_owner;

grant usage on schema public to anon, authenticated, service_role;

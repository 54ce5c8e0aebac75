-- What is ours: schema api for callers, schema private for ourselves, tables in public; nothing is for
-- anybody until it is granted by name.
alter default privileges revoke execute on functions from public;

create schema api;
comment on schema api is 'What callers may do: one function an operation, one transaction, one jsonb back.';
grant usage on schema api to authenticated, service_role;

create schema private;
comment on schema private is 'Internals. Never exposed over REST.';
grant usage on schema private to authenticated, service_role;

-- Which migrations were applied: Supabase's own table, and our checksums beside it.
create schema if not exists supabase_migrations;
create table if not exists supabase_migrations.schema_migrations (
    version text primary key, statements text[], name text
);
create table if not exists supabase_migrations.pursebot_checksums (
    version text primary key, sha256 text not null, applied_at timestamptz not null default now()
);

-- Whether anything of a name can be seen: spaces, controls, marks without a letter, joiners, variation
-- selectors and fillers cannot (U+115F, U+1160, U+3164 and U+FFA0 of Hangul, U+2800 of braille).
create function private.can_be_seen(name text) returns boolean
language sql immutable set search_path = pg_catalog, pg_temp
return regexp_replace(
    name,
    '[[:space:][:cntrl:]\u00a0\u00ad\u0300-\u036f\u061c\u115f\u1160\u1680\u17b4\u17b5\u180b-\u180f\u2000-\u200f'
    '\u2028-\u202f\u205f-\u206f\u2800\u3000\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffc\U000e0000-\U000e0fff]',
    '', 'g'
) <> '';

-- What two names have in common that people read as one, in a button or a line (39 characters of a name are
-- shown): case, width, spaces and what has no width make no difference, nor do letters of Cyrillic and of Greek, digits
-- and signs that look like Latin letters (https://www.unicode.org/reports/tr39/#Confusable_Detection).
create function private.appearance(name text) returns text
language sql immutable set search_path = pg_catalog, pg_temp
return left(lower(translate(
    regexp_replace(
        normalize(name, nfkc),
        '[[:space:][:cntrl:]\u00ad\u034f\u061c\u180b-\u180f\u2000-\u200f\u2028-\u202f\u205f-\u206f\ufe00-\ufe0f\ufeff]',
        '', 'g'
    ),
    'I1|0АВЕЁІКМНОРСТУХЅЈавеёікмнорстухѕјԁԛԝһӏΑΒΕΖΗΙΚΜΝΟΡΤΥΧαβεικνορτυχγϲ',
    'llloabeeikmhopctyxsjabeeikmhopctyxsjdqwhlabezhlkmnoptyxabeikvoptuxyc'
)), 39);

-- Who there is. Where they belong is in the file organizations.
create table private.users (
    id uuid primary key default gen_random_uuid(),
    auth_user_id uuid unique,
    telegram_id bigint unique,
    name text not null,
    language text not null default 'en',
    chosen_language text,
    time_zone text not null default 'UTC',
    quiet_from time,
    quiet_until time,
    notify_credits boolean not null default true,
    notify_members boolean not null default true,
    notify_subscription_credits boolean not null default false,
    created_at timestamptz not null default now(),
    default_organization_id uuid, -- its foreign key is in the file organizations: memberships point to people
    constraint users_name_fits check (length(name) between 1 and 256),
    constraint users_name_can_be_seen check (private.can_be_seen(name)),
    constraint users_chosen_language_is_a_tag check (chosen_language ~ '^[a-z]{2,3}(-[a-z0-9]{2,8}){0,3}$'),
    constraint users_quiet_hours_have_two_ends check ((quiet_from is null) = (quiet_until is null))
);
comment on table private.users is 'People. auth_user_id is Supabase''s id, telegram_id is Telegram''s; either identifies them. language is their Telegram client''s, chosen_language what they chose instead; quiet hours are in their time_zone and may span midnight.';
revoke all on private.users from public, anon, authenticated, service_role;
alter table private.users enable row level security;
grant select (id, name, created_at) on private.users to authenticated;

-- Of a person colleagues see no more than this.
create view public.users with (security_invoker = true) as
select u.id, u.name, u.created_at from private.users as u;
comment on view public.users is 'The caller and their colleagues, by name. Identities and settings are in private.users.';
revoke all on public.users from public, anon, authenticated, service_role;
grant select on public.users to authenticated;

create function private.language_of(person private.users) returns text
language sql immutable set search_path = pg_catalog, pg_temp
return coalesce(person.chosen_language, person.language);

-- The name of a time zone as the IANA database writes it, for one that somebody typed.
create function private.require_time_zone(name text) returns text
language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
declare
    zone text;
begin
    select z.name into zone from pg_catalog.pg_timezone_names as z where lower(z.name) = lower(require_time_zone.name);
    if zone is null then
        perform private.refuse('time_zone_unknown');
    end if;
    return zone;
end
$$;
comment on function private.require_time_zone is 'Refuses time_zone_unknown.';

-- Whom the operator keeps out, in every way that they come.
create table private.blocked_people (
    user_id uuid primary key references private.users (id),
    reason text not null,
    blocked_at timestamptz not null default now(),
    constraint blocked_people_reason_fits check (length(reason) between 1 and 500)
);
comment on table private.blocked_people is 'People who may do nothing and are shown nothing, and why: `python -m backend people`.';

-- What the operator asks of those who sign in with Supabase; the backend sets it when it starts.
create table private.sign_in_policy (
    only_row boolean primary key default true,
    anonymous_users boolean not null default false,
    second_factor_for_money boolean not null default false,
    constraint sign_in_policy_is_one_row check (only_row)
);
comment on table private.sign_in_policy is 'Whether anonymous sign-ins count as people, and whether what moves money wants a token of the level aal2.';
insert into private.sign_in_policy default values;

-- Who there is: users, organizations, and who belongs where in which role.
create table public.users (
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
    created_at timestamptz not null default now(),
    constraint users_name_fits check (length(name) between 1 and 256),
    constraint users_chosen_language_is_a_tag check (chosen_language ~ '^[a-z]{2,3}(-[a-z0-9]{2,8}){0,3}$'),
    constraint users_quiet_hours_have_two_ends check ((quiet_from is null) = (quiet_until is null))
);
comment on table public.users is 'People. auth_user_id is Supabase''s id, telegram_id is Telegram''s; either identifies them. language is their Telegram client''s, chosen_language what they chose instead; quiet hours are in their time_zone and may span midnight.';
revoke all on public.users from public, anon, authenticated, service_role;
alter table public.users enable row level security;
grant select (id, name) on public.users to authenticated;

create function private.language_of(person public.users) returns text
language sql immutable set search_path = ''
return coalesce(person.chosen_language, person.language);

create table public.organizations (
    id uuid primary key default gen_random_uuid(),
    name text not null,
    default_currency text not null default 'eur' references public.currencies (code),
    stripe_customer_id text unique,
    created_at timestamptz not null default now(),
    constraint organizations_name_fits check (length(name) between 1 and 100),
    -- One line, that nothing in it turns around or hides.
    constraint organizations_name_is_plain check (
        name ~ '\S' and name !~ '[[:cntrl:]\u00ad\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]'
    )
);
comment on table public.organizations is 'Who owns a wallet.';
revoke all on public.organizations from public, anon, authenticated, service_role;
create index organizations_default_currency on public.organizations (default_currency);
alter table public.organizations enable row level security;
grant select on public.organizations to authenticated;

create table public.memberships (
    organization_id uuid not null references public.organizations (id),
    user_id uuid not null references public.users (id),
    role text not null,
    created_at timestamptz not null default now(),
    primary key (organization_id, user_id),
    constraint memberships_role_is_listed check (role in ('owner', 'admin', 'member'))
);
comment on table public.memberships is 'Who belongs to which organization, and as what.';
revoke all on public.memberships from public, anon, authenticated, service_role;
create index memberships_user on public.memberships (user_id);
alter table public.memberships enable row level security;
grant select on public.memberships to authenticated;

-- The organization that a person means when they do not say which. Who no longer belongs to it means
-- none, and then the one they have belonged to longest counts.
alter table public.users add column default_organization_id uuid;
alter table public.users add constraint users_belong_to_their_default_organization
foreign key (default_organization_id, id) references public.memberships (organization_id, user_id)
on delete set null (default_organization_id);

-- Who is row-level security talking to? The one answer, for both kinds of caller. `telegram_id` is
-- a top-level claim of tokens that only the backend signs; a Supabase user cannot add one.
create function private.current_user_id() returns uuid
language sql stable security definer set search_path = ''
as $$
    with caller as (
        select nullif(current_setting('request.jwt.claims', true), '')::jsonb as claims
    )
    select u.id
    from caller
    inner join public.users as u
        on case
            when caller.claims ? 'telegram_id' then u.telegram_id = (caller.claims ->> 'telegram_id')::bigint
            else u.auth_user_id = (caller.claims ->> 'sub')::uuid
        end
$$;
comment on function private.current_user_id is 'Definer: must find the caller before any policy can. Null for nobody we know.';
grant execute on function private.current_user_id() to authenticated;

create function private.acts_in_chat() returns boolean
language sql stable set search_path = ''
return coalesce(nullif(current_setting('request.jwt.claims', true), '')::jsonb ? 'telegram_id', false);
comment on function private.acts_in_chat is 'Whether the caller speaks through the bot, which knows who and where.';

create function private.member_organization_ids() returns setof uuid
language sql stable security definer set search_path = ''
as $$
    select m.organization_id from public.memberships as m where m.user_id = private.current_user_id()
$$;
comment on function private.member_organization_ids is 'Definer: the policy on memberships would otherwise ask itself.';
grant execute on function private.member_organization_ids() to authenticated;

create policy "people see themselves and their colleagues" on public.users
for select to authenticated using (
    id = (select private.current_user_id())
    or id in (select m.user_id from public.memberships as m)
);
create policy "members see their organizations" on public.organizations
for select to authenticated using (id in (select private.member_organization_ids()));
create policy "members see who belongs" on public.memberships
for select to authenticated using (organization_id in (select private.member_organization_ids()));

-- The role check of every definer function that a member may call: the caller's user id, or a
-- refusal. Not there and not yours are the same not_found.
create function private.require_role(organization_id uuid, variadic roles text []) returns uuid
language plpgsql stable set search_path = ''
as $$
declare
    caller uuid := private.current_user_id();
    held text;
begin
    if caller is null then
        perform private.refuse('unauthorized');
    end if;
    select m.role into held
    from public.memberships as m
    where m.organization_id = require_role.organization_id and m.user_id = caller;
    if held is null then
        perform private.refuse('not_found', jsonb_build_object('what', 'organization'));
    end if;
    if held <> all (roles) then
        perform private.refuse('role_too_low', jsonb_build_object('role', roles [array_upper(roles, 1)]));
    end if;
    return caller;
end
$$;

-- The same for what concerns nobody but the caller: their user id, or a refusal.
create function private.require_user() returns uuid
language plpgsql stable set search_path = ''
as $$
declare
    caller uuid := private.current_user_id();
begin
    if caller is null then
        perform private.refuse('unauthorized');
    end if;
    return caller;
end
$$;

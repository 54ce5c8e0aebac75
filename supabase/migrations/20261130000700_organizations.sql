-- Who owns wallets, and who belongs to whom in which role. Owners may do everything; admins invite and
-- remove members; members see.
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
    user_id uuid not null references private.users (id),
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

-- The default organization, used when none is named. Who leaves it has none, and then the one they have
-- belonged to longest counts.
-- Not in the table itself: memberships point to people, and here people point back.
-- squawk-ignore constraint-missing-not-valid, adding-foreign-key-constraint
alter table private.users add constraint users_belong_to_their_default_organization
foreign key (default_organization_id, id) references public.memberships (organization_id, user_id)
on delete set null (default_organization_id);
create index users_default_organization on private.users (default_organization_id, id);

create function private.member_organization_ids() returns setof uuid
language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
    select m.organization_id from public.memberships as m where m.user_id = private.current_user_id()
$$;
comment on function private.member_organization_ids is 'Definer: the policy on memberships would otherwise call itself.';
grant execute on function private.member_organization_ids() to authenticated;

create policy "people see themselves and their colleagues" on private.users
for select to authenticated using (
    id = (select private.current_user_id())
    or id in (select m.user_id from public.memberships as m)
);
create policy "members see their organizations" on public.organizations
for select to authenticated using (id in (select private.member_organization_ids()));
create policy "members see who belongs" on public.memberships
for select to authenticated using (organization_id in (select private.member_organization_ids()));

-- Who founded what: five for each person, however they are owned since. A key founds once.
create table private.foundings (
    organization_id uuid primary key references public.organizations (id),
    user_id uuid not null references private.users (id),
    name text not null,
    idempotency_key text,
    constraint foundings_one_per_key unique (user_id, idempotency_key),
    constraint foundings_key_fits check (length(idempotency_key) between 1 and 255)
);
comment on table private.foundings is 'Which person founded an organization, as what name and by which Idempotency-Key; none for an operator''s.';

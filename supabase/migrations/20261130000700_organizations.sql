-- Who owns wallets, and who belongs to whom in which role. Owners may do everything; admins invite and
-- remove members; members see.
create table public.organizations (
    id uuid primary key default gen_random_uuid(),
    name text not null,
    default_currency text not null default 'eur' references public.currencies (code),
    stripe_customer_id text unique,
    created_at timestamptz not null default now(),
    constraint organizations_name_is_no_card_number check (not private.has_card_number(name)),
    constraint organizations_name_fits check (length(name) between 1 and 100),
    -- One line, that nothing in it turns around or hides. Joiners (U+200C, U+200D) belong to words and emoji.
    constraint organizations_name_is_plain check (
        private.can_be_seen(name) and name
        !~ '[[:cntrl:]\u00ad\u115f\u1160\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\u2800\u3164\ufeff\uffa0]'
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

create function private.owner_name(organization_id uuid) returns text
language sql stable set search_path = pg_catalog, pg_temp
as $$
    select u.name
    from public.memberships as m
    inner join private.users as u on m.user_id = u.id
    where m.organization_id = owner_name.organization_id and m.role = 'owner'
    order by m.created_at, m.user_id limit 1
$$;
comment on function private.owner_name is 'The name of whoever has belonged to it longest of its owners.';

-- The owner, and where that is not enough the first digits of the id: "Acme (Ana)", "Acme (Ana, 3f2a)".
create function private.organization_label(organization public.organizations, user_id uuid) returns text
language sql stable set search_path = pg_catalog, pg_temp
as $$
    with own as (
        select left(private.owner_name(organization.id), 16) as owner
    ),

    others as (
        select left(private.owner_name(o.id), 16) as owner
        from public.memberships as m
        inner join public.organizations as o on m.organization_id = o.id
        where m.user_id = organization_label.user_id and o.id <> organization.id
        and private.appearance(o.name) = private.appearance(organization.name)
    ),

    suffix as (
        select ' (' || concat_ws(', ', own.owner, case
            when own.owner is null
                or exists (select from others where private.appearance(others.owner) = private.appearance(own.owner))
                then left(organization.id::text, 4)
        end) || ')' as text
        from own
        where exists (select from others)
    )

    select case
        when length(organization.name || s.text) <= 40 then organization.name || s.text
        else left(organization.name, 39 - length(s.text)) || '…' || s.text
    end
    from suffix as s
$$;
comment on function private.organization_label is 'Its name as this person needs it to know it from their others whose names look the same; null where there is none.';

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

-- The time zone of an organization's books. It decides where a month begins and ends, in the statement, in the
-- file and in what the chat offers, for everybody who belongs to it, whatever their own clock says.
create table public.accounting_time_zones (
    organization_id uuid not null references public.organizations (id),
    from_month date not null,
    time_zone text not null,
    created_at timestamptz not null default now(),
    primary key (organization_id, from_month),
    constraint accounting_time_zones_begin_with_a_month check (extract(day from from_month) = 1)
);
comment on table public.accounting_time_zones is 'Which time zone (IANA) the months of an organization have from which month on; before the first row, and without one, UTC. A month that has begun is never changed.';
revoke all on public.accounting_time_zones from public, anon, authenticated, service_role;
alter table public.accounting_time_zones enable row level security;
grant select on public.accounting_time_zones to authenticated;
create policy "members see the time zone of their organization's books" on public.accounting_time_zones
for select to authenticated using (organization_id in (select private.member_organization_ids()));

create function private.accounting_time_zone(organization_id uuid, month date) returns text
language sql stable set search_path = pg_catalog, pg_temp
as $$
    select coalesce((
        select z.time_zone from public.accounting_time_zones as z
        where z.organization_id = accounting_time_zone.organization_id and z.from_month <= accounting_time_zone.month
        order by z.from_month desc limit 1
    ), 'UTC')
$$;
comment on function private.accounting_time_zone is 'Of the month that begins on this day.';

-- A month ends where the next one begins, also where that has another time zone: no moment is in two of them.
create function private.month_begins_at(organization_id uuid, month date) returns timestamptz
language sql stable set search_path = pg_catalog, pg_temp
return month::timestamp at time zone private.accounting_time_zone(organization_id, month);

create function private.month_of(organization_id uuid, moment timestamptz) returns date
language sql stable set search_path = pg_catalog, pg_temp
as $$
    select max(m.month)
    from (
        select (date_trunc('month', moment at time zone 'UTC') + make_interval(months => shift.n))::date as month
        from unnest(array[-1, 0, 1]) as shift (n)
    ) as m
    where private.month_begins_at(month_of.organization_id, m.month) <= moment
$$;
comment on function private.month_of is 'The first day of the accounting month that a moment is in.';

create function private.accounting_json(organization_id uuid) returns jsonb
language sql stable set search_path = pg_catalog, pg_temp
as $$
    select jsonb_build_object(
        'month', to_char(current.month, 'YYYY-MM'),
        'time_zone', private.accounting_time_zone(accounting_json.organization_id, current.month),
        'next_time_zone', next.time_zone,
        'next_from', to_char(next.from_month, 'YYYY-MM')
    )
    from private.month_of(accounting_json.organization_id, now()) as current (month)
    left join public.accounting_time_zones as next
        on next.organization_id = accounting_json.organization_id and next.from_month > current.month
$$;
comment on function private.accounting_json is 'The month that it is, its time zone, and the time zone that comes next, if another was chosen.';

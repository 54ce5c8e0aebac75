-- Listing, reading, creating and renaming organizations, and choosing the default one.
create function private.organization_json(organization public.organizations, user_id uuid) returns jsonb
language sql stable set search_path = pg_catalog, pg_temp
as $$
    select jsonb_build_object(
        'id', organization.id,
        'name', organization.name,
        'role', m.role,
        'default_currency', organization.default_currency,
        'accounting', private.accounting_json(organization.id),
        'wallets', private.wallets_json(organization),
        'created_at', organization.created_at
    )
    from public.memberships as m
    where m.organization_id = organization.id and m.user_id = organization_json.user_id
$$;

create function private.set_up_organization(name text) returns uuid
language plpgsql set search_path = pg_catalog, pg_temp
as $$
declare
    organization uuid;
begin
    insert into public.organizations (name) values (set_up_organization.name) returning id into organization;
    perform private.audit(organization, 'organization_created', '{}', 'operator');
    return organization;
end
$$;

create function api.list_organizations() returns jsonb
language plpgsql stable security definer set search_path = pg_catalog, pg_temp
as $$
declare
    caller uuid := private.require_user();
begin
    return (
        select coalesce(jsonb_agg(private.organization_json(o, caller) || jsonb_build_object(
            'label', case when same.names > 1 then private.organization_label(o, caller) end
        ) order by same.since, o.id), '[]')
        from (
            select
                m.organization_id, m.created_at as since,
                count(*) over (partition by private.appearance(named.name)) as names
            from public.memberships as m
            inner join public.organizations as named on m.organization_id = named.id
            where m.user_id = caller
        ) as same
        inner join public.organizations as o on same.organization_id = o.id
    );
end
$$;
comment on function api.list_organizations is 'Definer: private.wallets_json is not for everybody. The oldest membership first.';
grant execute on function api.list_organizations() to authenticated;

create function api.get_organization(organization_id uuid) returns jsonb
language plpgsql stable security definer set search_path = pg_catalog, pg_temp
as $$
declare
    caller uuid := private.require_role(organization_id, 'owner', 'admin', 'member');
begin
    return (
        select private.organization_json(o, caller)
            || jsonb_build_object('label', private.organization_label(o, caller))
        from public.organizations as o
        where o.id = get_organization.organization_id
    );
end
$$;
comment on function api.get_organization is 'Definer, as api.list_organizations.';
grant execute on function api.get_organization(uuid) to authenticated;

create function api.create_organization(name text, idempotency_key text default null) returns jsonb
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    caller uuid := private.require_user();
    founded private.foundings;
    signup_open boolean;
begin
    -- One after the other, so that five stay five.
    perform from private.users as u where u.id = caller for no key update;
    select f.* into founded from private.foundings as f
    where f.user_id = caller and f.idempotency_key = create_organization.idempotency_key;
    if founded.name <> create_organization.name then
        perform private.refuse('idempotency_key_reused');
    elsif founded.organization_id is null then
        select i.signup_open into signup_open from private.installation as i;
        if not coalesce(signup_open, false) then
            perform private.refuse('signup_closed');
        end if;
        if (select count(*) from private.foundings as f where f.user_id = caller) >= 5 then
            perform private.refuse('too_many_organizations', jsonb_build_object('most', 5));
        end if;
        founded.organization_id := private.set_up_organization(create_organization.name);
        insert into private.foundings (organization_id, user_id, name, idempotency_key)
        values (founded.organization_id, caller, create_organization.name, create_organization.idempotency_key);
        insert into public.memberships (organization_id, user_id, role)
        values (founded.organization_id, caller, 'owner');
        update private.users as u set default_organization_id = founded.organization_id where u.id = caller;
    end if;
    return api.get_organization(founded.organization_id);
end
$$;
comment on function api.create_organization is 'Definer: nobody has grants to write organizations. The caller owns it, and it is their current one. Refuses signup_closed, too_many_organizations.';
grant execute on function api.create_organization(text, text) to authenticated;

create function api.rename_organization(organization_id uuid, name text) returns jsonb
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
    perform private.require_role_alone(organization_id, 'owner', 'admin');
    update public.organizations as o set name = rename_organization.name
    where o.id = rename_organization.organization_id and o.name <> rename_organization.name;
    if found then
        perform private.audit(organization_id, 'organization_renamed');
    end if;
    return api.get_organization(organization_id);
end
$$;
comment on function api.rename_organization is 'Definer: nobody has grants to write organizations.';
grant execute on function api.rename_organization(uuid, text) to authenticated;

-- From the next month on, because this one has begun; where nothing was posted yet, for all months.
create function api.set_accounting_time_zone(organization_id uuid, time_zone text) returns jsonb
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    zone text;
    first_month date := '0001-01-01';
begin
    perform private.require_role_alone(organization_id, 'owner');
    zone := private.require_time_zone(time_zone);
    if exists (select from public.entries as e where e.organization_id = set_accounting_time_zone.organization_id) then
        -- By both clocks it is to come.
        first_month := (greatest(
            private.month_of(organization_id, now())::timestamp, date_trunc('month', now() at time zone zone)
        ) + interval '1 month')::date;
    end if;
    delete from public.accounting_time_zones as z
    where z.organization_id = set_accounting_time_zone.organization_id and z.from_month >= first_month;
    if zone <> private.accounting_time_zone(organization_id, first_month) then
        insert into public.accounting_time_zones (organization_id, from_month, time_zone)
        values (set_accounting_time_zone.organization_id, first_month, zone);
    end if;
    perform private.audit(organization_id, 'accounting_time_zone_changed', jsonb_build_object(
        'time_zone', zone, 'from_month', first_month
    ));
    return api.get_organization(organization_id);
end
$$;
comment on function api.set_accounting_time_zone is 'Definer: nobody has grants to write organizations. Takes back a change that is still to come. Refuses time_zone_unknown.';
grant execute on function api.set_accounting_time_zone(uuid, text) to authenticated;

create function api.set_default_organization(organization_id uuid) returns jsonb
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    caller uuid := private.require_role(organization_id, 'owner', 'admin', 'member');
begin
    -- The membership before its person, as where one ends.
    perform from public.memberships as m
    where m.organization_id = set_default_organization.organization_id and m.user_id = caller for key share;
    update private.users as u set default_organization_id = set_default_organization.organization_id
    where u.id = caller and exists (
        select from public.memberships as m
        where m.organization_id = set_default_organization.organization_id and m.user_id = caller
    );
    return private.me_json(caller);
end
$$;
comment on function api.set_default_organization is 'Definer: nobody has grants to write people. Only ever the caller''s own.';
grant execute on function api.set_default_organization(uuid) to authenticated;

-- Recurring top-ups that the operator offers by name.
create table public.packages (
    id uuid primary key default gen_random_uuid(),
    name text not null,
    amount bigint not null,
    currency text not null references public.currencies (code),
    interval text not null,
    active boolean not null default true,
    created_at timestamptz not null default now(),
    constraint packages_name_fits check (length(name) between 1 and 100 and private.can_be_seen(name)),
    constraint packages_amount_is_positive check (amount > 0),
    constraint packages_interval_is_listed check (packages.interval in ('week', 'month'))
);
comment on table public.packages is 'Recurring top-ups that the operator offers by name; amount in minor units. One that is removed is no longer active.';
revoke all on public.packages from public, anon, authenticated, service_role;
create index packages_currency on public.packages (currency);
create unique index packages_offered_once on public.packages (name, amount, currency, interval) where active;
alter table public.packages enable row level security;

create function private.package_json(package public.packages) returns jsonb
language sql stable set search_path = pg_catalog, pg_temp
return jsonb_build_object(
    'id', package.id, 'name', package.name, 'interval', package.interval,
    'money', private.money_json(package.amount, package.currency)
);

create function private.active_packages_json() returns jsonb
language sql stable set search_path = pg_catalog, pg_temp
as $$
    select coalesce(jsonb_agg(private.package_json(p) order by p.currency, p.amount, p.id), '[]')
    from public.packages as p where p.active
$$;

create function api.list_packages() returns jsonb
language plpgsql stable security definer set search_path = pg_catalog, pg_temp
as $$
begin
    perform private.require_user();
    return private.active_packages_json();
end
$$;
comment on function api.list_packages is 'Definer: nobody has grants on packages, of which only the active ones are offered.';
grant execute on function api.list_packages() to authenticated;

create function api.list_packages_for_service() returns jsonb
language plpgsql stable security definer set search_path = pg_catalog, pg_temp
as $$
begin
    perform private.require_service();
    return private.active_packages_json();
end
$$;
comment on function api.list_packages_for_service is 'Definer, as api.list_packages, for the operator.';
grant execute on function api.list_packages_for_service() to service_role;

-- terms = {name, amount, currency, interval}.
create function api.add_package(terms jsonb) returns jsonb
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    package public.packages;
begin
    perform private.require_service();
    perform private.require_amount((terms ->> 'amount')::bigint, terms ->> 'currency');
    -- The same offer once more is the one that is there: two equal buttons help nobody.
    select p.* into package from public.packages as p
    where p.active and (p.name, p.amount, p.currency, p.interval)
    = (terms ->> 'name', (terms ->> 'amount')::bigint, terms ->> 'currency', terms ->> 'interval');
    if found then
        return private.package_json(package);
    end if;
    insert into public.packages (name, amount, currency, interval)
    values (terms ->> 'name', (terms ->> 'amount')::bigint, terms ->> 'currency', terms ->> 'interval')
    returning * into package;
    perform private.audit(
        null, 'package_added',
        jsonb_build_object('package_id', package.id) || private.money_json(package.amount, package.currency), 'operator'
    );
    return private.package_json(package);
end
$$;
comment on function api.add_package is 'Definer: nobody has grants on packages.';
grant execute on function api.add_package(jsonb) to service_role;

create function api.remove_package(package_id uuid) returns jsonb
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
    perform private.require_service();
    update public.packages as p set active = false where p.id = package_id and p.active;
    if not found then
        perform private.refuse('not_found', jsonb_build_object('what', 'package'));
    end if;
    perform private.audit(null, 'package_removed', jsonb_build_object('package_id', package_id), 'operator');
    return '{}';
end
$$;
comment on function api.remove_package is 'Definer: nobody has grants on packages. What was started with it goes on.';
grant execute on function api.remove_package(uuid) to service_role;

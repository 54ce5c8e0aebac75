-- How our copies of payment methods follow Stripe.

-- An event only says whose methods changed: Stripe is asked how they stand now.
create function private.organization_of_payment_method(fact jsonb) returns uuid
language sql stable set search_path = pg_catalog, pg_temp
return coalesce(
    (select o.id from public.organizations as o where o.stripe_customer_id = fact ->> 'stripe_customer_id'),
    (
        select m.organization_id from public.payment_methods as m
        where m.stripe_payment_method_id = fact ->> 'stripe_payment_method_id' and m.is_active
    )
);

-- Of an organization that has no customer, one that this installation made for it is its own: its id got lost with an
-- answer of Stripe's, or it is younger than the backup that this database was restored from.
create function private.link_lost_customer(fact jsonb) returns boolean
language plpgsql set search_path = pg_catalog, pg_temp
as $$
begin
    update public.organizations as o set stripe_customer_id = fact ->> 'stripe_customer_id'
    where o.id = (fact ->> 'organization_id')::uuid and o.stripe_customer_id is null
    and (fact ->> 'installation')::uuid = (select i.id from private.installation as i)
    and not exists (select from public.organizations as other where other.stripe_customer_id = fact ->> 'stripe_customer_id');
    return found;
end
$$;

create function private.apply_payment_method_change(fact jsonb) returns private.verdict
language plpgsql set search_path = pg_catalog, pg_temp
as $$
declare
    is_linked boolean := private.link_lost_customer(fact);
begin
    if private.organization_of_payment_method(fact) is null then
        return row('ignored', 'not ours')::private.verdict;
    elsif fact ->> 'outcome' = 'created' and not is_linked then
        return row('ignored', 'nothing to do')::private.verdict;
    end if;
    return row('done', 'needs_refetch')::private.verdict;
end
$$;

-- The next customer is another: under the old key Stripe would answer with this one.
create function private.unlink_deleted_customer(organization_id uuid, stripe_customer_id text) returns void
language sql set search_path = pg_catalog, pg_temp
as $$
    with unlinked as (
        update public.organizations as o set stripe_customer_id = null
        where o.id = unlink_deleted_customer.organization_id
        and o.stripe_customer_id = unlink_deleted_customer.stripe_customer_id
        returning o.id
    )

    insert into private.customer_attempts as c (organization_id, attempt)
    select u.id, 2 from unlinked as u
    on conflict on constraint customer_attempts_pkey do update set attempt = c.attempt + 1
$$;

create function api.get_payment_method_sync(fact jsonb, event_id text default null) returns jsonb
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    organization public.organizations;
    link public.setup_links;
begin
    perform private.require_service();
    select o.* into organization from public.organizations as o where o.id = coalesce(
        (fact ->> 'organization_id')::uuid, private.organization_of_payment_method(fact)
    );
    select l.* into link from public.setup_links as l
    where l.id = (fact ->> 'link_id')::uuid and l.organization_id = organization.id;
    -- Whoever was asked after the event came has answered with what it tells.
    if organization.stripe_customer_id is null or fact ? 'min_interval_seconds' and exists (
        select from private.payment_method_syncs as l where l.organization_id = organization.id
        and l.refetched_at > now() - interval '1 second' * (fact ->> 'min_interval_seconds')::integer
    ) or link.state is distinct from 'open' and exists (
        select from private.payment_method_syncs as l
        inner join public.stripe_events as e on l.refetched_at > e.received_at
        where l.organization_id = organization.id and l.settled and e.id = event_id
    ) then
        return '{"due": false}';
    end if;
    return private.customer_json(organization) || jsonb_build_object(
        'due', true, 'refetched_at', clock_timestamp(), 'link', private.service_setup_link_json(link)
    );
end
$$;
comment on function api.get_payment_method_sync is 'Definer. Whose methods Stripe is asked about, and from when its answer counts.';
grant execute on function api.get_payment_method_sync(jsonb, text) to service_role;

create type private.stripe_payment_method as (
    stripe_payment_method_id text, type text, brand text, last_four text, exp_month integer, exp_year integer,
    country text, wallet text, fingerprint text, created bigint
);

create function private.stripe_payment_methods_from_json(methods jsonb) returns setof private.stripe_payment_method
language sql immutable set search_path = pg_catalog, pg_temp
return jsonb_populate_recordset(null::private.stripe_payment_method, methods);

-- Writes each method of Stripe's answer down. The same card a second time is not kept: answers which of them
-- are copies, {stripe_payment_method_id: that of the one that is kept}. The caller has written the
-- organization's row in private.payment_method_syncs, so that nobody else writes its methods meanwhile.
create function private.copy_payment_methods(
    organization_id uuid, methods jsonb, default_id text, added_id text, added_by uuid
) returns jsonb
language plpgsql set search_path = pg_catalog, pg_temp
as $$
declare
    stripe_method record;
    method public.payment_methods;
    duplicates jsonb := '{}';
begin
    for stripe_method in
        -- Of the same card its older self stays as it is.
        select m.*, first_value(m.stripe_payment_method_id) over (
            partition by coalesce(m.fingerprint || concat_ws('/', ':', m.exp_month, m.exp_year), m.stripe_payment_method_id)
            order by existing.created_at, m.created, m.stripe_payment_method_id
        ) as surviving
        from private.stripe_payment_methods_from_json(methods) as m
        left join public.payment_methods as existing on m.stripe_payment_method_id = existing.stripe_payment_method_id and existing.is_active
        order by m.created, m.stripe_payment_method_id
    loop
        if stripe_method.surviving <> stripe_method.stripe_payment_method_id then
            duplicates := duplicates || jsonb_build_object(stripe_method.stripe_payment_method_id, stripe_method.surviving);
        end if;
        insert into public.payment_methods as m (
            organization_id, stripe_payment_method_id, type, brand, last_four, exp_month, exp_year, country, wallet,
            is_active, is_default
        ) values (
            copy_payment_methods.organization_id, stripe_method.stripe_payment_method_id, stripe_method.type, stripe_method.brand, stripe_method.last_four,
            stripe_method.exp_month, stripe_method.exp_year, stripe_method.country, stripe_method.wallet,
            not duplicates ? stripe_method.stripe_payment_method_id,
            not duplicates ? stripe_method.stripe_payment_method_id and stripe_method.stripe_payment_method_id is not distinct from default_id
        )
        on conflict (stripe_payment_method_id) do update
        set brand = excluded.brand, last_four = excluded.last_four, exp_month = excluded.exp_month,
            exp_year = excluded.exp_year, country = excluded.country, wallet = excluded.wallet,
            is_active = excluded.is_active, is_default = excluded.is_default
        returning * into method;
        insert into private.payment_method_details (payment_method_id, fingerprint) values (method.id, stripe_method.fingerprint)
        on conflict (payment_method_id) do update set fingerprint = excluded.fingerprint;
        perform private.record_added_by(method, case
            when method.stripe_payment_method_id = added_id then copy_payment_methods.added_by
            else private.payer_who_saved(method)
        end);
    end loop;
    return duplicates;
end
$$;

create function private.remove_missing_payment_methods(organization_id uuid, methods jsonb) returns void
language plpgsql set search_path = pg_catalog, pg_temp
as $$
declare
    method public.payment_methods;
    details private.payment_method_details;
begin
    for method in
        update public.payment_methods as m set is_active = false, is_default = false
        where m.organization_id = remove_missing_payment_methods.organization_id and m.is_active
        and m.stripe_payment_method_id not in (select t.stripe_payment_method_id from private.stripe_payment_methods_from_json(methods) as t)
        returning m.*
    loop
        select k.* into details from private.payment_method_details as k where k.payment_method_id = method.id;
        perform private.audit(organization_id, 'method_removed', jsonb_build_object(
            'method_id', method.id, 'user_id', details.removed_by
        ));
        perform private.notify_payment_method_changed(method, 'removed', '{owner,admin}', details.removed_by, details.removed_by);
    end loop;
end
$$;
comment on function private.remove_missing_payment_methods is 'What Stripe''s answer does not have is no longer active: audited, and told to owners and admins.';

create function private.default_after_sync(
    organization_id uuid, duplicates jsonb, default_id text, added_id text, make_default boolean
) returns text
language sql stable set search_path = pg_catalog, pg_temp
as $$
    select coalesce(
        case when make_default then coalesce(duplicates ->> added_id, added_id) end,
        duplicates ->> default_id,
        case when default_id is null then (array_agg(m.stripe_payment_method_id order by private.payment_method_expiry(m) = 'expired', m.created_at desc, m.id))[1] end
    )
    from public.payment_methods as m
    where m.organization_id = default_after_sync.organization_id and m.is_active
$$;
comment on function private.default_after_sync is 'One of them is what is paid with: the first, and the newest that is good where that was removed. Null where the default stays.';

-- Writes Stripe's answer down: `methods` (private.stripe_payment_method) are all that the customer has, added_id
-- is what `added_by` has just saved, to be the default if so. A customer who is gone is forgotten: the
-- next card makes another. Answers how far Stripe is from what it should be, and what was added.
create function api.sync_payment_methods(
    organization_id uuid,
    refetched_at text,
    methods jsonb,
    default_id text default null,
    added_id text default null,
    added_by uuid default null,
    make_default boolean default false,
    deleted_stripe_customer_id text default null
) returns jsonb
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    duplicates jsonb;
    new_default_id text;
    surviving public.payment_methods;
begin
    perform private.require_service();
    insert into private.payment_method_syncs as l values (sync_payment_methods.organization_id, sync_payment_methods.refetched_at::timestamptz)
    on conflict on constraint payment_method_syncs_pkey do update set refetched_at = excluded.refetched_at, settled = false
    where l.refetched_at < excluded.refetched_at;
    if not found then
        return '{"fresh": false}';
    end if;
    perform private.unlink_deleted_customer(organization_id, deleted_stripe_customer_id);
    update public.payment_methods as m set is_default = false
    where m.organization_id = sync_payment_methods.organization_id and m.is_default
    and m.stripe_payment_method_id is distinct from default_id;
    duplicates := private.copy_payment_methods(organization_id, methods, default_id, added_id, added_by);
    perform private.remove_missing_payment_methods(organization_id, methods);
    new_default_id := private.default_after_sync(organization_id, duplicates, default_id, added_id, make_default);
    -- Not of a customer who is gone: an event that waits may link one again, and that one is to be asked about.
    update private.payment_method_syncs as l set settled = true
    where l.organization_id = sync_payment_methods.organization_id and deleted_stripe_customer_id is null
    and nullif(new_default_id, default_id) is null and not duplicates ? coalesce(added_id, '');
    surviving := private.surviving_payment_method(added_id);
    return jsonb_build_object(
        'method', case when surviving.id is not null then private.payment_method_json(surviving) end, 'known', surviving.stripe_payment_method_id <> added_id,
        'fresh', true, 'new_default_id', nullif(new_default_id, default_id), 'detach', case when duplicates ? added_id then jsonb_build_array(added_id) else '[]' end
    );
end
$$;
comment on function api.sync_payment_methods is 'Definer: nobody has grants to write methods. An answer to an older question than the last one changes nothing.';
grant execute on function api.sync_payment_methods(uuid, text, jsonb, text, text, uuid, boolean, text) to service_role;

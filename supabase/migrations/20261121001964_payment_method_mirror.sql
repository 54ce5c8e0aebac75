-- The mirror of what customers have saved at Stripe, kept true by asking how they stand.
-- What nobody reads: the fingerprint tells the same card from another, and can do so elsewhere too.
create table private.method_marks (
    method_id uuid primary key references public.payment_methods (id),
    fingerprint text,
    removed_by uuid references public.users (id),
    expiry_told date
);
comment on table private.method_marks is 'Stripe''s fingerprint of a method, who asked for its removal, and of which month''s end its people were told.';
create index method_marks_fingerprint on private.method_marks (fingerprint);
create index method_marks_removed_by on private.method_marks (removed_by);

-- How Stripe was found to stand last, by when it was asked: an older answer never wins.
create table private.method_looks (
    organization_id uuid primary key references public.organizations (id),
    looked_at timestamptz not null,
    settled boolean not null default false
);
comment on table private.method_looks is 'When Stripe was asked for the answer that the mirror shows; settled: nothing of it was left to be put right there.';

-- An event only says whose methods changed: Stripe is asked how they stand now.
create function private.organization_of_method(fact jsonb) returns uuid
language sql stable set search_path = ''
return coalesce(
    (select o.id from public.organizations as o where o.stripe_customer_id = fact ->> 'customer_id'),
    (
        select m.organization_id from public.payment_methods as m
        where m.stripe_payment_method_id = fact ->> 'method_id' and m.is_active
    )
);

create function private.apply_method(fact jsonb) returns private.verdict
language sql stable set search_path = ''
return case
    when private.organization_of_method(fact) is null then row('ignored', 'not ours')::private.verdict
    else row('done', 'stripe_decides')::private.verdict
end;

create function api.start_method_look(fact jsonb, event_id text default null) returns jsonb
language plpgsql security definer set search_path = ''
as $$
declare
    organization public.organizations;
    link public.method_links;
begin
    perform private.require_service();
    select o.* into organization from public.organizations as o where o.id = coalesce(
        (fact ->> 'organization_id')::uuid, private.organization_of_method(fact)
    );
    select l.* into link from public.method_links as l
    where l.id = (fact ->> 'link_id')::uuid and l.organization_id = organization.id;
    -- Whoever was asked after the event came has answered with what it tells.
    if organization.stripe_customer_id is null or fact ? 'at_most_every' and exists (
        select from private.method_looks as l where l.organization_id = organization.id
        and l.looked_at > now() - interval '1 second' * (fact ->> 'at_most_every')::integer
    ) or link.state is distinct from 'open' and exists (
        select from private.method_looks as l
        inner join public.stripe_events as e on l.looked_at > e.received_at
        where l.organization_id = organization.id and l.settled and e.id = event_id
    ) then
        return '{"due": false}';
    end if;
    return private.customer_json(organization) || jsonb_build_object(
        'due', true, 'looked_at', clock_timestamp(), 'link', private.setup_json(link)
    );
end
$$;
comment on function api.start_method_look is 'Definer. Whose methods Stripe is asked about, and from when its answer counts.';
grant execute on function api.start_method_look(jsonb, text) to service_role;

create type private.told_method as (
    stripe_payment_method_id text, type text, brand text, last_four text, exp_month integer, exp_year integer,
    country text, wallet text, fingerprint text, created bigint
);

create function private.methods_told(methods jsonb) returns setof private.told_method
language sql immutable set search_path = ''
return jsonb_populate_recordset(null::private.told_method, methods);

create function private.kept_method(stripe_id text) returns public.payment_methods
language sql stable set search_path = ''
as $$
    select kept.*
    from public.payment_methods as told
    inner join private.method_marks as mark on told.id = mark.method_id
    inner join public.payment_methods as kept on told.organization_id = kept.organization_id
    inner join private.method_marks as its on kept.id = its.method_id
    where told.stripe_payment_method_id = stripe_id
    and (kept.id = told.id or kept.is_active and its.fingerprint = mark.fingerprint
    and (kept.exp_month, kept.exp_year) is not distinct from (told.exp_month, told.exp_year))
    order by kept.is_active desc, kept.id = told.id desc limit 1
$$;
comment on function private.kept_method is 'What Stripe knows by this id, or the same card that was there before it.';

create function private.note_who_added(method public.payment_methods, adder uuid) returns void
language plpgsql set search_path = ''
as $$
begin
    if adder is null or not method.is_active or method.added_by is not null then
        return;
    end if;
    update public.payment_methods as m set added_by = adder where m.id = method.id returning * into method;
    perform private.audit(method.organization_id, 'method_added', jsonb_build_object('method_id', method.id, 'user_id', adder));
    perform private.tell_of_method(method, 'added', '{owner,admin}', adder, adder);
end
$$;

-- Writes Stripe's answer down: `methods` (private.told_method) are all that the customer has, added_id
-- is what `added_by` has just saved, to be the default if so. A customer who is gone is forgotten: the
-- next card makes another. Answers how far Stripe is from what it should be, and what was added.
create function api.mirror_methods(
    organization_id uuid,
    looked_at text,
    methods jsonb,
    default_id text default null,
    added_id text default null,
    added_by uuid default null,
    make_default boolean default false,
    gone_customer_id text default null
) returns jsonb
language plpgsql security definer set search_path = ''
as $$
declare
    told record;
    method public.payment_methods;
    mark private.method_marks;
    twins jsonb := '{}';
    default_to text;
    kept public.payment_methods;
begin
    perform private.require_service();
    insert into private.method_looks as l values (mirror_methods.organization_id, mirror_methods.looked_at::timestamptz)
    on conflict on constraint method_looks_pkey do update set looked_at = excluded.looked_at, settled = false
    where l.looked_at < excluded.looked_at;
    if not found then
        return '{"fresh": false}';
    end if;
    update public.organizations as o set stripe_customer_id = null
    where o.id = mirror_methods.organization_id and o.stripe_customer_id = gone_customer_id;
    update public.payment_methods as m set is_default = false
    where m.organization_id = mirror_methods.organization_id and m.is_default
    and m.stripe_payment_method_id is distinct from default_id;
    for told in
        -- The same card a second time is not kept; its older self stays as it is.
        select m.*, first_value(m.stripe_payment_method_id) over (
            partition by coalesce(m.fingerprint || concat_ws('/', ':', m.exp_month, m.exp_year), m.stripe_payment_method_id)
            order by had.created_at, m.created, m.stripe_payment_method_id
        ) as kept
        from private.methods_told(methods) as m
        left join public.payment_methods as had on m.stripe_payment_method_id = had.stripe_payment_method_id and had.is_active
        order by m.created, m.stripe_payment_method_id
    loop
        if told.kept <> told.stripe_payment_method_id then
            twins := twins || jsonb_build_object(told.stripe_payment_method_id, told.kept);
        end if;
        insert into public.payment_methods as m (
            organization_id, stripe_payment_method_id, type, brand, last_four, exp_month, exp_year, country, wallet,
            is_active, is_default
        ) values (
            mirror_methods.organization_id, told.stripe_payment_method_id, told.type, told.brand, told.last_four,
            told.exp_month, told.exp_year, told.country, told.wallet,
            not twins ? told.stripe_payment_method_id,
            not twins ? told.stripe_payment_method_id and told.stripe_payment_method_id is not distinct from default_id
        )
        on conflict (stripe_payment_method_id) do update
        set brand = excluded.brand, last_four = excluded.last_four, exp_month = excluded.exp_month,
            exp_year = excluded.exp_year, country = excluded.country, wallet = excluded.wallet,
            is_active = excluded.is_active, is_default = excluded.is_default
        returning * into method;
        insert into private.method_marks (method_id, fingerprint) values (method.id, told.fingerprint)
        on conflict (method_id) do update set fingerprint = excluded.fingerprint;
        perform private.note_who_added(method, case
            when method.stripe_payment_method_id = added_id then mirror_methods.added_by
            else private.saved_while_paying(method)
        end);
    end loop;
    for method in
        update public.payment_methods as m set is_active = false, is_default = false
        where m.organization_id = mirror_methods.organization_id and m.is_active
        and m.stripe_payment_method_id not in (select t.stripe_payment_method_id from private.methods_told(methods) as t)
        returning m.*
    loop
        select k.* into mark from private.method_marks as k where k.method_id = method.id;
        perform private.audit(organization_id, 'method_removed', jsonb_build_object(
            'method_id', method.id, 'user_id', mark.removed_by
        ));
        perform private.tell_of_method(method, 'removed', '{owner,admin}', mark.removed_by, mark.removed_by);
    end loop;
    -- One of them is what is paid with: the first, and the newest that is good where that was removed.
    select coalesce(
        case when make_default then coalesce(twins ->> added_id, added_id) end,
        twins ->> default_id,
        case when default_id is null then (array_agg(m.stripe_payment_method_id order by private.method_standing(m) = 'expired', m.created_at desc, m.id))[1] end
    )
    into default_to
    from public.payment_methods as m
    where m.organization_id = mirror_methods.organization_id and m.is_active;
    update private.method_looks as l set settled = true
    where l.organization_id = mirror_methods.organization_id
    and nullif(default_to, default_id) is null and not twins ? coalesce(added_id, '');
    kept := private.kept_method(added_id);
    return jsonb_build_object(
        'method', case when kept.id is not null then private.method_json(kept) end, 'known', kept.stripe_payment_method_id <> added_id,
        'fresh', true, 'default_to', nullif(default_to, default_id), 'detach', case when twins ? added_id then jsonb_build_array(added_id) else '[]' end
    );
end
$$;
comment on function api.mirror_methods is 'Definer: nobody has grants to write methods. An answer to an older question than the last one changes nothing.';
grant execute on function api.mirror_methods(uuid, text, jsonb, text, text, uuid, boolean, text) to service_role;

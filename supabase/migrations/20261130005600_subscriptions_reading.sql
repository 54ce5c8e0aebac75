-- What is shown of a recurring top-up, and to whom.

-- Its own card, or the default one where that was removed: what Stripe charges next.
create function private.payment_method_of_subscription(subscription public.subscriptions) returns uuid
language sql stable set search_path = pg_catalog, pg_temp
return (
    with own as (
        select case
            when subscription.stripe_payment_method_id is null then subscription.payment_method_id
            else (private.surviving_payment_method(subscription.stripe_payment_method_id)).id
        end as id
    )

    select m.id from public.payment_methods as m cross join own
    where m.organization_id = subscription.organization_id and m.is_active
    and own.id is not null and (m.id = own.id or m.is_default)
    order by m.id = own.id desc limit 1
);

-- What people are shown: the way to pay it only who may pay.
create function private.subscription_json(subscription public.subscriptions) returns jsonb
language sql stable set search_path = pg_catalog, pg_temp
as $$
    select jsonb_build_object(
        'id', subscription.id,
        'organization_id', subscription.organization_id,
        'organization_name', o.name,
        'money', private.money_json(subscription.amount, subscription.currency),
        'interval', subscription.interval,
        'package', p.name,
        'paid_with', case when m.role in ('owner', 'admin') then private.payment_method_name(card.id) end,
        'payment_method_id', case when m.role in ('owner', 'admin') then card.id end,
        'status', subscription.status,
        'url', case
            when subscription.status in ('incomplete', 'past_due') and m.role in ('owner', 'admin')
                then (select r.url from private.subscription_requests as r where r.subscription_id = subscription.id)
        end,
        'started_by', u.name,
        'current_period_end', subscription.current_period_end,
        'cancel_at', subscription.cancel_at,
        'cancel_at_period_end', subscription.cancel_at_period_end,
        'created_at', subscription.created_at
    )
    from public.organizations as o
    left join private.users as u on u.id = subscription.created_by
    left join public.packages as p on p.id = subscription.package_id
    left join public.payment_methods as card on card.id = private.payment_method_of_subscription(subscription)
    left join public.memberships as m on m.organization_id = o.id and m.user_id = private.current_user_id()
    where o.id = subscription.organization_id
$$;

create function private.subscription_of(fact jsonb) returns uuid
language sql stable set search_path = pg_catalog, pg_temp
as $$
    select s.id
    from public.subscriptions as s
    where s.id = (fact ->> 'subscription_id')::uuid
    or s.stripe_subscription_id = fact ->> 'stripe_subscription_id'
    order by s.id = (fact ->> 'subscription_id')::uuid desc nulls last
    limit 1
$$;
comment on function private.subscription_of is 'Which subscription a fact is about: by our id in the metadata, else by Stripe''s.';

create function private.require_subscription_role(subscription_id uuid, variadic roles text []) returns uuid
language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
declare
    organization uuid;
begin
    select s.organization_id into organization from public.subscriptions as s where s.id = subscription_id;
    -- One that is not there and one that is not yours give the same answer.
    if organization is null or organization not in (select private.member_organization_ids()) then
        perform private.refuse('not_found', '{"what": "subscription"}');
    end if;
    return private.require_role(organization, variadic roles);
end
$$;

create function api.list_subscriptions(organization_id uuid) returns jsonb
language plpgsql stable security definer set search_path = pg_catalog, pg_temp
as $$
begin
    perform private.require_role(organization_id, 'owner', 'admin', 'member');
    return (
        select coalesce(jsonb_agg(private.subscription_json(s) order by s.created_at desc, s.id), '[]')
        from public.subscriptions as s
        where s.organization_id = list_subscriptions.organization_id and s.status <> 'canceled'
    );
end
$$;
comment on function api.list_subscriptions is 'Definer: a recurring top-up has more than members see. Those that go on, or may begin.';
grant execute on function api.list_subscriptions(uuid) to authenticated;

create function api.get_subscription(subscription_id uuid) returns jsonb
language plpgsql stable security definer set search_path = pg_catalog, pg_temp
as $$
begin
    perform private.require_subscription_role(subscription_id, 'owner', 'admin', 'member');
    return (select private.subscription_json(s) from public.subscriptions as s where s.id = subscription_id);
end
$$;
comment on function api.get_subscription is 'Definer: a recurring top-up has more than members see.';
grant execute on function api.get_subscription(uuid) to authenticated;

create function api.get_subscription_for_service(subscription_id uuid, stripe_subscription_id text default null) returns jsonb
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    subscription public.subscriptions;
    request private.subscription_requests;
begin
    perform private.require_service();
    select s.* into subscription from public.subscriptions as s
    where s.id = private.subscription_of(jsonb_build_object(
        'subscription_id', get_subscription_for_service.subscription_id,
        'stripe_subscription_id', get_subscription_for_service.stripe_subscription_id
    ));
    if subscription.id is null then
        perform private.refuse('not_found', '{"what": "subscription"}');
    end if;
    select r.* into request from private.subscription_requests as r where r.subscription_id = subscription.id;
    return private.subscription_json(subscription) || jsonb_build_object(
        'url', request.url,
        'attempt', subscription.attempt,
        'key_hash', private.key_hash(request.created_by, request.idempotency_key),
        'search_start', private.search_start(subscription.id),
        'language', coalesce(request.language, 'en'),
        'expires_at', subscription.expires_at,
        'stripe_payment_method_id', (
            select m.stripe_payment_method_id from public.payment_methods as m where m.id = subscription.payment_method_id
        ),
        'unwanted', private.is_authorized_to_move_money(subscription.canceled_by, subscription.organization_id),
        'revoked', subscription.created_by is not null
            and not private.is_authorized_to_move_money(subscription.created_by, subscription.organization_id),
        'stripe_customer_id', (
            select o.stripe_customer_id from public.organizations as o where o.id = subscription.organization_id
        ),
        'stripe_checkout_session_id', subscription.stripe_checkout_session_id,
        'stripe_subscription_id', subscription.stripe_subscription_id,
        'refetched_at', clock_timestamp()
    );
end
$$;
comment on function api.get_subscription_for_service is 'Definer: what the backend sends to Stripe is rebuilt from this row alone; refetched_at comes back with the answer.';
grant execute on function api.get_subscription_for_service(uuid, text) to service_role;

-- What members and the backend may do with recurring top-ups.

-- terms = {amount, currency, interval} or {package_id}, and payment_method_id where a saved card pays.
create function api.create_subscription(
    organization_id uuid, terms jsonb, idempotency_key text default null
) returns jsonb
language plpgsql security definer set search_path = ''
as $$
declare
    caller uuid := private.require_role(organization_id, 'owner', 'admin');
    key text := coalesce(create_subscription.idempotency_key, gen_random_uuid()::text);
    request bytea := sha256(convert_to(jsonb_build_array(organization_id, terms)::text, 'UTF8'));
    package public.packages;
    card uuid := (terms ->> 'payment_method_id')::uuid;
    subscription public.subscriptions;
begin
    if private.acts_in_chat() and exists (select from private.installation as i where not i.topups_in_chat) then
        perform private.refuse('topups_off');
    end if;
    if card is not null and not exists (
        select from public.payment_methods as m
        where m.id = card and m.organization_id = create_subscription.organization_id and m.is_active
    ) then
        perform private.refuse('not_found', '{"what": "payment method"}');
    end if;
    if terms ->> 'package_id' is not null then
        select p.* into package from public.packages as p where p.id = (terms ->> 'package_id')::uuid and p.active;
        if package.id is null then
            perform private.refuse('not_found', '{"what": "package"}');
        end if;
        terms := jsonb_build_object('amount', package.amount, 'currency', package.currency, 'interval', package.interval);
    end if;
    perform private.require_amount((terms ->> 'amount')::bigint, terms ->> 'currency');
    -- Stripe bills one customer in one currency at a time.
    perform private.refuse('subscription_currency', jsonb_build_object('currency', s.currency))
    from public.subscriptions as s
    where s.organization_id = create_subscription.organization_id and s.currency <> terms ->> 'currency'
    and s.status in ('active', 'past_due', 'paused')
    and not exists (select from public.subscriptions as had where had.created_by = caller and had.idempotency_key = key);
    -- A page costs a call to Stripe and a row for ever.
    if (
        select count(*) from public.subscriptions as s
        where s.organization_id = create_subscription.organization_id and s.created_at > now() - interval '10 minutes'
    ) >= 20 then
        perform private.refuse('too_many_requests', jsonb_build_object('retry_after', 60));
    end if;
    insert into public.subscriptions (
        organization_id, wallet_id, currency, amount, quoted, interval, package_id, payment_method_id,
        created_by, idempotency_key, request_hash, language, expires_at
    ) values (
        create_subscription.organization_id,
        private.open_wallet(create_subscription.organization_id, terms ->> 'currency'),
        terms ->> 'currency', (terms ->> 'amount')::bigint, array[(terms ->> 'amount')::bigint],
        terms ->> 'interval', package.id, card, caller, key, request,
        (select private.language_of(u) from public.users as u where u.id = caller),
        date_trunc('second', now()) + interval '60 minutes'
    )
    on conflict on constraint subscriptions_one_per_key do nothing;
    if found then
        perform private.audit(create_subscription.organization_id, 'subscription_started', jsonb_build_object('subscription_id', (
            select s.id from public.subscriptions as s where s.created_by = caller and s.idempotency_key = key
        )));
    end if;
    select s.* into strict subscription from public.subscriptions as s
    where s.created_by = caller and s.idempotency_key = key;
    if subscription.request_hash <> request then
        perform private.refuse('idempotency_key_reused');
    end if;
    return private.subscription_json(subscription);
end
$$;
comment on function api.create_subscription is 'Definer: money tables have no write grants. Same key and same input: the same subscription.';
grant execute on function api.create_subscription(uuid, jsonb, text) to authenticated;

create function api.list_subscriptions(organization_id uuid) returns jsonb
language plpgsql stable security definer set search_path = ''
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
comment on function api.list_subscriptions is 'Definer: nobody has grants on subscriptions. Those that go on, or may begin.';
grant execute on function api.list_subscriptions(uuid) to authenticated;

create function private.require_subscription_role(subscription_id uuid, variadic roles text []) returns uuid
language plpgsql stable set search_path = ''
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

create function api.get_subscription(subscription_id uuid) returns jsonb
language plpgsql stable security definer set search_path = ''
as $$
begin
    perform private.require_subscription_role(subscription_id, 'owner', 'admin', 'member');
    return (select private.subscription_json(s) from public.subscriptions as s where s.id = subscription_id);
end
$$;
comment on function api.get_subscription is 'Definer: nobody has grants on subscriptions.';
grant execute on function api.get_subscription(uuid) to authenticated;

-- Before Stripe is asked for it: changes = {amount?, paused?, canceled?}.
create function api.request_subscription_change(subscription_id uuid, changes jsonb) returns jsonb
language plpgsql security definer set search_path = ''
as $$
declare
    caller uuid := private.require_subscription_role(subscription_id, 'owner', 'admin');
    subscription public.subscriptions;
    new_amount bigint := (changes ->> 'amount')::bigint;
begin
    select s.* into subscription from public.subscriptions as s where s.id = subscription_id for update;
    if not changes ? 'canceled' and subscription.status in ('incomplete', 'canceled') then
        perform private.refuse('subscription_over', jsonb_build_object('status', subscription.status));
    end if;
    if new_amount is not null then
        perform private.require_amount(new_amount, subscription.currency);
    end if;
    update public.subscriptions as s
    set quoted = case when new_amount <> all(s.quoted) then s.quoted || new_amount else s.quoted end,
        canceled_by = case
            when changes ? 'canceled' and not private.is_authorized_to_move_money(s.canceled_by, s.organization_id) then caller
            else s.canceled_by
        end
    where s.id = subscription_id;
    perform private.audit(subscription.organization_id, 'subscription_change_requested', jsonb_build_object(
        'subscription_id', subscription_id, 'amount', new_amount, 'paused', changes -> 'paused', 'canceled', changes -> 'canceled'
    ));
    return private.subscription_json(subscription) || jsonb_build_object('changed_by', caller);
end
$$;
comment on function api.request_subscription_change is 'Definer: money tables have no write grants. An amount counts as quoted from here on.';
grant execute on function api.request_subscription_change(uuid, jsonb) to authenticated;

create function api.get_subscription_for_service(subscription_id uuid, stripe_subscription_id text default null) returns jsonb
language plpgsql security definer set search_path = ''
as $$
declare
    subscription public.subscriptions;
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
    return private.subscription_json(subscription) || jsonb_build_object(
        'url', subscription.url,
        'attempt', subscription.attempt,
        'language', subscription.language,
        'expires_at', subscription.expires_at,
        'stripe_payment_method_id', (
            select m.stripe_payment_method_id from public.payment_methods as m where m.id = subscription.payment_method_id
        ),
        'unwanted', private.is_authorized_to_move_money(subscription.canceled_by, subscription.organization_id),
        'revoked', not private.is_authorized_to_move_money(subscription.created_by, subscription.organization_id),
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

-- Stripe's word for how a subscription stands, in ours.
-- https://docs.stripe.com/api/subscriptions/object#subscription_object-status
create function private.subscription_status(state jsonb) returns text
language sql immutable set search_path = ''
return case state ->> 'status'
    when 'active' then case when (state ->> 'paused')::boolean then 'paused' else 'active' end
    when 'trialing' then 'active'
    when 'unpaid' then 'past_due'
    when 'incomplete_expired' then 'canceled'
    else state ->> 'status'
end;

-- What Stripe answered: seen = {refetched_at, status?, paused?, session_id?, stripe_subscription_id?,
-- payment_method?, url?, amount?, ends? (seconds since 1970), changed_by?}. An answer to an earlier question changes nothing.
create function api.record_subscription_state(subscription_id uuid, state jsonb) returns jsonb
language plpgsql security definer set search_path = ''
as $$
declare
    before public.subscriptions;
    subscription public.subscriptions;
    change text;
begin
    perform private.require_service();
    select s.* into strict before from public.subscriptions as s where s.id = subscription_id for update;
    update public.subscriptions as s
    set refetched_at = (state ->> 'refetched_at')::timestamptz,
        status = coalesce(private.subscription_status(state), s.status),
        stripe_checkout_session_id = coalesce(s.stripe_checkout_session_id, state ->> 'session_id'),
        stripe_subscription_id = coalesce(s.stripe_subscription_id, state ->> 'stripe_subscription_id'),
        url = coalesce(state ->> 'url', s.url),
        stripe_payment_method_id = coalesce(state ->> 'payment_method', s.stripe_payment_method_id),
        -- Another amount than ours was set elsewhere: its invoices are looked at before they are credited.
        amount = case when (state ->> 'amount')::bigint = any(s.quoted) then (state ->> 'amount')::bigint else s.amount end,
        current_period_end = coalesce(to_timestamp((state ->> 'ends')::bigint), s.current_period_end)
    where s.id = subscription_id and s.refetched_at <= (state ->> 'refetched_at')::timestamptz
    returning * into subscription;
    if not found then
        return private.subscription_json(before);
    end if;
    perform private.record_added_by(m, private.payer_who_saved(m)) from public.payment_methods as m
    where m.stripe_payment_method_id = subscription.stripe_payment_method_id;
    change := case
        when subscription.status = 'canceled' and before.status not in ('incomplete', 'canceled') then 'ended'
        when subscription.status = 'active' and before.status = 'incomplete' then 'began'
        when subscription.status = 'paused' and before.status = 'active' then 'held'
        when subscription.status = 'active' and before.status = 'paused' then 'resumed'
        when subscription.amount <> before.amount then 'changed'
    end;
    if change is not null then
        perform private.notify_subscription_changed(
            subscription, change, except_for => coalesce((state ->> 'changed_by')::uuid, subscription.canceled_by)
        );
    end if;
    return private.subscription_json(subscription);
end
$$;
comment on function api.record_subscription_state is 'Definer: money tables have no write grants.';
grant execute on function api.record_subscription_state(uuid, jsonb) to service_role;

-- How a recurring top-up is made.

-- A page costs a call to Stripe and a row for ever.
create function private.require_subscription_rate(organization_id uuid) returns void
language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
begin
    perform private.require_rate((
        select s.created_at from public.subscriptions as s where s.organization_id = require_subscription_rate.organization_id
        order by s.created_at desc offset 19 limit 1
    ));
end
$$;
comment on function private.require_subscription_rate is 'Refuses too_many_requests after 20 recurring top-ups of an organization in 10 minutes.';

create function private.require_active_package(package_id uuid) returns public.packages
language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
declare
    package public.packages;
begin
    select p.* into package from public.packages as p where p.id = package_id and p.active;
    if package.id is null then
        perform private.refuse('not_found', '{"what": "package"}');
    end if;
    return package;
end
$$;

-- terms as api.create_subscription takes them; the answer has the amount, the currency and the interval of a package.
create function private.require_subscription_terms(organization_id uuid, terms jsonb) returns jsonb
language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
declare
    package public.packages;
begin
    if terms ->> 'payment_method_id' is not null and not exists (
        select from public.payment_methods as m
        where m.id = (terms ->> 'payment_method_id')::uuid
        and m.organization_id = require_subscription_terms.organization_id and m.is_active
    ) then
        perform private.refuse('not_found', '{"what": "payment method"}');
    end if;
    if terms ->> 'package_id' is not null then
        package := private.require_active_package((terms ->> 'package_id')::uuid);
        terms := terms || jsonb_build_object('amount', package.amount, 'currency', package.currency, 'interval', package.interval);
    end if;
    perform private.require_amount((terms ->> 'amount')::bigint, terms ->> 'currency');
    -- Stripe bills one customer in one currency at a time.
    perform private.refuse('subscription_currency', jsonb_build_object('currency', s.currency))
    from public.subscriptions as s
    where s.organization_id = require_subscription_terms.organization_id and s.currency <> terms ->> 'currency'
    and s.status in ('active', 'past_due', 'paused');
    return terms;
end
$$;
comment on function private.require_subscription_terms is 'Refuses what may not begin: another''s or a removed card, a package that is not offered, a wrong amount, a second currency.';

create function private.repeated_subscription(caller uuid, key text, request bytea) returns public.subscriptions
language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
declare
    earlier private.subscription_requests;
    subscription public.subscriptions;
begin
    select r.* into strict earlier from private.subscription_requests as r
    where r.created_by = caller and r.idempotency_key = key;
    if earlier.request_hash <> request then
        perform private.refuse('idempotency_key_reused');
    end if;
    select s.* into strict subscription from public.subscriptions as s where s.id = earlier.subscription_id;
    return subscription;
end
$$;
comment on function private.repeated_subscription is 'What a key has made already. Refuses idempotency_key_reused.';

-- As with payments: whoever has the key that an adopted one's id comes from asked for it.
create function private.claim_adopted_subscription(
    caller uuid, key text, request bytea, organization_id uuid, terms jsonb
) returns void
language plpgsql set search_path = pg_catalog, pg_temp
as $$
declare
    subscription public.subscriptions;
begin
    select s.* into subscription from public.subscriptions as s
    where s.id = private.id_of_key('subscription', caller, key) and s.created_by is null for update;
    if subscription.id is null then
        return;
    elsif subscription.organization_id <> claim_adopted_subscription.organization_id
        or terms ->> 'package_id' is null and (
            (terms ->> 'amount')::bigint <> all(subscription.quoted)
            or (subscription.currency, subscription.interval) <> (terms ->> 'currency', terms ->> 'interval')
        ) then
        perform private.refuse('idempotency_key_reused');
    end if;
    insert into private.subscription_requests (subscription_id, created_by, idempotency_key, request_hash)
    values (subscription.id, caller, key, request);
    update public.subscriptions as s set created_by = caller where s.id = subscription.id;
end
$$;

-- terms = {amount, currency, interval} or {package_id}, and payment_method_id where a saved card pays.
create function api.create_subscription(
    organization_id uuid, terms jsonb, idempotency_key text default null
) returns jsonb
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    caller uuid := private.require_role(organization_id, 'owner', 'admin');
    key text := coalesce(create_subscription.idempotency_key, gen_random_uuid()::text);
    request bytea := sha256(convert_to(jsonb_build_array(organization_id, terms)::text, 'UTF8'));
    new_id uuid;
    subscription public.subscriptions;
begin
    perform private.require_second_factor();
    perform private.require_topups_in_chat();
    perform private.claim_adopted_subscription(caller, key, request, organization_id, terms);
    if exists (
        select from private.subscription_requests as r where r.created_by = caller and r.idempotency_key = key
    ) then
        return private.subscription_json(private.repeated_subscription(caller, key, request));
    end if;
    terms := private.require_subscription_terms(organization_id, terms);
    perform private.require_subscription_rate(organization_id);
    insert into private.subscription_requests (subscription_id, created_by, idempotency_key, request_hash, language)
    values (
        private.id_of_key('subscription', caller, key), caller, key, request,
        (select private.language_of(u) from private.users as u where u.id = caller)
    )
    on conflict do nothing returning subscription_id into new_id;
    if new_id is null then
        return private.subscription_json(private.repeated_subscription(caller, key, request));
    end if;
    insert into public.subscriptions (
        id, organization_id, wallet_id, currency, amount, quoted, interval, package_id, payment_method_id,
        created_by, expires_at
    ) values (
        new_id, create_subscription.organization_id,
        private.open_wallet(create_subscription.organization_id, terms ->> 'currency'),
        terms ->> 'currency', (terms ->> 'amount')::bigint, array[(terms ->> 'amount')::bigint],
        terms ->> 'interval', (terms ->> 'package_id')::uuid, (terms ->> 'payment_method_id')::uuid, caller,
        date_trunc('second', now()) + interval '60 minutes'
    ) returning * into subscription;
    perform private.reopen_unknown_events(subscription.id);
    perform private.audit(
        create_subscription.organization_id, 'subscription_started',
        jsonb_build_object('subscription_id', subscription.id, 'interval', subscription.interval)
        || private.money_json(subscription.amount, subscription.currency)
    );
    return private.subscription_json(subscription);
end
$$;
comment on function api.create_subscription is 'Definer: money tables have no write grants. Same key and same input: the same subscription.';
grant execute on function api.create_subscription(uuid, jsonb, text) to authenticated;

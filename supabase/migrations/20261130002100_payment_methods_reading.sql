-- What is shown of a saved payment method, and to whom.
create function private.method_name(type text, brand text, last_four text) returns text
language sql immutable set search_path = pg_catalog, pg_temp
return coalesce(
    '{
        "visa": "Visa", "mastercard": "Mastercard", "amex": "American Express", "discover": "Discover",
        "diners": "Diners Club", "jcb": "JCB", "unionpay": "UnionPay", "eftpos_au": "eftpos",
        "cartes_bancaires": "Cartes Bancaires", "link": "Link"
    }'::jsonb ->> case type when 'card' then brand end,
    case type when 'us_bank_account' then initcap(brand) end,
    '{
        "link": "Link", "paypal": "PayPal", "ideal": "iDEAL", "sepa_debit": "SEPA Debit", "us_bank_account": "Bank account",
        "acss_debit": "Bank account", "bacs_debit": "Bacs Direct Debit", "au_becs_debit": "BECS Direct Debit"
    }'::jsonb ->> type,
    initcap(replace(type, '_', ' '))
) || coalesce(' •••• ' || last_four, '');
comment on function private.method_name is 'As people know it: "Visa •••• 4242", "Link", "SEPA Debit •••• 3000".';

create function private.display_name(method public.payment_methods) returns text
language sql immutable set search_path = pg_catalog, pg_temp
return private.method_name(method.type, method.brand, method.last_four);

create function private.payment_method_name(payment_method_id uuid) returns text
language sql stable set search_path = pg_catalog, pg_temp
return (
    select private.display_name(m) from public.payment_methods as m where m.id = payment_method_name.payment_method_id
);

-- A card works to the end of its month; people hear of it a month before.
create function private.payment_method_expiry(method public.payment_methods) returns text
language sql stable set search_path = pg_catalog, pg_temp
return case
    when make_date(method.exp_year, method.exp_month, 1) + interval '1 month' <= now() at time zone 'UTC' then 'expired'
    when make_date(method.exp_year, method.exp_month, 1) <= now() at time zone 'UTC' then 'expiring'
    else 'good'
end;

create function private.payment_method_json(method public.payment_methods, everything boolean default true) returns jsonb
language sql stable set search_path = pg_catalog, pg_temp
as $$
    select jsonb_build_object(
        'id', method.id,
        'organization_id', method.organization_id,
        'display_name', private.display_name(method),
        'type', method.type,
        'brand', method.brand,
        'last_four', method.last_four,
        'is_default', method.is_default
    ) || case when everything then jsonb_build_object(
        'stripe_payment_method_id', method.stripe_payment_method_id,
        'exp_month', method.exp_month,
        'exp_year', method.exp_year,
        'standing', private.payment_method_expiry(method),
        'country', method.country,
        'wallet', method.wallet,
        'label', method.label,
        'added_by', (select u.name from private.users as u where u.id = method.added_by),
        'is_active', method.is_active,
        'created_at', method.created_at
    ) else '{}' end
$$;
comment on function private.payment_method_json is 'A method as owners and admins see it; not everything: as members do.';

create function private.surviving_payment_method(stripe_id text) returns public.payment_methods
language sql stable set search_path = pg_catalog, pg_temp
as $$
    select surviving.*
    from public.payment_methods as saved
    inner join private.payment_method_details as saved_details on saved.id = saved_details.payment_method_id
    inner join public.payment_methods as surviving on saved.organization_id = surviving.organization_id
    inner join private.payment_method_details as surviving_details on surviving.id = surviving_details.payment_method_id
    where saved.stripe_payment_method_id = stripe_id
    and (surviving.id = saved.id or surviving.is_active and surviving_details.fingerprint = saved_details.fingerprint
    and (surviving.exp_month, surviving.exp_year) is not distinct from (saved.exp_month, saved.exp_year))
    order by surviving.is_active desc, surviving.id = saved.id desc limit 1
$$;
comment on function private.surviving_payment_method is 'What Stripe knows by this id, or the same card that was there before it.';

-- The same card is shown once, but Stripe may have it again, for a subscription that began with it.
create function private.duplicates_of(method public.payment_methods) returns jsonb
language sql stable set search_path = pg_catalog, pg_temp
as $$
    select coalesce(jsonb_agg(duplicate.stripe_payment_method_id), '[]')
    from private.payment_method_details as own_details
    inner join private.payment_method_details as duplicate_details on own_details.fingerprint = duplicate_details.fingerprint
    inner join public.payment_methods as duplicate on duplicate_details.payment_method_id = duplicate.id
    where own_details.payment_method_id = method.id and duplicate.id <> method.id and duplicate.organization_id = method.organization_id
    and (duplicate.exp_month, duplicate.exp_year) is not distinct from (method.exp_month, method.exp_year)
$$;

create function private.require_payment_method(payment_method_id uuid, variadic roles text []) returns public.payment_methods
language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
declare
    method public.payment_methods;
begin
    select m.* into method from public.payment_methods as m
    where m.id = payment_method_id and exists (
        select from public.memberships as mine
        where mine.organization_id = m.organization_id and mine.user_id = private.current_user_id()
    );
    -- A method that is not there and one that is not yours give the same answer.
    if method.id is null then
        perform private.refuse('not_found', jsonb_build_object('what', 'payment method'));
    end if;
    perform private.require_role(method.organization_id, variadic roles);
    return method;
end
$$;
comment on function private.require_payment_method is 'The role check of what is done with one method, active or not: its row, or a refusal.';

create function private.require_active_payment_method(payment_method_id uuid, variadic roles text []) returns public.payment_methods
language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
declare
    method public.payment_methods := private.require_payment_method(payment_method_id, variadic roles);
begin
    if not method.is_active then
        perform private.refuse('not_found', jsonb_build_object('what', 'payment method'));
    end if;
    return method;
end
$$;

create function api.get_payment_method(payment_method_id uuid) returns jsonb
language plpgsql stable security definer set search_path = pg_catalog, pg_temp
as $$
declare
    method public.payment_methods := private.require_active_payment_method(payment_method_id, 'owner', 'admin');
begin
    return private.payment_method_json(method);
end
$$;
comment on function api.get_payment_method is 'Definer: one call, one role check.';
grant execute on function api.get_payment_method(uuid) to authenticated;

create function api.list_payment_methods(organization_id uuid) returns jsonb
language plpgsql stable security definer set search_path = pg_catalog, pg_temp
as $$
declare
    caller uuid := private.require_role(organization_id, 'owner', 'admin', 'member');
    pays boolean := organization_id in (select private.manageable_organization_ids());
begin
    return (
        select coalesce(jsonb_agg(private.payment_method_json(m, pays) order by m.is_default desc, m.created_at, m.id), '[]')
        from public.payment_methods as m
        where m.organization_id = list_payment_methods.organization_id and m.is_active and (pays or m.is_default)
    );
end
$$;
comment on function api.list_payment_methods is 'Definer: members see no more than what the default one is called. The default first, then the oldest.';
grant execute on function api.list_payment_methods(uuid) to authenticated;

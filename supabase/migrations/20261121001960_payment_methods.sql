-- Cards and other ways to pay that an organization has saved. Stripe has them; this is the mirror.
create table public.payment_methods (
    id uuid primary key default gen_random_uuid(),
    organization_id uuid not null references public.organizations (id),
    added_by uuid references public.users (id),
    stripe_payment_method_id text not null unique,
    type text not null,
    brand text,
    last_four text,
    exp_month integer,
    exp_year integer,
    country text,
    wallet text,
    label text,
    is_default boolean not null default false,
    is_active boolean not null default true,
    created_at timestamptz not null default now(),
    constraint payment_methods_last_four_is_four check (last_four ~ '^[0-9A-Za-z]{4}$'),
    constraint payment_methods_expires_in_a_month check (exp_month between 1 and 12),
    constraint payment_methods_label_fits check (length(label) between 1 and 50 and label !~ '[[:cntrl:]]'),
    constraint payment_methods_default_is_active check (is_active or not is_default)
);
comment on table public.payment_methods is 'What an organization has saved to pay with, as Stripe says: never a number, a name or an address. added_by is null where it was saved at Stripe; what was removed stays, not active, as history.';
revoke all on public.payment_methods from public, anon, authenticated, service_role;
create unique index payment_methods_one_default on public.payment_methods (organization_id) where is_default;
create index payment_methods_organization on public.payment_methods (organization_id, created_at);
create index payment_methods_added_by on public.payment_methods (added_by);
alter table public.payment_methods enable row level security;
grant select on public.payment_methods to authenticated;

create function private.manageable_organization_ids() returns setof uuid
language sql stable security definer set search_path = ''
as $$
    select m.organization_id from public.memberships as m
    where m.user_id = private.current_user_id() and m.role in ('owner', 'admin')
$$;
comment on function private.manageable_organization_ids is 'Definer, as private.current_organization_ids. Where the caller may pay and act for the organization.';
grant execute on function private.manageable_organization_ids() to authenticated;

create policy "owners and admins see what their organization pays with" on public.payment_methods
for select to authenticated using (organization_id in (select private.manageable_organization_ids()));

create function private.display_name(method public.payment_methods) returns text
language sql immutable set search_path = ''
return coalesce(
    '{
        "visa": "Visa", "mastercard": "Mastercard", "amex": "American Express", "discover": "Discover",
        "diners": "Diners Club", "jcb": "JCB", "unionpay": "UnionPay", "eftpos_au": "eftpos",
        "cartes_bancaires": "Cartes Bancaires", "link": "Link"
    }'::jsonb ->> case method.type when 'card' then method.brand end,
    case method.type when 'us_bank_account' then initcap(method.brand) end,
    '{
        "link": "Link", "paypal": "PayPal", "sepa_debit": "SEPA Debit", "us_bank_account": "Bank account",
        "acss_debit": "Bank account", "bacs_debit": "Bacs Direct Debit", "au_becs_debit": "BECS Direct Debit"
    }'::jsonb ->> method.type,
    initcap(replace(method.type, '_', ' '))
) || coalesce(' •••• ' || method.last_four, '');
comment on function private.display_name is 'As people know it: "Visa •••• 4242", "Link", "SEPA Debit •••• 3000".';

-- A card works to the end of its month; people hear of it a month before.
create function private.payment_method_expiry(method public.payment_methods) returns text
language sql stable set search_path = ''
return case
    when make_date(method.exp_year, method.exp_month, 1) + interval '1 month' <= now() at time zone 'UTC' then 'expired'
    when make_date(method.exp_year, method.exp_month, 1) <= now() at time zone 'UTC' then 'expiring'
    else 'good'
end;

create function private.payment_method_json(method public.payment_methods, everything boolean default true) returns jsonb
language sql stable set search_path = ''
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
        'added_by', (select u.name from public.users as u where u.id = method.added_by),
        'is_active', method.is_active,
        'created_at', method.created_at
    ) else '{}' end
$$;
comment on function private.payment_method_json is 'A method as owners and admins see it; not everything: as members do.';

create function private.require_payment_method(payment_method_id uuid, variadic roles text []) returns public.payment_methods
language plpgsql stable set search_path = ''
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
language plpgsql stable set search_path = ''
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

create function private.notify_payment_method_changed(
    method public.payment_methods, happened text, roles text [], but uuid default null, about uuid default null
) returns void
language sql set search_path = ''
as $$
    select private.notify_users(
        array(
            select m.user_id from public.memberships as m
            where m.organization_id = method.organization_id and m.role = any(roles) and m.user_id is distinct from but
        ),
        'method_news', method.organization_id,
        jsonb_strip_nulls(jsonb_build_object(
            'happened', happened, 'method_id', method.id, 'organization_id', method.organization_id,
            'card', private.display_name(method),
            'name', (select u.name from public.users as u where u.id = about)
        ))
    )
$$;
comment on function private.notify_payment_method_changed is 'Tells an organization''s people in these roles, `but` one; `about` is who did it.';

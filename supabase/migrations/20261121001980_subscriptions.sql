-- Recurring top-ups: an organization's subscriptions at Stripe. The row comes first, with our id in
-- Stripe's metadata. How far it is, Stripe alone decides: it is asked whenever it says that something
-- changed, and what was asked last counts.
create table public.subscriptions (
    id uuid primary key default gen_random_uuid(),
    organization_id uuid not null,
    wallet_id uuid not null,
    currency text not null,
    amount bigint not null,
    quoted bigint [] not null,
    interval text not null,
    package_id uuid references public.packages (id),
    payment_method_id uuid references public.payment_methods (id),
    status text not null default 'incomplete',
    created_by uuid not null references public.users (id),
    canceled_by uuid references public.users (id),
    idempotency_key text not null,
    request_hash bytea not null,
    attempt integer not null default 1,
    stripe_checkout_session_id text unique,
    stripe_subscription_id text unique,
    stripe_payment_method_id text,
    url text,
    expires_at timestamptz not null,
    current_period_end timestamptz,
    refetched_at timestamptz not null default now(),
    checked_at timestamptz,
    language text not null default 'en',
    created_at timestamptz not null default now(),
    constraint subscriptions_amount_is_positive check (amount > 0),
    constraint subscriptions_amount_was_quoted check (amount = any(quoted)),
    constraint subscriptions_interval_is_listed check (subscriptions.interval in ('week', 'month')),
    constraint subscriptions_key_fits check (length(idempotency_key) between 1 and 255),
    constraint subscriptions_one_per_key unique (created_by, idempotency_key),
    constraint subscriptions_status_is_listed check (
        status in ('incomplete', 'active', 'past_due', 'paused', 'canceled')
    ),
    constraint subscriptions_wallet foreign key (wallet_id, organization_id, currency)
    references public.wallets (id, organization_id, currency)
);
comment on table public.subscriptions is 'Recurring top-ups. amount in minor units; quoted has every amount that it ever had, because an invoice of before a change may be paid after it; url is where it waits for its payer; expires_at is when an unpaid one is over; payment_method_id is the saved card that it begins with, none where it begins on a page of Stripe; stripe_payment_method_id is what Stripe says that pays; refetched_at is when Stripe was asked for what stands here, checked_at when somebody had it asked; canceled_by is whoever wants it to end.';
revoke all on public.subscriptions from public, anon, authenticated, service_role;
create index subscriptions_organization on public.subscriptions (organization_id, created_at);
create index subscriptions_wallet on public.subscriptions (wallet_id, organization_id, currency);
create index subscriptions_package on public.subscriptions (package_id);
create index subscriptions_payment_method on public.subscriptions (payment_method_id);
create index subscriptions_created_by on public.subscriptions (created_by);
create index subscriptions_canceled_by on public.subscriptions (canceled_by);
create index subscriptions_running on public.subscriptions (refetched_at) where status <> 'canceled';
alter table public.subscriptions enable row level security;

-- Its own card, or the default one where that was removed: what Stripe charges next.
create function private.payment_method_of_subscription(subscription public.subscriptions) returns uuid
language sql stable set search_path = ''
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
language sql stable set search_path = ''
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
                then subscription.url
        end,
        'started_by', u.name,
        'current_period_end', subscription.current_period_end,
        'created_at', subscription.created_at
    )
    from public.organizations as o
    left join public.users as u on u.id = subscription.created_by
    left join public.packages as p on p.id = subscription.package_id
    left join public.payment_methods as card on card.id = private.payment_method_of_subscription(subscription)
    left join public.memberships as m on m.organization_id = o.id and m.user_id = private.current_user_id()
    where o.id = subscription.organization_id
$$;

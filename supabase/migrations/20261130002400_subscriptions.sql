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
    created_by uuid references private.users (id),
    canceled_by uuid references private.users (id),
    attempt integer not null default 1,
    stripe_checkout_session_id text unique,
    stripe_subscription_id text unique,
    stripe_payment_method_id text,
    expires_at timestamptz not null,
    current_period_end timestamptz,
    cancel_at timestamptz,
    cancel_at_period_end boolean not null default false,
    stripe_latest_invoice_id text,
    latest_invoice_status text,
    reconciled_at timestamptz,
    refetched_at timestamptz not null default now(),
    checked_at timestamptz,
    created_at timestamptz not null default now(),
    constraint subscriptions_amount_is_positive check (amount > 0),
    constraint subscriptions_amount_was_quoted check (amount = any(quoted)),
    constraint subscriptions_interval_is_listed check (subscriptions.interval in ('week', 'month')),
    constraint subscriptions_status_is_listed check (
        status in ('incomplete', 'active', 'past_due', 'paused', 'canceled')
    ),
    constraint subscriptions_wallet foreign key (wallet_id, organization_id, currency)
    references public.wallets (id, organization_id, currency)
);
comment on table public.subscriptions is 'Recurring top-ups. amount in minor units; quoted has every amount that it ever had, because an invoice of before a change may be paid after it; expires_at is when an unpaid one is over; payment_method_id is the saved card that it begins with, none where it begins on a page of Stripe; stripe_payment_method_id is what Stripe says that pays; latest_invoice_status is Stripe''s; reconciled_at is when the reconciler last turned to it; refetched_at is when Stripe was asked for what stands here, checked_at when somebody had it asked; created_by is null where the operator adopted what Stripe had; canceled_by is whoever wants it to end now; cancel_at is when Stripe will end it, cancel_at_period_end says that this is the end of its period: somebody requested that here or at Stripe, and may take it back.';
revoke all on public.subscriptions from public, anon, authenticated, service_role;
create index subscriptions_organization on public.subscriptions (organization_id, created_at);
create index subscriptions_wallet on public.subscriptions (wallet_id, organization_id, currency);
create index subscriptions_package on public.subscriptions (package_id);
create index subscriptions_payment_method on public.subscriptions (payment_method_id);
create index subscriptions_created_by on public.subscriptions (created_by);
create index subscriptions_canceled_by on public.subscriptions (canceled_by);
create index subscriptions_running on public.subscriptions (refetched_at) where status <> 'canceled';
alter table public.subscriptions enable row level security;
grant select on public.subscriptions to authenticated;
create policy "members see their organization's recurring top-ups" on public.subscriptions
for select to authenticated using (organization_id in (select private.member_organization_ids()));

-- Not for colleagues: how it was asked for, which names the payer's Telegram id, and where its payer pays.
create table private.subscription_requests (
    subscription_id uuid primary key references public.subscriptions (id) on delete cascade deferrable initially deferred,
    created_by uuid not null references private.users (id),
    idempotency_key text not null,
    request_hash bytea not null,
    language text not null default 'en',
    url text,
    constraint subscription_requests_key_fits check (length(idempotency_key) between 1 and 255),
    constraint subscription_requests_one_per_key unique (created_by, idempotency_key)
);
comment on table private.subscription_requests is 'What a member is not shown of a recurring top-up. Written before it, in one transaction, so that one key makes one; request_hash tells a repeat from another request under the same key; language is the payer''s; url is where it waits for its payer.';

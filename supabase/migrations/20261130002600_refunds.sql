-- Refunds: one row each, made before Stripe is asked, or when Stripe tells of one that was made in
-- its dashboard. The wallet moves by the difference between what the row implies and what is posted.
create table public.refunds (
    id uuid primary key default gen_random_uuid(),
    organization_id uuid not null references public.organizations (id),
    payment_id uuid not null references public.payments (id),
    stripe_refund_id text unique,
    currency text not null references public.currencies (code),
    amount bigint not null,
    charge_amount bigint not null,
    status text not null default 'requested',
    stripe_status text,
    reason text,
    failure text,
    created_by uuid references private.users (id),
    attempt integer not null default 1,
    requested_at timestamptz not null default now(),
    checked_at timestamptz,
    created_at timestamptz not null default now(),
    constraint refunds_amount_fits check (amount >= 0 and charge_amount > 0),
    constraint refunds_status_is_listed check (
        status in ('requested', 'pending', 'requires_action', 'succeeded', 'failed', 'canceled')
    ),
    constraint refunds_reason_is_a_code check (reason ~ '^[a-z_]{1,100}$'),
    constraint refunds_requested_are_ours check (status <> 'requested' or created_by is not null)
);
comment on table public.refunds is 'Money going back to payers, in minor units: charge_amount is what the payer gets, amount what of it the wallet loses, which is less where the charge had tax in it. stripe_status is Stripe''s word as it is: one that we do not know counts as pending and is asked about again. status only moves forward, and failed may follow succeeded; failed without an id of Stripe''s was refused there and never was one. requested_at is when Stripe was asked by this attempt; created_by is null where it was made in Stripe''s dashboard.';
revoke all on public.refunds from public, anon, authenticated, service_role;
create index refunds_payment on public.refunds (payment_id);
create index refunds_organization on public.refunds (organization_id, created_at);
create index refunds_currency on public.refunds (currency);
create index refunds_created_by on public.refunds (created_by);
create index refunds_unsettled on public.refunds (checked_at) where status in ('requested', 'pending', 'requires_action');
alter table public.refunds enable row level security;
grant select on public.refunds to authenticated;
create policy "members see their organization's refunds" on public.refunds
for select to authenticated using (organization_id in (select private.member_organization_ids()));

-- Not for colleagues: the key would tell them the Telegram id of whoever asked for it.
create table private.refund_requests (
    refund_id uuid primary key references public.refunds (id) on delete cascade deferrable initially deferred,
    created_by uuid not null references private.users (id),
    idempotency_key text not null,
    request_hash bytea not null,
    constraint refund_requests_key_fits check (length(idempotency_key) between 1 and 255),
    constraint refund_requests_one_per_key unique (created_by, idempotency_key)
);
comment on table private.refund_requests is 'What a member is not shown of a refund. Written before it, in one transaction, so that one key makes one; request_hash tells a repeat from another request under the same key. None for one of Stripe''s dashboard.';

-- How far a refund is: a fact moves it to where it is not yet, never back.
create function private.refund_rank(status text) returns integer
language sql immutable set search_path = pg_catalog, pg_temp
return array_position(array['requested', 'pending', 'succeeded', 'failed'], case status
    when 'requires_action' then 'pending'
    when 'canceled' then 'failed'
    else status
end);

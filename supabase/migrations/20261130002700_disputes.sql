-- Disputes: one row each, made when Stripe tells of it.
create table public.disputes (
    stripe_dispute_id text primary key,
    organization_id uuid not null references public.organizations (id),
    payment_id uuid not null references public.payments (id),
    currency text not null,
    amount bigint not null,
    status text not null,
    reason text,
    due_by timestamptz,
    movements integer not null default 0,
    moved jsonb not null default '{}',
    charge_settled_amount bigint,
    withdrawn_at timestamptz,
    reinstated_at timestamptz,
    reconciled_at timestamptz,
    created_at timestamptz not null default now(),
    constraint disputes_amount_is_positive check (amount > 0),
    constraint disputes_reinstated_were_withdrawn check (reinstated_at is null or withdrawn_at is not null)
);
comment on table public.disputes is 'A payer''s bank wants the money back: amount in minor units of currency, which may be one that we do not have, status and reason are Stripe''s. movements counts Stripe''s balance transactions of it, moved is what they have taken in sum, {currency: minor units}, before fees; charge_settled_amount is what Stripe''s balance got for the charge in that currency, where the dispute is in another one than the charge. withdrawn_at and reinstated_at: when we learned that money went and came back; reconciled_at is when the reconciler last asked Stripe about it.';
revoke all on public.disputes from public, anon, authenticated, service_role;
create index disputes_payment on public.disputes (payment_id);
create index disputes_organization on public.disputes (organization_id);
alter table public.disputes enable row level security;
grant select on public.disputes to authenticated;
create policy "members see their organization's disputes" on public.disputes
for select to authenticated using (organization_id in (select private.member_organization_ids()));

-- https://docs.stripe.com/disputes/how-disputes-work: an inquiry may become a dispute.
create function private.dispute_rank(status text) returns integer
language sql immutable set search_path = pg_catalog, pg_temp
return coalesce(array_position(array[
    'warning_needs_response', 'warning_under_review', 'warning_closed', 'needs_response', 'under_review'
], status), 6);
comment on function private.dispute_rank is 'How far a dispute is; whatever is not listed is its end.';

-- Early fraud warnings: one row each, so that a second event about one notifies nobody.
create table private.fraud_warnings (
    stripe_warning_id text primary key,
    payment_id uuid not null references public.payments (id),
    actionable boolean not null,
    created_at timestamptz not null default now()
);
comment on table private.fraud_warnings is 'The payer''s bank thinks that a payment may be fraud. actionable is Stripe''s: false from the first event on that says so.';
create index fraud_warnings_payment on private.fraud_warnings (payment_id);

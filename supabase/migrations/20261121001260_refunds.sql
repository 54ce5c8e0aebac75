-- Refunds: one row each, made before Stripe is asked, or when Stripe tells of one that was made in
-- its dashboard. The wallet moves by the difference between what the row implies and what is posted.
create table public.refunds (
    id uuid primary key default gen_random_uuid(),
    organization_id uuid not null references public.organizations (id),
    payment_id uuid not null references public.payments (id),
    stripe_refund_id text unique,
    currency text not null references public.currencies (code),
    amount bigint not null,
    status text not null default 'requested',
    reason text,
    failure text,
    created_by uuid references public.users (id),
    idempotency_key text,
    request_hash bytea,
    attempt integer not null default 1,
    requested_at timestamptz not null default now(),
    checked_at timestamptz,
    created_at timestamptz not null default now(),
    constraint refunds_amount_is_positive check (amount > 0),
    constraint refunds_status_is_known check (
        status in ('requested', 'pending', 'requires_action', 'succeeded', 'failed', 'canceled')
    ),
    constraint refunds_reason_is_a_code check (reason ~ '^[a-z_]{1,100}$'),
    constraint refunds_key_fits check (length(idempotency_key) between 1 and 255),
    constraint refunds_of_ours_have_a_key check ((created_by is null) = (idempotency_key is null)),
    constraint refunds_one_per_key unique (created_by, idempotency_key)
);
comment on table public.refunds is 'Money going back to payers, in minor units. status only moves forward, and failed may follow succeeded; failed without an id of Stripe''s was refused there and never was one. requested_at is when Stripe was asked by this attempt; created_by is null where it was made in Stripe''s dashboard.';
revoke all on public.refunds from public, anon, authenticated, service_role;
create index refunds_payment on public.refunds (payment_id);
create index refunds_organization on public.refunds (organization_id);
create index refunds_currency on public.refunds (currency);
create index refunds_unsettled on public.refunds (checked_at) where status in ('requested', 'pending', 'requires_action');
alter table public.refunds enable row level security;
grant select (
    id, organization_id, payment_id, stripe_refund_id, currency, amount, status, reason, failure, created_by, created_at
) on public.refunds to authenticated;
create policy "members see their organization's refunds" on public.refunds
for select to authenticated using (organization_id in (select private.current_organization_ids()));

-- How far a refund is: a fact moves it to where it is not yet, never back.
create function private.refund_rank(status text) returns integer
language sql immutable set search_path = ''
return array_position(array['requested', 'pending', 'succeeded', 'failed'], case status
    when 'requires_action' then 'pending'
    when 'canceled' then 'failed'
    else status
end);

create function private.refunded(payment_id uuid) returns bigint
language sql stable set search_path = ''
as $$
    select coalesce(sum(r.amount), 0)::bigint from public.refunds as r
    where r.payment_id = refunded.payment_id and r.status in ('pending', 'requires_action', 'succeeded')
$$;
comment on function private.refunded is 'What refunds have taken out of the wallet for a payment and not brought back.';

-- What of a payment may go back: what is left of it, and not more than the wallet has. What is asked
-- of Stripe right now is gone already.
create function private.refundable(payment public.payments) returns bigint
language sql stable set search_path = ''
as $$
    select case when payment.status = 'succeeded' and payment.stripe_payment_intent_id is not null then greatest(0, least(
        payment.amount - private.refunded(payment.id) - private.disputed(payment.id) - coalesce(
            sum(r.amount) filter (where r.payment_id = payment.id), 0
        ),
        (select a.balance from public.accounts as a where a.wallet_id = payment.wallet_id and a.kind = 'wallet')
        - coalesce(sum(r.amount), 0)
    ))::bigint else 0 end
    from public.refunds as r
    where r.organization_id = payment.organization_id and r.currency = payment.currency and r.status = 'requested'
$$;

create function private.refund_json(refund public.refunds) returns jsonb
language sql stable set search_path = ''
as $$
    select jsonb_build_object(
        'id', refund.id,
        'payment_id', refund.payment_id,
        'money', private.money_json(refund.amount, refund.currency),
        'status', refund.status,
        'reason', refund.reason,
        'failure', refund.failure,
        'refunded_by', (select u.name from public.users as u where u.id = refund.created_by),
        'created_at', refund.created_at
    )
$$;

create function private.clawbacks_json(payment public.payments) returns jsonb
language sql stable set search_path = ''
as $$
    select jsonb_build_object(
        'refunded', private.money_json(private.refunded(payment.id), payment.currency),
        'refundable', private.money_json(private.refundable(payment), payment.currency),
        'refunds', (
            select coalesce(jsonb_agg(private.refund_json(r) order by r.created_at, r.id), '[]')
            from public.refunds as r where r.payment_id = payment.id
        ),
        'disputes', private.disputes_json(payment.id),
        'dispute_status', private.disputes_json(payment.id) -> -1 ->> 'status',
        'debt', (
            select private.money_json(least(payment.amount, -a.balance), payment.currency) from public.accounts as a
            where a.wallet_id = payment.wallet_id and a.kind = 'wallet' and a.balance < 0
            and payment.status in ('created', 'pending', 'processing')
        )
    )
$$;
comment on function private.clawbacks_json is 'What went back of a payment, what may, and what of one that is not paid yet goes to what the wallet owes.';

-- One fact about a refund: its row, then the wallet. Locks the payment, then its accounts.
create function private.apply_refund(fact jsonb) returns private.verdict
language plpgsql set search_path = ''
as $$
declare
    payment public.payments := private.clawed_payment(fact);
    refund public.refunds;
    before text;
    objection text;
begin
    if payment.id is null then
        return row('ignored', 'not ours')::private.verdict;
    end if;
    select r.* into refund from public.refunds as r
    where r.payment_id = payment.id and (
        r.stripe_refund_id = fact ->> 'id'
        or (r.id = (fact ->> 'refund_id')::uuid and r.stripe_refund_id is null)
    );
    objection := case
        when payment.currency is distinct from fact ->> 'currency' then 'refund_currency_differs'
        -- Not their sum: one that failed makes room for the next, of which we may hear first.
        when coalesce((fact ->> 'amount_minor')::bigint, 0) not between 1 and payment.amount
            or refund.amount <> (fact ->> 'amount_minor')::bigint then 'refund_amount_differs'
    end;
    if objection is not null then
        perform private.review(payment.id, objection);
        return row('parked', objection)::private.verdict;
    end if;
    before := refund.status;
    if refund.id is null then
        insert into public.refunds (organization_id, payment_id, stripe_refund_id, currency, amount, reason)
        values (
            payment.organization_id, payment.id, fact ->> 'id', payment.currency,
            (fact ->> 'amount_minor')::bigint, fact ->> 'reason'
        ) returning * into refund;
    end if;
    if refund.stripe_refund_id is null or private.refund_rank(fact ->> 'status') >= private.refund_rank(refund.status) then
        update public.refunds as r
        set status = fact ->> 'status', stripe_refund_id = fact ->> 'id', failure = fact ->> 'failure'
        where r.id = refund.id returning * into refund;
    end if;
    perform private.post_refund(payment, refund, before is null or before = 'requested');
    return row('done', refund.status)::private.verdict;
end
$$;

create function private.post_refund(payment public.payments, refund public.refunds, first_word boolean) returns void
language plpgsql set search_path = ''
as $$
declare
    told jsonb := jsonb_build_object(
        'id', refund.stripe_refund_id, 'amount', private.major_units(refund.amount, refund.currency),
        'by', (select u.name from public.users as u where u.id = refund.created_by), 'reason', refund.failure,
        'status', refund.status
    );
begin
    if refund.status in ('pending', 'requires_action', 'succeeded') then
        if private.post_transfer(payment.wallet_id, 'refund', refund.stripe_refund_id, 'wallet', 'stripe', refund.amount) is not null then
            perform private.tell_of_clawback('refund_made', payment, told);
        end if;
    elsif not exists (
        select from public.transfers as t where t.kind = 'refund' and t.reference = refund.stripe_refund_id
    ) then
        if first_word and refund.created_by is not null then -- it failed before it took anything
            perform private.tell_of_clawback('refund_failed', payment, told);
        end if;
    elsif private.post_transfer(
        payment.wallet_id, 'refund_reversal', refund.stripe_refund_id, 'stripe', 'wallet', refund.amount
    ) is not null then
        perform private.tell_of_clawback('refund_failed', payment, told);
    end if;
    perform private.show_payment(payment);
end
$$;
comment on function private.post_refund is 'Moves the wallet to what the refund''s row implies, and tells of it; a repeat does nothing.';

-- A charge says that something went back, not what: Stripe is asked for the list.
create function private.apply_refunds(fact jsonb) returns private.verdict
language plpgsql set search_path = ''
as $$
declare
    payment public.payments := private.clawed_payment(fact);
begin
    if payment.id is null then
        return row('ignored', 'not ours')::private.verdict;
    elsif private.refunded(payment.id) = (fact ->> 'amount_minor')::bigint then
        return row('done', 'known')::private.verdict;
    end if;
    return row('done', 'stripe_decides')::private.verdict;
end
$$;

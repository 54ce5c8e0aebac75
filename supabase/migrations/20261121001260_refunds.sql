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
    created_by uuid references public.users (id),
    idempotency_key text,
    request_hash bytea,
    attempt integer not null default 1,
    requested_at timestamptz not null default now(),
    checked_at timestamptz,
    created_at timestamptz not null default now(),
    constraint refunds_amount_fits check (amount >= 0 and charge_amount > 0),
    constraint refunds_status_is_listed check (
        status in ('requested', 'pending', 'requires_action', 'succeeded', 'failed', 'canceled')
    ),
    constraint refunds_reason_is_a_code check (reason ~ '^[a-z_]{1,100}$'),
    constraint refunds_requested_are_ours check (status <> 'requested' or created_by is not null),
    constraint refunds_key_fits check (length(idempotency_key) between 1 and 255),
    constraint refunds_of_ours_have_a_key check ((created_by is null) = (idempotency_key is null)),
    constraint refunds_one_per_key unique (created_by, idempotency_key)
);
comment on table public.refunds is 'Money going back to payers, in minor units: charge_amount is what the payer gets, amount what of it the wallet loses, which is less where the charge had tax in it. stripe_status is Stripe''s word as it is: one that we do not know counts as pending and is asked about again. status only moves forward, and failed may follow succeeded; failed without an id of Stripe''s was refused there and never was one. requested_at is when Stripe was asked by this attempt; created_by is null where it was made in Stripe''s dashboard.';
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
for select to authenticated using (organization_id in (select private.member_organization_ids()));

-- How far a refund is: a fact moves it to where it is not yet, never back.
create function private.refund_rank(status text) returns integer
language sql immutable set search_path = ''
return array_position(array['requested', 'pending', 'succeeded', 'failed'], case status
    when 'requires_action' then 'pending'
    when 'canceled' then 'failed'
    else status
end);

create function private.refunded_by_stripe(payment_id uuid) returns bigint
language sql stable set search_path = ''
as $$
    select coalesce(sum(r.charge_amount), 0)::bigint from public.refunds as r
    where r.payment_id = refunded_by_stripe.payment_id and r.status in ('pending', 'requires_action', 'succeeded')
$$;
comment on function private.refunded_by_stripe is 'What refunds send back of a payment''s charge, in its currency, with tax.';

create function private.refunded_amount(payment_id uuid) returns bigint
language sql stable set search_path = ''
as $$
    select least(max(p.amount), coalesce(sum(r.amount), 0))::bigint
    from public.payments as p
    left join public.refunds as r on p.id = r.payment_id and r.status in ('pending', 'requires_action', 'succeeded')
    where p.id = refunded_amount.payment_id
$$;
comment on function private.refunded_amount is 'What of a payment''s credit refunds send back, without tax.';

-- What of a payment may go back: what is left of its credit, and not more than the wallet has. What is asked
-- of Stripe right now is gone already.
create function private.refundable(payment public.payments) returns bigint
language sql stable set search_path = ''
as $$
    select case when payment.status = 'succeeded' and payment.stripe_payment_intent_id is not null then greatest(0, least(
        payment.amount - payment.clawed_back_amount - coalesce(sum(r.amount) filter (where r.payment_id = payment.id), 0),
        (select a.balance from public.accounts as a where a.wallet_id = payment.wallet_id and a.kind = 'wallet')
        - coalesce(sum(r.amount), 0)
    ))::bigint else 0 end
    from public.refunds as r
    where r.organization_id = payment.organization_id and r.currency = payment.currency and r.status = 'requested'
$$;

-- What the payer gets for so much of the credit: the tax on it as well, and with the last of the credit whatever is left.
create function private.charge_amount_of(payment public.payments, amount bigint) returns bigint
language sql stable set search_path = ''
as $$
    select case
        when charge_amount_of.amount >= payment.amount - payment.clawed_back_amount - rest.requested then rest.charge
        else greatest(1, least(rest.charge, round(charge_amount_of.amount::numeric * payment.received_amount / payment.amount)::bigint))
    end
    from (
        select
            coalesce(sum(r.amount), 0) as requested,
            payment.received_amount - private.refunded_by_stripe(payment.id) - private.disputed_amount(payment)
            - coalesce(sum(r.charge_amount), 0)::bigint as charge
        from public.refunds as r where r.payment_id = payment.id and r.status = 'requested'
    ) as rest
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
        'refunded', private.money_json(private.refunded_amount(payment.id), payment.currency),
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

-- One fact about a refund: its row, then the wallet. Locks the payment, then its accounts. What moves is what
-- Stripe moved, also where that is another sum than was asked for.
create function private.apply_refund(fact jsonb) returns private.verdict
language plpgsql set search_path = ''
as $$
declare
    payment public.payments := private.payment_of_clawback(fact);
    before public.refunds;
    refund public.refunds;
begin
    if payment.id is null then
        return row('ignored', 'not ours')::private.verdict;
    elsif payment.currency is distinct from fact ->> 'currency' or coalesce((fact ->> 'amount_minor')::bigint, 0) < 1 then
        perform private.begin_review(payment.id, 'refund_currency_differs');
        return row('parked', 'refund_currency_differs')::private.verdict;
    end if;
    select r.* into before from public.refunds as r
    where r.payment_id = payment.id and (
        r.stripe_refund_id = fact ->> 'id'
        or (r.id = (fact ->> 'refund_id')::uuid and r.stripe_refund_id is null)
    );
    refund := private.upsert_refund(payment, before, fact);
    perform private.notify_refund(payment, before, refund, private.settle_clawbacks(payment.id, 'refund'));
    perform private.notify_payment_shown(payment);
    return row('done', refund.status)::private.verdict;
end
$$;

create function private.listed_refund_status(status text) returns text
language sql immutable set search_path = ''
return case when status in ('pending', 'requires_action', 'succeeded', 'failed', 'canceled') then status else 'pending' end;
comment on function private.listed_refund_status is 'A word of Stripe''s that we do not know counts as pending: out of the wallet, and asked about again.';

create function private.upsert_refund(payment public.payments, before public.refunds, fact jsonb) returns public.refunds
language plpgsql set search_path = ''
as $$
declare
    refund public.refunds;
    status_now text := private.listed_refund_status(fact ->> 'status');
    gross bigint := (fact ->> 'amount_minor')::bigint;
    share bigint := case
        when gross = before.charge_amount then before.amount
        else least(payment.amount, round(payment.amount::numeric * gross / payment.received_amount))
    end;
begin
    if before.id is null then
        insert into public.refunds (
            organization_id, payment_id, stripe_refund_id, currency, amount, charge_amount, reason, failure, status, stripe_status
        ) values (
            payment.organization_id, payment.id, fact ->> 'id', payment.currency, share, gross,
            fact ->> 'reason', fact ->> 'failure', status_now, fact ->> 'status'
        ) returning * into refund;
        return refund;
    end if;
    update public.refunds as r
    set status = status_now, stripe_status = fact ->> 'status', stripe_refund_id = fact ->> 'id',
        failure = fact ->> 'failure', amount = share, charge_amount = gross
    where r.id = before.id
    and (r.stripe_refund_id is null or private.refund_rank(status_now) >= private.refund_rank(r.status))
    returning * into refund;
    if not found then
        return before;
    end if;
    return refund;
end
$$;

-- Each state once: that it is on its way, out of the wallet; that it failed, and whether the money is back.
create function private.notify_refund(
    payment public.payments, before public.refunds, refund public.refunds, change bigint
) returns void
language plpgsql set search_path = ''
as $$
declare
    live boolean := private.refund_rank(refund.status) between 2 and 3;
    was_live boolean := coalesce(private.refund_rank(before.status) between 2 and 3, false);
    facts jsonb := jsonb_build_object(
        'id', refund.stripe_refund_id, 'amount', private.major_units(refund.amount, refund.currency),
        'by', (select u.name from public.users as u where u.id = refund.created_by), 'reason', refund.failure,
        -- Where disputes had taken all of it before, nothing leaves the wallet.
        'status', case when live and change = 0 then 'covered' else refund.status end
    );
begin
    if live and not was_live then
        perform private.notify_clawback('refund_made', payment, facts);
    elsif not live and (was_live or before.status = 'requested') then
        perform private.notify_clawback('refund_failed', payment, facts);
    end if;
end
$$;

-- A charge says that something went back, not what: Stripe is asked for the list.
create function private.apply_refunds(fact jsonb) returns private.verdict
language plpgsql set search_path = ''
as $$
declare
    payment public.payments := private.payment_of_clawback(fact);
begin
    if payment.id is null then
        return row('ignored', 'not ours')::private.verdict;
    elsif private.refunded_by_stripe(payment.id) = (fact ->> 'amount_minor')::bigint then
        return row('done', 'known')::private.verdict;
    end if;
    return row('done', 'stripe_decides')::private.verdict;
end
$$;

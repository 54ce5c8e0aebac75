-- Disputes and early fraud warnings.
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
    created_at timestamptz not null default now(),
    constraint disputes_amount_is_positive check (amount > 0),
    constraint disputes_reinstated_were_withdrawn check (reinstated_at is null or withdrawn_at is not null)
);
comment on table public.disputes is 'A payer''s bank wants the money back: amount in minor units of currency, which may be one that we do not have, status and reason are Stripe''s. movements counts Stripe''s balance transactions of it, moved is what they have taken in sum, {currency: minor units}, before fees; charge_settled_amount is what Stripe''s balance got for the charge in that currency, where the dispute is in another one than the charge. withdrawn_at and reinstated_at: when we learned that money went and came back.';
revoke all on public.disputes from public, anon, authenticated, service_role;
create index disputes_payment on public.disputes (payment_id);
create index disputes_organization on public.disputes (organization_id);
alter table public.disputes enable row level security;
grant select on public.disputes to authenticated;
create policy "members see their organization's disputes" on public.disputes
for select to authenticated using (organization_id in (select private.member_organization_ids()));

-- What Stripe's balance lost in the settlement currency of the account, where that is not the charge's.
create function private.moved_elsewhere(moved jsonb) returns bigint
language sql immutable set search_path = ''
as $$ select m.amount::bigint from jsonb_each_text(moved) as m (currency, amount) order by m.currency limit 1 $$;

-- https://docs.stripe.com/disputes/how-disputes-work: an inquiry may become a dispute.
create function private.dispute_rank(status text) returns integer
language sql immutable set search_path = ''
return coalesce(array_position(array[
    'warning_needs_response', 'warning_under_review', 'warning_closed', 'needs_response', 'under_review'
], status), 6);
comment on function private.dispute_rank is 'How far a dispute is; whatever is not listed is its end.';

-- What a dispute has taken of a charge, in the charge's currency. Stripe's balance transactions say it where they
-- are in that currency, before fees, which are the operator's. In another settlement currency they say only whether the
-- money is gone: differences of exchange rates are the operator's, too. A lost dispute keeps what had not been refunded
-- before: https://docs.stripe.com/disputes/how-disputes-work
create function private.dispute_share(dispute public.disputes, payment public.payments, refunded bigint) returns bigint
language sql immutable set search_path = ''
return case
    when dispute.movements = 0 then 0
    when dispute.moved ? payment.currency then greatest(0, (dispute.moved ->> payment.currency)::bigint)
    when dispute.status = 'won' then 0
    when dispute.currency = payment.currency and dispute.status = 'lost'
        then greatest(0, least(dispute.amount, payment.received_amount - refunded))
    when private.moved_elsewhere(dispute.moved) <= 0 then 0
    when dispute.currency = payment.currency then dispute.amount
    -- What it took, as a part of what the charge itself had come to in that currency.
    else coalesce(round(
        payment.received_amount::numeric * private.moved_elsewhere(dispute.moved) / nullif(dispute.charge_settled_amount, 0)
    )::bigint, payment.received_amount)
end;

create function private.disputed_amount(payment public.payments) returns bigint
language plpgsql stable set search_path = ''
as $$
begin
    return (
        select coalesce(sum(private.dispute_share(d, payment, private.refunded_by_stripe(payment.id))), 0)
        from public.disputes as d where d.payment_id = payment.id
    );
end
$$;
comment on function private.disputed_amount is 'What disputes have taken of a payment''s charge and not brought back, in its currency, with tax.';

-- What is disputed; in a currency that we do not have it is shown as what was taken, in the payment's.
create function private.dispute_money(dispute public.disputes) returns jsonb
language plpgsql stable set search_path = ''
as $$
declare
    payment public.payments;
begin
    if exists (select from public.currencies as c where c.code = dispute.currency) then
        return private.money_json(dispute.amount, dispute.currency);
    end if;
    select p.* into payment from public.payments as p where p.id = dispute.payment_id;
    return private.money_json(
        least(payment.amount, private.dispute_share(dispute, payment, private.refunded_by_stripe(payment.id))), payment.currency
    );
end
$$;

create function private.disputes_json(payment_id uuid) returns jsonb
language sql stable set search_path = ''
as $$
    select coalesce(jsonb_agg(jsonb_build_object(
        'stripe_dispute_id', d.stripe_dispute_id,
        'money', private.dispute_money(d),
        'status', d.status,
        'reason', d.reason,
        'due_by', d.due_by,
        'withdrawn', d.withdrawn_at is not null,
        'reinstated', d.reinstated_at is not null
    ) order by d.created_at, d.stripe_dispute_id), '[]')
    from public.disputes as d where d.payment_id = disputes_json.payment_id
$$;

-- What a fact says of a dispute is newer than what we have where Stripe's balance has moved more often since,
-- or where the dispute has come further.
create function private.upsert_dispute(payment public.payments, fact jsonb) returns public.disputes
language sql set search_path = ''
as $$
    insert into public.disputes as d (
        stripe_dispute_id, organization_id, payment_id, currency, amount, status, reason, due_by,
        movements, moved, charge_settled_amount
    ) values (
        fact ->> 'id', payment.organization_id, payment.id, fact ->> 'currency', (fact ->> 'amount_minor')::bigint,
        fact ->> 'status', fact ->> 'reason', to_timestamp((fact ->> 'due_by')::bigint),
        (fact ->> 'movements')::integer, fact -> 'moved', (fact ->> 'charge_settled_minor')::bigint
    )
    on conflict (stripe_dispute_id) do update
    set status = excluded.status, amount = excluded.amount, currency = excluded.currency,
        due_by = coalesce(excluded.due_by, d.due_by),
        movements = excluded.movements, moved = excluded.moved,
        charge_settled_amount = coalesce(excluded.charge_settled_amount, d.charge_settled_amount)
    where (excluded.movements, private.dispute_rank(excluded.status)) >= (d.movements, private.dispute_rank(d.status));
    select d.* from public.disputes as d where d.stripe_dispute_id = fact ->> 'id'
$$;

-- Whether Stripe must be asked before a dispute can be judged: its event tells of money that its transactions do
-- not show, or it is in another currency than the charge and nobody knows what the charge came to in that one.
create function private.dispute_is_unclear(payment public.payments, fact jsonb) returns boolean
language sql immutable set search_path = ''
return not coalesce((fact ->> 'refetched')::boolean, false) and (
    (fact ->> 'movements')::integer < case fact ->> 'step' when 'withdrawn' then 1 when 'reinstated' then 2 else 0 end
    or (fact ->> 'movements')::integer > 0 and not (fact -> 'moved' ? payment.currency) and fact ->> 'currency' <> payment.currency
);

create function private.apply_dispute(fact jsonb) returns private.verdict
language plpgsql set search_path = ''
as $$
declare
    payment public.payments := private.payment_of_clawback(fact);
    before public.disputes;
    dispute public.disputes;
    change bigint;
begin
    if payment.id is null then
        return row('ignored', 'not ours')::private.verdict;
    elsif private.dispute_is_unclear(payment, fact) then
        return row('done', 'stripe_decides')::private.verdict;
    end if;
    select d.* into before from public.disputes as d where d.stripe_dispute_id = fact ->> 'id';
    dispute := private.upsert_dispute(payment, fact);
    change := private.settle_clawbacks(payment.id, 'dispute');
    update public.disputes as d
    set withdrawn_at = coalesce(d.withdrawn_at, case when d.movements > 0 then now() end),
        reinstated_at = coalesce(d.reinstated_at, case when d.movements > 1 and private.dispute_share(d, payment, 0) = 0 then now() end)
    where d.stripe_dispute_id = dispute.stripe_dispute_id returning * into dispute;
    perform private.notify_dispute(payment, before, dispute, change);
    perform private.notify_payment_shown(payment);
    return row('done', dispute.status)::private.verdict;
end
$$;

-- Each state once, with what it moved: that there is one, that money went, that money is back, and how it ended.
create function private.notify_dispute(
    payment public.payments, before public.disputes, dispute public.disputes, change bigint
) returns void
language plpgsql set search_path = ''
as $$
declare
    share bigint := least(payment.amount, private.dispute_share(dispute, payment, private.refunded_by_stripe(payment.id)));
    facts jsonb := jsonb_build_object(
        'id', dispute.stripe_dispute_id, 'reason', dispute.reason, 'status', dispute.status,
        'amount', private.dispute_money(dispute) ->> 'amount', 'currency', private.dispute_money(dispute) ->> 'currency',
        'due_by', extract(epoch from dispute.due_by)::bigint
    );
    moved jsonb := facts || jsonb_build_object(
        'amount', private.major_units(abs(change), payment.currency), 'currency', payment.currency
    );
begin
    if private.dispute_rank(dispute.status) < 6 and (
        before.stripe_dispute_id is null or private.dispute_rank(before.status) < 4 and private.dispute_rank(dispute.status) >= 4
    ) then
        perform private.notify_clawback('dispute_opened', payment, facts);
    end if;
    if change < 0 then
        perform private.notify_clawback('dispute_withdrawn', payment, moved);
    elsif change > 0 then
        perform private.notify_clawback('dispute_reinstated', payment, moved);
    end if;
    if dispute.status in ('won', 'lost', 'warning_closed', 'prevented') and dispute.status is distinct from before.status then
        perform private.notify_clawback('dispute_closed', payment, facts || case
            when dispute.status = 'lost' and share > 0
                then jsonb_build_object('amount', private.major_units(share, payment.currency), 'currency', payment.currency)
            else '{}'
        end);
    end if;
end
$$;

-- The payer's bank thinks that it may be fraud. Nothing has moved; who refunds now may spare a dispute.
create function private.apply_warning(fact jsonb) returns private.verdict
language plpgsql set search_path = ''
as $$
declare
    payment public.payments := private.payment_of_clawback(fact);
begin
    if payment.id is null then
        return row('ignored', 'not ours')::private.verdict;
    end if;
    perform private.notify_clawback('fraud_warned', payment, jsonb_build_object(
        'id', fact ->> 'id', 'amount', private.major_units(payment.amount, payment.currency), 'reason', fact ->> 'reason'
    ));
    return row('done', 'told')::private.verdict;
end
$$;

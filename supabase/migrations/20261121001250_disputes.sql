-- Disputes and early fraud warnings, and what refunds and disputes share: whose payment they are
-- about, who is told, and that what came before its payment is applied once the payment is there.
create table public.disputes (
    stripe_dispute_id text primary key,
    organization_id uuid not null references public.organizations (id),
    payment_id uuid not null references public.payments (id),
    currency text not null references public.currencies (code),
    amount bigint not null,
    status text not null,
    reason text,
    due_by timestamptz,
    withdrawn_at timestamptz,
    reinstated_at timestamptz,
    created_at timestamptz not null default now(),
    constraint disputes_amount_is_positive check (amount > 0),
    constraint disputes_reinstated_were_withdrawn check (reinstated_at is null or withdrawn_at is not null)
);
comment on table public.disputes is 'A payer''s bank wants the money back: amount in minor units, status and reason are Stripe''s. withdrawn_at and reinstated_at: when we learned that the money went and came back.';
revoke all on public.disputes from public, anon, authenticated, service_role;
create index disputes_payment on public.disputes (payment_id);
create index disputes_organization on public.disputes (organization_id);
create index disputes_currency on public.disputes (currency);
alter table public.disputes enable row level security;
grant select on public.disputes to authenticated;
create policy "members see their organization's disputes" on public.disputes
for select to authenticated using (organization_id in (select private.current_organization_ids()));

-- https://docs.stripe.com/disputes/how-disputes-work: an inquiry may become a dispute.
create function private.dispute_rank(status text) returns integer
language sql immutable set search_path = ''
return coalesce(array_position(array[
    'warning_needs_response', 'warning_under_review', 'warning_closed', 'needs_response', 'under_review'
], status), 6);
comment on function private.dispute_rank is 'How far a dispute is; whatever is not listed is its end.';

create function private.disputed(payment_id uuid) returns bigint
language sql stable set search_path = ''
as $$
    select coalesce(sum(d.amount), 0)::bigint from public.disputes as d
    where d.payment_id = disputed.payment_id and d.withdrawn_at is not null and d.reinstated_at is null
$$;

create function private.disputes_json(payment_id uuid) returns jsonb
language sql stable set search_path = ''
as $$
    select coalesce(jsonb_agg(jsonb_build_object(
        'stripe_dispute_id', d.stripe_dispute_id,
        'money', private.money_json(d.amount, d.currency),
        'status', d.status,
        'reason', d.reason,
        'due_by', d.due_by,
        'withdrawn', d.withdrawn_at is not null,
        'reinstated', d.reinstated_at is not null
    ) order by d.created_at, d.stripe_dispute_id), '[]')
    from public.disputes as d where d.payment_id = disputes_json.payment_id
$$;

-- The credited payment that a refund, a dispute or a warning is about, locked; null where there is
-- none: money of others, or of ours that is not credited. Whoever credits it waits for whoever says
-- here that there is none, and then finds the event in the inbox.
create function private.clawed_payment(fact jsonb) returns public.payments
language plpgsql set search_path = ''
as $$
declare
    payment public.payments;
begin
    perform pg_advisory_xact_lock(hashtextextended('pursebot.clawback ' || (fact ->> 'intent_id'), 0));
    select p.* into payment from public.payments as p where p.id = private.payment_of(fact) for update;
    if payment.id is null and fact ->> 'payment_id' is not null then
        perform private.refuse('unknown_payment', jsonb_build_object('payment_id', fact ->> 'payment_id'));
    elsif payment.status <> 'succeeded' or payment.stripe_payment_intent_id is distinct from fact ->> 'intent_id' then
        return null;
    end if;
    return payment;
end
$$;

create function private.apply_what_came_before() returns trigger
language plpgsql set search_path = ''
as $$
declare
    early text;
begin
    perform pg_advisory_xact_lock(hashtextextended('pursebot.clawback ' || new.stripe_payment_intent_id, 0));
    for early in
        select e.id from public.stripe_events as e
        where e.fact ->> 'intent_id' = new.stripe_payment_intent_id
        and e.state = 'ignored' and e.reason = 'not ours' and e.dismissed_at is null
        and e.fact ->> 'about' in ('refund', 'refunds', 'dispute', 'warning')
        order by e.id
    loop
        update public.stripe_events as e set state = 'failed' where e.id = early;
        perform private.handle_event(early);
    end loop;
    return null;
end
$$;
create trigger payments_meet_what_came_before after insert or update of status, stripe_payment_intent_id on public.payments
for each row when (new.status = 'succeeded' and new.stripe_payment_intent_id is not null)
execute function private.apply_what_came_before();

-- Owners and admins are told whatever takes money or may, and the payment's own message changes.
create function private.tell_of_clawback(kind text, payment public.payments, facts jsonb) returns void
language plpgsql set search_path = ''
as $$
begin
    perform private.audit(payment.organization_id, tell_of_clawback.kind, jsonb_build_object(
        'payment_id', payment.id, 'id', facts ->> 'id', 'amount', facts -> 'amount'
    ));
    perform private.tell_people(
        array(
            select m.user_id from public.memberships as m
            where m.organization_id = payment.organization_id and m.role in ('owner', 'admin')
        ),
        tell_of_clawback.kind, payment.organization_id, jsonb_strip_nulls(facts - 'id' || jsonb_build_object(
            'payment', replace(payment.id::text, '-', ''), 'currency', payment.currency,
            'reference', private.payment_reference(payment.id)
        ))
    );
    perform private.show_payment(payment);
end
$$;

create function private.apply_dispute(fact jsonb) returns private.verdict
language plpgsql set search_path = ''
as $$
declare
    payment public.payments := private.clawed_payment(fact);
    dispute_id text := fact ->> 'id';
    before public.disputes;
    dispute public.disputes;
    told jsonb;
    objection text;
    newer boolean;
begin
    if payment.id is null then
        return row('ignored', 'not ours')::private.verdict;
    end if;
    select d.* into before from public.disputes as d where d.stripe_dispute_id = dispute_id;
    newer := private.dispute_rank(fact ->> 'status') >= coalesce(private.dispute_rank(before.status), 0);
    objection := case
        when payment.currency is distinct from fact ->> 'currency' then 'dispute_currency_differs'
        when coalesce((fact ->> 'amount_minor')::bigint, 0) not between 1 and payment.amount
            -- What a bank asks about may become another sum, but not once it was taken.
            or newer and before.withdrawn_at is not null and before.amount <> (fact ->> 'amount_minor')::bigint
            then 'dispute_amount_differs'
    end;
    if objection is not null then
        perform private.review(payment.id, objection);
        return row('parked', objection)::private.verdict;
    end if;
    insert into public.disputes as d (
        stripe_dispute_id, organization_id, payment_id, currency, amount, status, reason, due_by, withdrawn_at, reinstated_at
    ) values (
        dispute_id, payment.organization_id, payment.id, payment.currency, (fact ->> 'amount_minor')::bigint,
        fact ->> 'status', fact ->> 'reason', to_timestamp((fact ->> 'due_by')::bigint),
        -- What came back had been taken, whether or not we heard of that.
        case when (fact ->> 'withdrawn')::boolean or (fact ->> 'reinstated')::boolean then now() end,
        case when (fact ->> 'reinstated')::boolean then now() end
    )
    on conflict (stripe_dispute_id) do update
    set status = case when newer then excluded.status else d.status end,
        amount = case when newer then excluded.amount else d.amount end,
        due_by = coalesce(excluded.due_by, d.due_by),
        withdrawn_at = coalesce(d.withdrawn_at, excluded.withdrawn_at),
        reinstated_at = coalesce(d.reinstated_at, excluded.reinstated_at)
    returning * into dispute;
    told := jsonb_build_object(
        'id', dispute_id, 'amount', private.major_units(dispute.amount, dispute.currency), 'reason', dispute.reason, 'status', dispute.status,
        'due_by', extract(epoch from dispute.due_by)::bigint
    );
    if private.dispute_rank(dispute.status) < 6 and (
        before.stripe_dispute_id is null or private.dispute_rank(before.status) < 4 and private.dispute_rank(dispute.status) >= 4
    ) then
        perform private.tell_of_clawback('dispute_opened', payment, told);
    end if;
    if dispute.withdrawn_at is not null and private.post_transfer(
        payment.wallet_id, 'dispute', dispute_id, 'wallet', 'stripe', dispute.amount
    ) is not null then
        perform private.tell_of_clawback('dispute_withdrawn', payment, told);
    end if;
    if dispute.reinstated_at is not null and private.post_transfer(
        payment.wallet_id, 'reinstatement', dispute_id, 'stripe', 'wallet', dispute.amount
    ) is not null then
        perform private.tell_of_clawback('dispute_reinstated', payment, told);
    end if;
    if dispute.status in ('won', 'lost', 'warning_closed') and dispute.status is distinct from before.status then
        perform private.tell_of_clawback('dispute_closed', payment, told);
    end if;
    perform private.show_payment(payment);
    return row('done', dispute.status)::private.verdict;
end
$$;

-- The payer's bank thinks that it may be fraud. Nothing has moved; who refunds now may spare a dispute.
create function private.apply_warning(fact jsonb) returns private.verdict
language plpgsql set search_path = ''
as $$
declare
    payment public.payments := private.clawed_payment(fact);
begin
    if payment.id is null then
        return row('ignored', 'not ours')::private.verdict;
    end if;
    perform private.tell_of_clawback('fraud_warned', payment, jsonb_build_object(
        'id', fact ->> 'id', 'amount', private.major_units(payment.amount, payment.currency), 'reason', fact ->> 'reason'
    ));
    return row('done', 'told')::private.verdict;
end
$$;

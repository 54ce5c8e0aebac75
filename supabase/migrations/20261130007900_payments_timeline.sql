-- What happened to a payment and when, from four places: our rows, Stripe's events, the ledger, the outbox.

create type private.payment_step as (at timestamptz, place integer, step jsonb);
comment on type private.payment_step is 'One step: place orders what happened in the same second, of which Stripe''s times have no parts.';

-- What people asked for, and what was opened for them.
create function private.steps_of_people(payment public.payments) returns setof private.payment_step
language sql stable set search_path = pg_catalog, pg_temp
as $$
    select payment.created_at, 10, jsonb_build_object('kind', 'requested', 'by', (
        select u.name from private.users as u where u.id = payment.created_by
    ))
    union all
    select payment.sent_at, 20, jsonb_build_object('kind', 'charged') where payment.sent_at is not null
    union all
    select payment.opened_at, 21, jsonb_build_object('kind', 'opened') where payment.opened_at is not null
    union all
    select payment.cancel_requested_at, 22, jsonb_build_object('kind', 'cancel_requested', 'by', (
        select u.name from private.users as u where u.id = payment.cancel_requested_by
    )) where payment.cancel_requested_at is not null
    union all
    select r.created_at, 50, jsonb_build_object(
        'kind', 'refund_requested', 'money', private.money_json(r.amount, r.currency), 'detail', r.status, 'by', (
            select u.name from private.users as u where u.id = r.created_by
        )
    ) from public.refunds as r where r.payment_id = payment.id
$$;

-- By Stripe's own clock, which has whole seconds; what Stripe answered when it was asked has no time there.
create function private.steps_of_stripe(payment public.payments) returns setof private.payment_step
language sql stable set search_path = pg_catalog, pg_temp
as $$
    with reported as (
        select e.*, e.fact ->> 'outcome' as outcome, coalesce(e.fact ->> 'about', 'payment') in ('payment', 'invoice') as of_payment
        from public.stripe_events as e where e.payment_id = payment.id
    )

    (
        select t.stripe_created_at, 30, jsonb_build_object('kind', t.outcome, 'detail', t.fact ->> 'decline')
        from reported as t
        where t.of_payment and t.type <> 'check' and t.outcome in ('declined', 'processing', 'failed', 'expired', 'canceled')
        order by t.stripe_created_at desc limit 10
    )
    union all
    select min(t.stripe_created_at), 31, jsonb_build_object('kind', 'paid')
    from reported as t where t.of_payment and t.type <> 'check' and t.outcome = 'paid' having count(*) > 0
    union all
    (
        select t.received_at, 32, jsonb_build_object('kind', 'received', 'detail', t.type)
        from reported as t where t.of_payment and t.outcome = 'paid' order by t.received_at limit 1
    )
    union all
    (
        select t.handled_at, 33, jsonb_build_object('kind', 'not_applied', 'detail', t.type)
        from reported as t where t.state in ('failed', 'dead_letter') order by t.handled_at desc nulls last limit 10
    )
    union all
    select d.created_at, 51, jsonb_build_object('kind', 'disputed', 'money', private.dispute_money(d), 'detail', d.reason)
    from public.disputes as d where d.payment_id = payment.id
$$;

-- What moved in the wallet.
create function private.steps_of_wallet(payment public.payments) returns setof private.payment_step
language sql stable set search_path = pg_catalog, pg_temp
as $$
    with posted as (
        select private.posting_kind(payment) as kind, private.posting_reference(payment) as reference
        union all
        select k.kind, 'clawback:' || payment.id || ':' || n.number
        from generate_series(1, payment.clawbacks) as n (number)
        cross join unnest('{refund,refund_reversal,dispute,reinstatement}'::text []) as k (kind)
    )

    select e.created_at, case when t.kind in ('topup', 'invoice') then 40 else 52 end, jsonb_build_object(
        'kind', case when t.kind in ('topup', 'invoice') then 'credited' else t.kind end,
        'money', private.money_json(abs(e.amount), e.currency),
        'balance', private.money_json(e.balance_after, e.currency)
    )
    from posted as p
    inner join public.transfers as t on t.kind = p.kind and t.reference = p.reference
    inner join public.entries as e on t.id = e.transfer_id
    inner join public.accounts as a on e.account_id = a.id and a.kind = 'wallet'
$$;

-- Whom Telegram has shown it: the payer's own message, and how many others.
create function private.steps_of_chats(payment public.payments) returns setof private.payment_step
language sql stable set search_path = pg_catalog, pg_temp
as $$
    select max(n.delivered_at), 60, jsonb_build_object('kind', 'shown')
    from public.notifications as n
    where n.payment_id = payment.id and n.kind = 'payment_shown' and n.state = 'delivered' having count(*) > 0
    union all
    select max(n.delivered_at), 61, jsonb_build_object('kind', 'notified', 'count', count(*))
    from public.notifications as n
    where n.payment_id = payment.id and n.kind <> 'payment_shown' and n.state = 'delivered' having count(*) > 0
    union all
    select max(n.claimed_at), 62, jsonb_build_object('kind', 'not_notified', 'count', count(*))
    from public.notifications as n
    where n.payment_id = payment.id and n.state = 'refused' having count(*) > 0
$$;

-- Where it stands still, if it does.
create function private.payment_waits_for(payment public.payments) returns text
language sql stable set search_path = pg_catalog, pg_temp
as $$
    select case
        when payment.under_review is not null or exists (
            select from public.stripe_events as e where e.payment_id = payment.id and e.state = 'dead_letter'
        ) then 'operator'
        when exists (
            select from public.stripe_events as e where e.payment_id = payment.id and e.state = 'failed'
        ) then 'event'
        when payment.status = 'created' then 'stripe'
        when payment.status = 'pending' then 'payer'
        when payment.status = 'processing' then 'bank'
        when exists (
            select from public.refunds as r
            where r.payment_id = payment.id and r.status in ('requested', 'pending', 'requires_action')
        ) then 'refund'
        when exists (
            select from public.notifications as n
            where n.payment_id = payment.id and n.state in ('pending', 'claimed') and n.created_at < now() - interval '1 minute'
        ) then 'telegram'
    end
$$;

create function private.timeline_json(payment public.payments) returns jsonb
language sql stable set search_path = pg_catalog, pg_temp
as $$
    select jsonb_build_object(
        'payment', private.payment_json(payment),
        'waits_for', private.payment_waits_for(payment),
        'steps', (
            select jsonb_agg(s.step || jsonb_build_object('at', s.at) order by date_trunc('second', s.at) nulls last, s.place)
            from (
                select p.* from private.steps_of_people(payment) as p
                union all
                select e.* from private.steps_of_stripe(payment) as e
                union all
                select w.* from private.steps_of_wallet(payment) as w
                union all
                select c.* from private.steps_of_chats(payment) as c
            ) as s
        )
    )
$$;

-- One's own, or those of an organization that one acts for.
create function private.require_payment_of_caller(payment_id uuid) returns public.payments
language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
declare
    caller uuid := private.require_payment_role(payment_id, 'owner', 'admin', 'member');
    payment public.payments;
begin
    select p.* into payment from public.payments as p where p.id = payment_id;
    if payment.created_by is distinct from caller then
        perform private.require_role(payment.organization_id, 'owner', 'admin');
    end if;
    return payment;
end
$$;
comment on function private.require_payment_of_caller is 'The role check for what a colleague need not see of a payment: the payer, while they belong, and owners and admins.';

create function api.get_payment_timeline(payment_id uuid) returns jsonb
language plpgsql stable security definer set search_path = pg_catalog, pg_temp
as $$
declare
    payment public.payments := private.require_payment_of_caller(payment_id);
begin
    return private.timeline_json(payment);
end
$$;
comment on function api.get_payment_timeline is 'Definer: events and notifications are for nobody to read.';
grant execute on function api.get_payment_timeline(uuid) to authenticated;

create function api.get_payment_of_caller(payment_id uuid) returns jsonb
language plpgsql stable security definer set search_path = pg_catalog, pg_temp
as $$
declare
    payment public.payments := private.require_payment_of_caller(payment_id);
begin
    return private.payment_json(payment);
end
$$;
comment on function api.get_payment_of_caller is 'Definer, as api.get_payment: for what Stripe shows of a payment, its receipt.';
grant execute on function api.get_payment_of_caller(uuid) to authenticated;

-- The same for the operator, with what people are not shown: ids, events, deliveries.
create function api.get_payment_for_operator(payment_id uuid) returns jsonb
language plpgsql stable security definer set search_path = pg_catalog, pg_temp
as $$
declare
    payment public.payments;
begin
    perform private.require_service();
    select p.* into payment from public.payments as p where p.id = payment_id;
    if payment.id is null then
        perform private.refuse('not_found', jsonb_build_object('what', 'payment'));
    end if;
    return private.timeline_json(payment) || jsonb_build_object(
        'payment', private.service_payment_json(payment),
        'events', (
            select coalesce(jsonb_agg(jsonb_build_object(
                'id', e.id, 'type', e.type, 'state', e.state, 'reason', e.reason, 'tries', e.tries,
                'stripe_created_at', e.stripe_created_at, 'received_at', e.received_at, 'handled_at', e.handled_at
            ) order by e.received_at, e.id), '[]')
            from public.stripe_events as e where e.payment_id = payment.id
        ),
        'notifications', (
            select coalesce(jsonb_agg(jsonb_build_object(
                'kind', n.kind, 'telegram_chat_id', c.telegram_chat_id, 'state', n.state, 'tries', n.tries,
                'reason', n.reason, 'created_at', n.created_at, 'delivered_at', n.delivered_at
            ) order by n.id), '[]')
            from public.notifications as n
            inner join public.chats as c on n.chat_id = c.id
            where n.payment_id = payment.id
        )
    );
end
$$;
comment on function api.get_payment_for_operator is 'Definer: nobody has grants on the inbox and the outbox. Refuses not_found.';
grant execute on function api.get_payment_for_operator(uuid) to service_role;

-- The inbox: what Stripe told us, each event applied once, in the transaction that records it.
create table public.stripe_events (
    id text primary key,
    type text not null,
    livemode boolean not null,
    stripe_created_at timestamptz not null,
    fact jsonb not null,
    state text not null default 'failed',
    tries integer not null default 0,
    reason text,
    payment_id uuid references public.payments (id),
    received_at timestamptz not null default now(),
    handled_at timestamptz,
    dismissed_at timestamptz,
    dismissed_by text,
    dismissed_reason text,
    constraint stripe_events_state_is_known check (state in ('done', 'ignored', 'failed', 'parked'))
);
comment on table public.stripe_events is 'Every event of Stripe''s and every answer to a check. fact holds ids, amounts and codes, never a person.';
revoke all on public.stripe_events from public, anon, authenticated, service_role;
create index stripe_events_payment on public.stripe_events (payment_id);
create index stripe_events_created on public.stripe_events (stripe_created_at);
create index stripe_events_ignored on public.stripe_events ((fact ->> 'intent_id')) where state = 'ignored';
create index stripe_events_open on public.stripe_events (received_at) where state in ('failed', 'parked');
alter table public.stripe_events enable row level security;

create function private.payment_of(fact jsonb) returns uuid
language sql stable set search_path = ''
as $$
    select p.id
    from public.payments as p
    where p.id = (fact ->> 'payment_id')::uuid
    or p.stripe_checkout_session_id = fact ->> 'session_id'
    or p.stripe_payment_intent_id = fact ->> 'intent_id'
    or p.stripe_invoice_id = fact ->> 'invoice_id'
    order by p.id = (fact ->> 'payment_id')::uuid desc nulls last
    limit 1
$$;
comment on function private.payment_of is 'Which payment a fact is about: by our id in the metadata, else by Stripe''s ids.';

create type private.verdict as (state text, reason text);

create function private.review(payment_id uuid, why text) returns void
language plpgsql set search_path = ''
as $$
declare
    payment public.payments;
begin
    update public.payments as p set under_review = why where p.id = payment_id returning * into payment;
    if found then
        perform private.show_payment(payment);
    end if;
end
$$;
comment on function private.review is 'Tells the payer that money came and somebody is looking at it.';

-- One fact, applied to the payment it is about. Locks the payment, then its accounts.
create function private.apply_payment(fact jsonb) returns private.verdict
language plpgsql set search_path = ''
as $$
declare
    payment public.payments;
    outcome text := fact ->> 'outcome';
    objection text;
begin
    select p.* into payment from public.payments as p where p.id = private.payment_of(fact) for update;
    if payment.id is null then
        if fact ->> 'payment_id' is not null then
            perform private.refuse('unknown_payment', jsonb_build_object('payment_id', fact ->> 'payment_id'));
        end if;
        return row('ignored', 'not ours')::private.verdict;
    end if;
    if outcome = 'paid' then
        objection := private.objection_to(payment, fact);
        -- An intent's amount may carry tax or the payer's own currency; the session has our quote.
        if objection in ('amount_differs', 'currency_differs')
            and fact ->> 'source' = 'intent' and payment.stripe_checkout_session_id is not null then
            return row('done', 'stripe_decides')::private.verdict;
        elsif objection is not null then
            perform private.review(payment.id, objection);
            return row('parked', objection)::private.verdict;
        end if;
        perform private.credit(payment, fact ->> 'intent_id');
        perform private.note_what_paid(payment, fact ->> 'paid_method_id');
    elsif outcome = 'declined' and payment.status = 'processing' and private.opened_at_stripe(payment) is not null then
        -- Perhaps of the try before the one that is running: Stripe is asked.
        return row('done', 'stripe_decides')::private.verdict;
    elsif outcome = 'expired' and payment.stripe_checkout_session_id <> fact ->> 'session_id' then
        return row('ignored', 'another session')::private.verdict;
    elsif payment.flow <> 'checkout' and payment.stripe_payment_intent_id <> fact ->> 'intent_id' then
        -- Stripe made it and answered 500; what the payer confirms is the next try's.
        return row('ignored', 'another intent')::private.verdict;
    elsif outcome = 'declined' and payment.status in ('created', 'pending') and payment.flow <> 'charge' then
        -- The page is still open: a fact about it, not an end.
        update public.payments as p set last_decline = fact ->> 'decline'
        where p.id = payment.id returning * into payment;
        perform private.show_payment(payment);
    else
        update public.payments as p
        set stripe_payment_intent_id = coalesce(p.stripe_payment_intent_id, fact ->> 'intent_id'),
            last_decline = coalesce(fact ->> 'decline', p.last_decline)
        where p.id = payment.id and p.status <> 'succeeded' returning * into payment;
        if found then
            perform private.move_payment(payment, case
                when outcome = 'declined' then 'failed'
                when outcome = 'expired' and payment.cancel_requested_at is not null then 'canceled'
                -- An intent has no end of its own: past its time it is canceled, and that is all that ended.
                when outcome = 'canceled' and payment.cancel_requested_at is null and payment.expires_at <= now() then 'expired'
                else outcome
            end);
        end if;
    end if;
    return row('done', outcome)::private.verdict;
end
$$;

create function private.objection_to(payment public.payments, fact jsonb) returns text
language sql immutable set search_path = ''
return case
    when payment.status = 'succeeded'
        then case when payment.stripe_payment_intent_id <> fact ->> 'intent_id' then 'paid_twice' end
    when payment.currency is distinct from fact ->> 'currency' then 'currency_differs'
    when payment.amount is distinct from (fact ->> 'amount_minor')::bigint then 'amount_differs'
end;
comment on function private.objection_to is 'Why money that arrived may not be credited, or null.';

create function private.credit(payment public.payments, intent_id text) returns void
language plpgsql set search_path = ''
as $$
begin
    if private.post_transfer(
        payment.wallet_id, private.posting_kind(payment), private.posting_reference(payment),
        'stripe', 'wallet', payment.amount
    ) is null then
        update public.payments as p set stripe_payment_intent_id = credit.intent_id
        where p.id = payment.id and p.stripe_payment_intent_id is null;
        return;
    end if;
    update public.payments as p
    set stripe_payment_intent_id = coalesce(credit.intent_id, p.stripe_payment_intent_id),
        last_decline = null, under_review = null
    where p.id = payment.id returning * into payment;
    payment := private.move_payment(payment, 'succeeded');
    perform private.tell_members(payment);
end
$$;
comment on function private.credit is 'Posts the top-up once and tells everybody; a repeat does nothing.';

-- One fact, applied to what it is about: each subject has its own `private.apply_<subject>(fact)`.
create function private.apply_fact(fact jsonb) returns private.verdict
language plpgsql set search_path = ''
as $$
declare
    verdict private.verdict;
begin
    if fact ->> 'outcome' is null then
        return row('ignored', 'nothing to do')::private.verdict;
    elsif fact ->> 'outcome' = 'unreadable' then
        perform private.refuse('unreadable_event');
    end if;
    execute format('select * from private.%I($1)', 'apply_' || coalesce(fact ->> 'about', 'payment')) into verdict using fact;
    return verdict;
end
$$;

-- Errors that may pass by themselves undo the whole call and are Stripe's to send again: lost
-- connections, deadlocks, timeouts, a full or stopping server.
create function private.may_pass(error_state text) returns boolean
language sql immutable set search_path = ''
return left(error_state, 2) in ('08', '40', '53', '57', '58') or error_state = '55P03';

create function private.event_result(event public.stripe_events, repeat boolean) returns jsonb
language sql immutable set search_path = ''
as $$
    select jsonb_build_object(
        'id', event.id, 'type', event.type, 'state', event.state, 'reason', event.reason,
        'repeat', repeat, 'payment_id', event.payment_id,
        'fact', case when event.reason = 'stripe_decides' then event.fact end
    )
$$;

create function private.handle_event(event_id text) returns jsonb
language plpgsql set search_path = ''
as $$
declare
    event public.stripe_events;
    verdict private.verdict;
begin
    select e.* into strict event from public.stripe_events as e where e.id = event_id;
    if event.tries > 0 and event.state <> 'failed' then
        return private.event_result(event, repeat => true);
    end if;
    begin
        verdict := private.apply_fact(event.fact);
    exception when others then
        if private.may_pass(sqlstate) then
            raise;
        end if;
        -- Five tries over more than an hour, then nobody believes that the sixth will help.
        verdict := row(
            case
                when event.tries >= 4 and event.received_at <= now() - interval '1 hour' then 'parked'
                else 'failed'
            end,
            sqlstate || ' ' || sqlerrm
        );
        if verdict.state = 'parked' and event.fact ->> 'outcome' = 'paid' then
            perform private.review(private.payment_of(event.fact), 'not_applied');
        end if;
    end;
    update public.stripe_events as e
    set state = verdict.state, reason = verdict.reason, tries = e.tries + 1, handled_at = now(),
        payment_id = private.payment_of(e.fact)
    where e.id = event_id returning * into event;
    return private.event_result(event, repeat => false);
end
$$;

-- The one way in for what Stripe says: events = [{id, type, livemode, created, fact}], answers
-- [{id, state, reason, repeat, payment_id, fact}] in the same order (the fact where Stripe decides). Locks in the global order, each sorted by id.
create function api.receive_events(events jsonb []) returns jsonb
language plpgsql security definer set search_path = ''
as $$
declare
    mode boolean;
begin
    perform private.require_service();
    select i.livemode into mode from private.installation as i;
    if exists (select from unnest(events) as e (body) where (e.body ->> 'livemode')::boolean is distinct from mode) then
        perform private.refuse('wrong_stripe_mode', jsonb_build_object('livemode', mode));
    end if;
    insert into public.stripe_events (id, type, livemode, stripe_created_at, fact)
    select e.body ->> 'id', e.body ->> 'type', mode, to_timestamp((e.body ->> 'created')::bigint), e.body -> 'fact'
    from unnest(events) as e (body)
    order by e.body ->> 'id'
    on conflict (id) do nothing;
    perform e.id from public.stripe_events as e
    where e.id in (select b.body ->> 'id' from unnest(events) as b (body)) order by e.id for update;
    -- An invoice makes a payment: its subscription stands for it until then.
    perform s.id from public.subscriptions as s
    where s.id in (select private.subscription_of(b.body -> 'fact') from unnest(events) as b (body)) order by s.id for update;
    perform p.id from public.payments as p
    where p.id in (select private.payment_of(b.body -> 'fact') from unnest(events) as b (body)) order by p.id for update;
    perform a.id from public.accounts as a
    where a.wallet_id in (
        select p.wallet_id from public.payments as p
        where p.id in (select private.payment_of(b.body -> 'fact') from unnest(events) as b (body))
    ) order by a.id for update;
    return (
        select coalesce(jsonb_agg(private.handle_event(b.body ->> 'id') order by b.place), '[]')
        from unnest(events) with ordinality as b (body, place)
    );
end
$$;
comment on function api.receive_events is 'Definer: nobody has grants on the inbox. Refuses wrong_stripe_mode for the whole call.';
grant execute on function api.receive_events(jsonb []) to service_role;

create function api.answered_event(event_id text) returns jsonb
language plpgsql security definer set search_path = ''
as $$
begin
    perform private.require_service();
    update public.stripe_events as e set reason = 'asked' where e.id = event_id and e.reason = 'stripe_decides';
    return '{}';
end
$$;
comment on function api.answered_event is 'Definer: nobody has grants on the inbox. Stripe has decided: a repeat of the event asks no more.';
grant execute on function api.answered_event(text) to service_role;

create function api.events_cursor() returns jsonb
language plpgsql stable security definer set search_path = ''
as $$
begin
    perform private.require_service();
    return (select to_jsonb(extract(epoch from i.events_seen_until)::bigint) from private.installation as i);
end
$$;
comment on function api.events_cursor is 'Definer. Until when (seconds since 1970) Stripe''s list of events was read to its end.';
grant execute on function api.events_cursor() to service_role;

create function api.move_events_cursor(until bigint) returns jsonb
language plpgsql security definer set search_path = ''
as $$
begin
    perform private.require_service();
    update private.installation as i set events_seen_until = greatest(i.events_seen_until, to_timestamp(until))
    where i.only_row;
    return '{}';
end
$$;
comment on function api.move_events_cursor is 'Definer. Only after the whole list was applied; never backwards.';
grant execute on function api.move_events_cursor(bigint) to service_role;

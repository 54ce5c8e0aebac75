-- The inbox: what Stripe told us, each event applied once, in the transaction that records it.
create table public.stripe_events (
    id text primary key,
    type text not null,
    livemode boolean not null,
    account text,
    api_version text,
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
    constraint stripe_events_state_is_listed check (state in ('done', 'ignored', 'failed', 'parked'))
);
comment on table public.stripe_events is 'Every event of Stripe''s and every answer to a check. fact holds ids, amounts and codes, never a person. account is the connected account that it is about, api_version what its object is rendered in.';
revoke all on public.stripe_events from public, anon, authenticated, service_role;
create index stripe_events_payment on public.stripe_events (payment_id);
create index stripe_events_created on public.stripe_events (stripe_created_at);
create index stripe_events_ignored on public.stripe_events ((fact ->> 'intent_id')) where state = 'ignored';
create index stripe_events_open on public.stripe_events (received_at) where state in ('failed', 'parked');
create index stripe_events_undecided on public.stripe_events (handled_at) where state = 'failed' or reason = 'stripe_decides';
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
    -- An intent that is credited is of the payment that it credited, whatever its metadata says: of one that was
    -- paid twice, the second is a payment of its own.
    order by
        p.stripe_payment_intent_id = fact ->> 'intent_id' desc nulls last,
        p.id = (fact ->> 'payment_id')::uuid desc nulls last
    limit 1
$$;
comment on function private.payment_of is 'Which payment a fact is about: by its intent, by our id in the metadata, else by Stripe''s other ids.';

create type private.verdict as (state text, reason text);

-- Not ours by evidence: another installation's metadata. What carries none may still be ours.
create function private.of_another_installation(fact jsonb) returns boolean
language sql stable set search_path = ''
return coalesce((fact ->> 'installation')::uuid <> (select i.id from private.installation as i), false);

-- One fact, applied to what it is about.
create function private.apply_fact(fact jsonb) returns private.verdict
language plpgsql set search_path = ''
as $$
begin
    if private.of_another_installation(fact) then
        return row('ignored', 'another installation')::private.verdict;
    elsif fact ->> 'outcome' is null then
        return row('ignored', 'nothing to do')::private.verdict;
    elsif fact ->> 'outcome' = 'refetch' then
        return private.apply_refetch(fact);
    elsif fact ->> 'outcome' = 'unreadable' then
        perform private.refuse('unreadable_event');
    end if;
    case coalesce(fact ->> 'about', 'payment')
        when 'payment' then return private.apply_payment(fact);
        when 'refund' then return private.apply_refund(fact);
        when 'refunds' then return private.apply_refunds(fact);
        when 'dispute' then return private.apply_dispute(fact);
        when 'warning' then return private.apply_warning(fact);
        when 'method' then return private.apply_payment_method_change(fact);
        when 'subscription' then return private.apply_subscription(fact);
        when 'invoice' then return private.apply_invoice(fact);
    end case;
end
$$;

-- An event whose object is not in our API version, or not in a shape that we know, says no more than
-- which object Stripe is to be asked about, unless that can tell us nothing new.
create function private.apply_refetch(fact jsonb) returns private.verdict
language plpgsql stable set search_path = ''
as $$
begin
    if fact ->> 'about' = 'payment' and exists (
        select from public.payments as p
        where p.status = 'succeeded' and (
            p.stripe_payment_intent_id = fact ->> 'object_id' or p.stripe_checkout_session_id = fact ->> 'object_id'
        )
    ) then
        return row('done', 'known')::private.verdict;
    end if;
    return row('done', 'stripe_decides')::private.verdict;
end
$$;

-- Errors that may pass by themselves undo the whole call and are Stripe's to send again: lost
-- connections, deadlocks, timeouts, a full or stopping server.
create function private.is_transient_error(error_state text) returns boolean
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
    elsif event.account is not null and event.account is distinct from (select i.stripe_account_id from private.installation as i) then
        -- Connect: https://docs.stripe.com/connect/webhooks. Its money is not ours, whatever its metadata says.
        update public.stripe_events as e
        set state = 'ignored', reason = 'another account', tries = e.tries + 1, handled_at = now()
        where e.id = event_id returning * into event;
        return private.event_result(event, repeat => false);
    end if;
    begin
        verdict := private.apply_fact(event.fact);
    exception when others then
        if private.is_transient_error(sqlstate) then
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
        -- What we made and do not have (a restored backup, or no installation id yet) comes to no other end by
        -- being tried again: it waits for the operator, and Stripe need not repeat it.
        if sqlstate in (private.refusals() ->> 'unknown_payment', private.refusals() ->> 'unknown_subscription') then
            verdict.state := 'parked';
        end if;
        if verdict.state = 'parked' and event.fact ->> 'outcome' = 'paid' then
            perform private.begin_review(private.payment_of(event.fact), 'not_applied');
        end if;
    end;
    update public.stripe_events as e
    set state = verdict.state, reason = verdict.reason, tries = e.tries + 1, handled_at = now(),
        payment_id = private.payment_of(e.fact)
    where e.id = event_id returning * into event;
    return private.event_result(event, repeat => false);
end
$$;

-- The global order of locks, each sorted by id: events, subscriptions, payments, accounts.
create function private.lock_events(ids text [], facts jsonb []) returns void
language plpgsql set search_path = ''
as $$
declare
    payment_ids uuid [];
begin
    perform e.id from public.stripe_events as e where e.id = any(ids) order by e.id for update;
    -- An invoice makes a payment: its subscription stands for it until then.
    perform s.id from public.subscriptions as s
    where s.id in (select private.subscription_of(f.fact) from unnest(facts) as f (fact)) order by s.id for update;
    payment_ids := array(select private.payment_of(f.fact) from unnest(facts) as f (fact));
    perform p.id from public.payments as p where p.id = any(payment_ids) order by p.id for update;
    perform a.id from public.accounts as a
    where a.wallet_id in (select p.wallet_id from public.payments as p where p.id = any(payment_ids))
    order by a.id for update;
end
$$;

-- The one way in for what Stripe says: events = [{id, type, livemode, account, api_version, created, fact}], answers
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
    insert into public.stripe_events (id, type, livemode, account, api_version, stripe_created_at, fact)
    select
        e.body ->> 'id', e.body ->> 'type', mode, e.body ->> 'account', e.body ->> 'api_version',
        to_timestamp((e.body ->> 'created')::bigint), e.body -> 'fact'
    from unnest(events) as e (body)
    order by e.body ->> 'id'
    on conflict (id) do nothing;
    perform private.lock_events(
        array(select e.body ->> 'id' from unnest(events) as e (body)), array(select e.body -> 'fact' from unnest(events) as e (body))
    );
    return (
        select coalesce(jsonb_agg(private.handle_event(b.body ->> 'id') order by b.position), '[]')
        from unnest(events) with ordinality as b (body, position)
    );
end
$$;
comment on function api.receive_events is 'Definer: nobody has grants on the inbox. Refuses wrong_stripe_mode for the whole call.';
grant execute on function api.receive_events(jsonb []) to service_role;

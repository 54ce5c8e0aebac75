-- The one way in for what Stripe says: recorded and locked first, then each applied to what it is about.

-- An event whose object is not in our API version, or not in a shape that we know, says no more than
-- which object Stripe is to be asked about, unless that can tell us nothing new.
create function private.apply_refetch(fact jsonb) returns private.verdict
language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
begin
    if fact ->> 'about' = 'payment' and exists (
        select from public.payments as p
        where p.status = 'succeeded' and (
            p.stripe_payment_intent_id = fact ->> 'object_id' or p.stripe_checkout_session_id = fact ->> 'object_id'
        )
    ) then
        return row('done', 'already_applied')::private.verdict;
    end if;
    return row('done', 'needs_refetch')::private.verdict;
end
$$;

-- One fact, applied to what it is about.
create function private.apply_fact(fact jsonb) returns private.verdict
language plpgsql set search_path = pg_catalog, pg_temp
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
        when 'card' then return private.apply_card(fact);
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

-- One event, locked by the caller: its fact is applied, and the row says what came of it.
create function private.handle_event(event_id text) returns jsonb
language plpgsql set search_path = pg_catalog, pg_temp
as $$
declare
    event public.stripe_events;
    verdict private.verdict;
    as_before boolean;
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
        verdict := private.verdict_of_error(event, sqlstate, sqlerrm);
        if verdict.state = 'dead_letter' and event.fact ->> 'outcome' = 'paid' then
            perform private.begin_review(private.payment_of(event.fact), 'not_applied');
        end if;
    end;
    as_before := event.tries > 0 and (event.state, event.reason) is not distinct from (verdict.state, verdict.reason);
    update public.stripe_events as e
    set state = verdict.state, reason = verdict.reason, tries = e.tries + 1, handled_at = now(),
        payment_id = private.payment_of(e.fact),
        unanswered_since = case when verdict.reason = 'needs_refetch' then e.unanswered_since end
    where e.id = event_id returning * into event;
    return private.event_result(event, repeat => as_before);
end
$$;

-- The global order of locks, each sorted by id: events, subscriptions, payments, accounts.
create function private.lock_events(ids text [], facts jsonb []) returns void
language plpgsql set search_path = pg_catalog, pg_temp
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

-- Records events of Stripe's, unless they are there already: [{id, type, livemode, account, api_version, created, fact}].
create function private.record_events(events jsonb []) returns void
language plpgsql set search_path = pg_catalog, pg_temp
as $$
declare
    mode boolean;
begin
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
end
$$;

-- The one way in for what Stripe says: answers [{id, state, reason, repeat, payment_id, fact}] in the same order (the
-- fact where Stripe decides). Locks in the global order, each sorted by id.
create function api.receive_events(events jsonb []) returns jsonb
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
    perform private.require_service();
    perform private.record_events(events);
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

-- An event of Stripe's list whose application raised, as that of one whose wallet is locked for long. It is recorded
-- alone, so that the list is read on: the reconciler comes back to it by its id.
create function api.record_failed_event(event jsonb, reason text) returns jsonb
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
    perform private.require_service();
    perform private.record_events(array[event]);
    update public.stripe_events as e
    set reason = record_failed_event.reason, handled_at = now(), tries = e.tries + 1
    where e.id = event ->> 'id' and e.state = 'failed';
    return '{}';
end
$$;
comment on function api.record_failed_event is 'Definer: nobody has grants on the inbox. Refuses wrong_stripe_mode.';
grant execute on function api.record_failed_event(jsonb, text) to service_role;

create function private.apply_earlier_events() returns trigger
language plpgsql set search_path = pg_catalog, pg_temp
as $$
declare
    early text;
begin
    perform pg_advisory_xact_lock(hashtextextended('pursebot.clawback ' || new.stripe_payment_intent_id, 0));
    for early in
        select e.id from public.stripe_events as e
        where e.fact ->> 'stripe_payment_intent_id' = new.stripe_payment_intent_id
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
create trigger payments_apply_earlier_events after insert or update of status, stripe_payment_intent_id on public.payments
for each row when (new.status = 'succeeded' and new.stripe_payment_intent_id is not null)
execute function private.apply_earlier_events();

-- The one way in for what Stripe says. Events are recorded and locked first.

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

create function private.apply_earlier_events() returns trigger
language plpgsql set search_path = ''
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

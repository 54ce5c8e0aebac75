-- The ways out of a dead letter that move nothing by themselves.
-- python -m backend events list|show|retry|dismiss; accept and adopt are in the file dead_letters_accepting.
create function private.event_json(event public.stripe_events) returns jsonb
language sql stable set search_path = pg_catalog, pg_temp
as $$
    select to_jsonb(event) - 'payment_id' || jsonb_build_object(
        'payment', (select private.service_payment_json(p) from public.payments as p where p.id = event.payment_id)
    )
$$;

create function api.list_events(states text [], max_rows integer) returns jsonb
language plpgsql stable security definer set search_path = pg_catalog, pg_temp
as $$
begin
    perform private.require_service();
    return (
        select coalesce(jsonb_agg(private.event_json(listed) order by listed.received_at desc), '[]')
        from (
            select e.* from public.stripe_events as e
            where e.state = any(states) order by e.received_at desc limit max_rows
        ) as listed
    );
end
$$;
comment on function api.list_events is 'Definer: nobody has grants on the inbox. Newest first.';
grant execute on function api.list_events(text [], integer) to service_role;

create function api.get_event(event_id text) returns jsonb
language plpgsql stable security definer set search_path = pg_catalog, pg_temp
as $$
declare
    event public.stripe_events;
begin
    perform private.require_service();
    select e.* into event from public.stripe_events as e where e.id = event_id;
    if event.id is null then
        perform private.refuse('not_found', jsonb_build_object('what', 'event'));
    end if;
    return private.event_json(event);
end
$$;
comment on function api.get_event is 'Definer: nobody has grants on the inbox.';
grant execute on function api.get_event(text) to service_role;

create function private.audit_event(event public.stripe_events, action text) returns void
language plpgsql set search_path = pg_catalog, pg_temp
as $$
begin
    perform private.audit(
        (select p.organization_id from public.payments as p where p.id = event.payment_id),
        action, jsonb_build_object('event_id', event.id, 'payment_id', event.payment_id), 'operator'
    );
end
$$;
comment on function private.audit_event is 'What an operator does with a dead letter, in the audit log of the organization whose payment it is about, if it is about one.';

-- Once more, with what Stripe says now. Only what has not been done can be retried.
create function api.retry_event(event_id text, fact jsonb) returns jsonb
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    event public.stripe_events;
    result jsonb;
begin
    perform private.require_service();
    update public.stripe_events as e set state = 'failed', fact = retry_event.fact
    where e.id = event_id and e.state in ('failed', 'dead_letter') returning * into event;
    if not found then
        perform private.refuse('not_found', jsonb_build_object('what', 'open event'));
    end if;
    perform private.audit_event(event, 'event_retried');
    result := private.handle_event(event_id);
    if result ->> 'state' = 'done' then
        perform private.end_review((result ->> 'payment_id')::uuid);
    end if;
    return result;
end
$$;
comment on function api.retry_event is 'Definer: nobody has grants on the inbox.';
grant execute on function api.retry_event(text, jsonb) to service_role;

-- What Stripe moved by an event's word and what the wallet has of it, where that is not the same. Whoever dismisses
-- the event leaves it so.
create function private.difference_to_stripe(event public.stripe_events) returns jsonb
language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
declare
    payment public.payments;
    taken boolean := event.fact ->> 'about' in ('refund', 'dispute');
    at_stripe bigint := case when taken then (event.fact ->> 'amount_minor')::bigint else private.credit_of(event.fact) end;
    here bigint := 0;
begin
    select p.* into payment from public.payments as p where p.id = event.payment_id;
    if payment.status = 'succeeded' and payment.stripe_payment_intent_id = event.fact ->> 'stripe_payment_intent_id' then
        here := case when taken then payment.clawed_back_amount else payment.amount end;
    end if;
    if at_stripe is null or at_stripe = here or event.fact ->> 'currency' is null then
        return null;
    end if;
    return jsonb_build_object(
        'what', case when taken then 'taken back' else 'received' end, 'currency', event.fact ->> 'currency',
        'at_stripe', private.money_json(at_stripe, event.fact ->> 'currency') ->> 'amount',
        'in_the_wallet', private.money_json(here, event.fact ->> 'currency') ->> 'amount'
    );
end
$$;

-- Somebody has looked and settled it by hand; who and why stays with the event.
create function api.dismiss_event(event_id text, dismissed_by text, reason text) returns jsonb
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    event public.stripe_events;
    payment public.payments;
begin
    perform private.require_service();
    update public.stripe_events as e
    set state = 'ignored', dismissed_at = now(), dismissed_by = dismiss_event.dismissed_by,
        dismissed_reason = dismiss_event.reason
    where e.id = event_id and e.state in ('failed', 'dead_letter') returning * into event;
    if not found then
        perform private.refuse('not_found', jsonb_build_object('what', 'open event'));
    end if;
    perform private.audit_event(event, 'event_dismissed');
    payment := private.end_review(event.payment_id);
    if payment.id is not null then
        -- Its page is over and its money settled by hand; money that still comes wins as ever.
        perform private.move_payment(payment, 'canceled');
    end if;
    return private.event_json(event) || jsonb_build_object('stays_unequal', private.difference_to_stripe(event));
end
$$;
comment on function api.dismiss_event is 'Definer: nobody has grants on the inbox. The payer''s message loses its "being checked".';
grant execute on function api.dismiss_event(text, text, text) to service_role;

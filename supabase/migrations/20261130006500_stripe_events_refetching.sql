-- What the backend does with events that are there: what Stripe answered about one, and how far its list was read.

-- Stripe's list is read again and again: what was applied or ignored, or waits for the operator, is left out.
create function api.list_handled_events(event_ids text []) returns jsonb
language plpgsql stable security definer set search_path = pg_catalog, pg_temp
as $$
begin
    perform private.require_service();
    return (
        select coalesce(jsonb_agg(e.id), '[]') from public.stripe_events as e
        where e.id = any(event_ids) and e.state <> 'failed' and e.reason is distinct from 'needs_refetch'
    );
end
$$;
comment on function api.list_handled_events is 'Definer: nobody has grants on the inbox. Which of these ids need nothing more.';
grant execute on function api.list_handled_events(text []) to service_role;

create function api.mark_event_refetched(event_id text) returns jsonb
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    event public.stripe_events;
    is_first boolean;
begin
    perform private.require_service();
    update public.stripe_events as e set reason = 'refetched', unanswered_since = null
    where e.id = event_id and e.reason = 'needs_refetch';
    is_first := found;
    select e.* into strict event from public.stripe_events as e where e.id = event_id;
    return private.event_result(event, repeat => not is_first);
end
$$;
comment on function api.mark_event_refetched is 'Definer: nobody has grants on the inbox. Stripe has decided: a repeat of the event asks no more.';
grant execute on function api.mark_event_refetched(text) to service_role;

-- What Stripe answered about the object of an event takes the event's place, and is applied.
create function api.apply_refetched_event(event_id text, fact jsonb) returns jsonb
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    event public.stripe_events;
begin
    perform private.require_service();
    perform private.lock_events(array[event_id], array[apply_refetched_event.fact]);
    update public.stripe_events as e set state = 'failed', fact = apply_refetched_event.fact
    where e.id = event_id and e.reason = 'needs_refetch' returning * into event;
    if not found then
        -- Whoever asked at the same time was faster.
        select e.* into strict event from public.stripe_events as e where e.id = event_id;
        return private.event_result(event, repeat => true);
    end if;
    return private.handle_event(event_id);
end
$$;
comment on function api.apply_refetched_event is 'Definer: nobody has grants on the inbox. Only for an event about which Stripe was to be asked.';
grant execute on function api.apply_refetched_event(text, jsonb) to service_role;

-- What the reconciler goes on with: events that failed, and those about which nobody asked Stripe to the end (a
-- process died, Stripe was away, or the event came before its payment), a minute after the last try at the soonest.
-- Claimed, so that those which raise keep none of the others from their turn. What Stripe gave no answer about comes
-- last, and of that the one tried longest ago first: each may take all the time that a round has.
create function api.claim_events_to_reconcile(max_rows integer) returns jsonb
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    ids text [];
begin
    perform private.require_service();
    with due as (
        select e.id, e.handled_at from public.stripe_events as e
        where (e.state = 'failed' or e.reason = 'needs_refetch') and e.handled_at < now() - interval '1 minute'
        order by e.handled_at limit max_rows for update skip locked
    ),

    taken as (
        update public.stripe_events as e set handled_at = now()
        from due as d where e.id = d.id
        returning e.id, e.stripe_created_at, case when e.unanswered_since is not null then d.handled_at end as tried_at
    )

    select array_agg(t.id order by t.tried_at nulls first, t.stripe_created_at, t.id) into ids from taken as t;
    return to_jsonb(coalesce(ids, '{}'));
end
$$;
comment on function api.claim_events_to_reconcile is 'Definer: nobody has grants on the inbox. Ids of those that wait longest, the oldest event first, and last what Stripe does not answer about.';
grant execute on function api.claim_events_to_reconcile(integer) to service_role;

create function api.reapply_event(event_id text) returns jsonb
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
    perform private.require_service();
    perform private.lock_events(array[event_id], array(select e.fact from public.stripe_events as e where e.id = event_id));
    return private.handle_event(event_id);
end
$$;
comment on function api.reapply_event is 'Definer: nobody has grants on the inbox. As if Stripe had sent it again.';
grant execute on function api.reapply_event(text) to service_role;

create function api.get_events_cursor() returns jsonb
language plpgsql stable security definer set search_path = pg_catalog, pg_temp
as $$
begin
    perform private.require_service();
    return (select to_jsonb(extract(epoch from i.events_read_until)::bigint) from private.installation as i);
end
$$;
comment on function api.get_events_cursor is 'Definer. Until when (seconds since 1970) Stripe''s list of events was read to its end.';
grant execute on function api.get_events_cursor() to service_role;

create function api.advance_events_cursor(read_until bigint) returns jsonb
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
    perform private.require_service();
    update private.installation as i set events_read_until = greatest(i.events_read_until, to_timestamp(read_until))
    where i.only_row;
    return '{}';
end
$$;
comment on function api.advance_events_cursor is 'Definer. Only after every event before it was recorded; never backwards.';
grant execute on function api.advance_events_cursor(bigint) to service_role;

-- What the backend does with events that are there: what Stripe answered about one, and how far its list was read.
create function api.mark_event_refetched(event_id text) returns jsonb
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
    perform private.require_service();
    update public.stripe_events as e set reason = 'refetched' where e.id = event_id and e.reason = 'needs_refetch';
    return '{}';
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
create function api.list_events_to_reconcile(max_rows integer) returns jsonb
language plpgsql stable security definer set search_path = pg_catalog, pg_temp
as $$
begin
    perform private.require_service();
    return (
        select coalesce(jsonb_agg(due.id), '[]')
        from (
            select e.id from public.stripe_events as e
            where (e.state = 'failed' or e.reason = 'needs_refetch') and e.handled_at < now() - interval '1 minute'
            order by e.handled_at limit max_rows
        ) as due
    );
end
$$;
comment on function api.list_events_to_reconcile is 'Definer: nobody has grants on the inbox. Ids, the one that waits longest first.';
grant execute on function api.list_events_to_reconcile(integer) to service_role;

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
comment on function api.advance_events_cursor is 'Definer. Only after the whole list was applied; never backwards.';
grant execute on function api.advance_events_cursor(bigint) to service_role;

-- Where an event becomes a dead letter, which waits for the operator: applying it raised, or Stripe was asked
-- about it and did not decide. Money that matches no payment is one by the verdict of who applies the event
-- (private.apply_paid, private.apply_refund, private.apply_invoice).

-- Errors that may pass by themselves undo the whole call and are Stripe's to send again: lost
-- connections, deadlocks, timeouts, a full or stopping server.
create function private.is_transient_error(error_state text) returns boolean
language sql immutable set search_path = pg_catalog, pg_temp
return left(error_state, 2) in ('08', '40', '53', '57', '58') or error_state = '55P03';

-- Five tries over more than an hour, then nobody believes that the sixth will help.
create function private.is_out_of_tries(tries integer, received_at timestamptz) returns boolean
language sql stable set search_path = pg_catalog, pg_temp
return tries >= 5 and received_at <= now() - interval '1 hour';

-- What becomes of an event whose application raised: a dead letter, or another try. This try is not counted yet.
create function private.verdict_of_error(event public.stripe_events, error_state text, message text) returns private.verdict
language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
declare
    verdict private.verdict;
begin
    verdict := row(
        case when private.is_out_of_tries(event.tries + 1, event.received_at) then 'dead_letter' else 'failed' end,
        error_state || ' ' || message
    );
    -- What we made and do not have (a restored backup, or no installation id yet) comes to no other end by
    -- being tried again: it waits for the operator, and Stripe need not repeat it.
    if error_state in (private.refusals() ->> 'unknown_payment', private.refusals() ->> 'unknown_subscription') then
        verdict.state := 'dead_letter';
    end if;
    return verdict;
end
$$;

-- A refetch failed. Where Stripe gave no answer (it is away, too slow, or fails itself) nothing is known about the
-- event: it waits for as long as that lasts, and the try does not count. What Stripe does not know waits for the
-- operator at once, and so does, out of tries, what it refused to say or what could not be applied.
create function api.mark_event_refetch_failed(event_id text, reason text) returns jsonb
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    is_unanswered boolean := mark_event_refetch_failed.reason = 'stripe_unavailable';
    event public.stripe_events;
begin
    perform private.require_service();
    update public.stripe_events as e
    set state = case
            when is_unanswered then 'failed'
            when mark_event_refetch_failed.reason = 'resource_missing'
                or private.is_out_of_tries(e.tries, e.received_at) then 'dead_letter'
            else 'failed'
        end,
        reason = mark_event_refetch_failed.reason, handled_at = now(),
        tries = case when is_unanswered then greatest(e.tries - 1, 1) else e.tries end,
        unanswered_since = case when is_unanswered then coalesce(e.unanswered_since, now()) end
    where e.id = event_id and e.reason = 'needs_refetch';
    select e.* into strict event from public.stripe_events as e where e.id = event_id;
    return private.event_result(event, repeat => false);
end
$$;
comment on function api.mark_event_refetch_failed is 'Definer: nobody has grants on the inbox. Stripe was asked and did not decide, or did not answer (stripe_unavailable): a repeat of the event asks again.';
grant execute on function api.mark_event_refetch_failed(text, text) to service_role;

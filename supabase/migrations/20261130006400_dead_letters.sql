-- Where an event becomes a dead letter: it could not be applied, and waits for the operator.

-- Errors that may pass by themselves undo the whole call and are Stripe's to send again: lost
-- connections, deadlocks, timeouts, a full or stopping server.
create function private.is_transient_error(error_state text) returns boolean
language sql immutable set search_path = ''
return left(error_state, 2) in ('08', '40', '53', '57', '58') or error_state = '55P03';

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

-- Five tries over more than an hour, then it waits for the operator; so does at once what Stripe does not know.
create function api.mark_event_unanswered(event_id text, reason text) returns jsonb
language plpgsql security definer set search_path = ''
as $$
declare
    event public.stripe_events;
begin
    perform private.require_service();
    update public.stripe_events as e
    set state = case
            when mark_event_unanswered.reason = 'resource_missing'
                or e.tries >= 5 and e.received_at <= now() - interval '1 hour' then 'parked'
            else 'failed'
        end,
        reason = mark_event_unanswered.reason, handled_at = now()
    where e.id = event_id and e.reason = 'stripe_decides';
    select e.* into strict event from public.stripe_events as e where e.id = event_id;
    return private.event_result(event, repeat => false);
end
$$;
comment on function api.mark_event_unanswered is 'Definer: nobody has grants on the inbox. Stripe was asked and did not decide: a repeat of the event asks again.';
grant execute on function api.mark_event_unanswered(text, text) to service_role;

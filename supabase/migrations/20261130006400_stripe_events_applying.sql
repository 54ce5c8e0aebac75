-- What an event is about, and so who applies it.

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
        return row('done', 'already_applied')::private.verdict;
    end if;
    return row('done', 'needs_refetch')::private.verdict;
end
$$;

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

-- One event, locked by the caller: its fact is applied, and the row says what came of it.
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
        verdict := private.verdict_of_error(event, sqlstate, sqlerrm);
        if verdict.state = 'dead_letter' and event.fact ->> 'outcome' = 'paid' then
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

-- What Stripe says of a payment: money that arrived is credited where it matches, and else it waits for the operator.

-- Whether an event alone may credit: Stripe's object is the one that we know, of whom we know, and it says in
-- every way the same sum. Anything else is asked about. What Stripe answered when it was asked is believed.
create function private.is_sufficient_to_credit(payment public.payments, fact jsonb) returns boolean
language sql immutable set search_path = pg_catalog, pg_temp
return coalesce((fact ->> 'refetched')::boolean, false) or (
    coalesce((fact ->> 'plain')::boolean, false)
    and payment.currency = fact ->> 'currency'
    and payment.amount = (fact ->> 'received_minor')::bigint
    and payment.stripe_customer_id is not distinct from fact ->> 'stripe_customer_id'
    and case fact ->> 'source'
        when 'session' then payment.stripe_checkout_session_id is not distinct from fact ->> 'stripe_checkout_session_id'
        and fact ->> 'stripe_checkout_session_id' is not null and fact ->> 'stripe_payment_intent_id' is not null
        and coalesce(payment.stripe_payment_intent_id, fact ->> 'stripe_payment_intent_id') = fact ->> 'stripe_payment_intent_id'
        else coalesce(payment.stripe_payment_intent_id = fact ->> 'stripe_payment_intent_id', false)
    end
);

-- When it happened at Stripe, by Stripe's clock.
create function private.happened_at(fact jsonb) returns timestamptz
language sql immutable set search_path = pg_catalog, pg_temp
return to_timestamp((fact ->> 'happened_at')::bigint);

-- What the wallet gets of what arrived: all but tax, which is the operator's.
create function private.credit_of(fact jsonb) returns bigint
language sql immutable set search_path = pg_catalog, pg_temp
return greatest(0, coalesce((fact ->> 'received_minor')::bigint, 0) - coalesce((fact ->> 'tax_minor')::bigint, 0));

create function private.credit_objection(payment public.payments, fact jsonb) returns text
language sql immutable set search_path = pg_catalog, pg_temp
return case
    when private.credit_of(fact) = 0 or fact ->> 'stripe_payment_intent_id' is null then 'nothing_received'
    when payment.currency is distinct from fact ->> 'currency' then 'currency_differs'
    when payment.amount <> private.credit_of(fact) then 'amount_differs'
end;
comment on function private.credit_objection is 'Why money that arrived may not be credited, or null.';

create function private.apply_paid(payment public.payments, fact jsonb) returns private.verdict
language plpgsql set search_path = pg_catalog, pg_temp
as $$
declare
    objection text;
begin
    if payment.status = 'succeeded' and payment.stripe_payment_intent_id = fact ->> 'stripe_payment_intent_id' then
        perform private.record_payment_method_used(payment, fact ->> 'stripe_payment_method_id');
        return row('done', 'paid')::private.verdict;
    elsif not private.is_sufficient_to_credit(payment, fact) then
        return row('done', 'needs_refetch')::private.verdict;
    end if;
    objection := case
        when payment.status = 'succeeded' and private.credit_of(fact) > 0 then 'paid_twice'
        else private.credit_objection(payment, fact)
    end;
    if objection is not null then
        perform private.begin_review(payment.id, objection);
        return row('dead_letter', objection)::private.verdict;
    end if;
    perform private.credit_payment(payment, fact ->> 'stripe_payment_intent_id', (fact ->> 'received_minor')::bigint, private.happened_at(fact));
    perform private.record_payment_method_used(payment, fact ->> 'stripe_payment_method_id');
    return row('done', 'paid')::private.verdict;
end
$$;

-- What paid it, of our own charges only: Stripe says it before the money is credited, or after.
create function private.apply_card(fact jsonb) returns private.verdict
language plpgsql set search_path = pg_catalog, pg_temp
as $$
declare
    payment uuid := private.payment_of(fact);
begin
    if payment is null then
        return row('ignored', 'not ours')::private.verdict;
    end if;
    insert into private.payment_cards (payment_id, type, brand, last_four)
    values (payment, fact ->> 'type', fact ->> 'brand', fact ->> 'last_four')
    on conflict (payment_id) do update
    set type = excluded.type, brand = excluded.brand, last_four = excluded.last_four;
    return row('done', 'card')::private.verdict;
end
$$;

-- Whether an event may be of another try than the one that counts: that a debit failed, of the try before the one that is
-- running; that one began, of the try that was declined since. An intent is tried again after either.
create function private.is_of_unclear_try(payment public.payments, fact jsonb) returns boolean
language sql immutable set search_path = pg_catalog, pg_temp
return case fact ->> 'outcome'
    when 'declined' then payment.status = 'processing' and private.opened_at_stripe(payment) is not null
    when 'failed' then payment.status = 'processing' and private.opened_at_stripe(payment) is not null
    and not coalesce((fact ->> 'refetched')::boolean, false)
    when 'processing' then (payment.last_decline is not null or payment.status = 'failed')
    and not coalesce((fact ->> 'refetched')::boolean, false)
    else false
end;

-- One fact, applied to the payment it is about. Locks the payment, then its accounts.
create function private.apply_payment(fact jsonb) returns private.verdict
language plpgsql set search_path = pg_catalog, pg_temp
as $$
declare
    payment public.payments;
    outcome text := fact ->> 'outcome';
begin
    select p.* into payment from public.payments as p where p.id = private.payment_of(fact) for update;
    if payment.id is null then
        if fact ->> 'payment_id' is not null then
            perform private.refuse('unknown_payment', jsonb_build_object('payment_id', fact ->> 'payment_id'));
        end if;
        return row('ignored', 'not ours')::private.verdict;
    end if;
    if outcome = 'paid' then
        return private.apply_paid(payment, fact);
    elsif private.is_of_unclear_try(payment, fact) then
        return row('done', 'needs_refetch')::private.verdict;
    elsif outcome = 'expired' and payment.stripe_checkout_session_id <> fact ->> 'stripe_checkout_session_id' then
        return row('ignored', 'another session')::private.verdict;
    elsif payment.flow <> 'checkout' and payment.stripe_payment_intent_id <> fact ->> 'stripe_payment_intent_id' then
        -- Stripe made it and answered 500; what the payer confirms is the next try's.
        return row('ignored', 'another intent')::private.verdict;
    elsif outcome = 'declined' and payment.status in ('created', 'pending') and payment.flow <> 'charge' then
        -- The page is still open: a fact about it, not an end.
        update public.payments as p set last_decline = fact ->> 'decline'
        where p.id = payment.id returning * into payment;
        perform private.notify_payment_shown(payment);
    else
        update public.payments as p
        set stripe_payment_intent_id = coalesce(p.stripe_payment_intent_id, fact ->> 'stripe_payment_intent_id'),
            funded_amount = greatest(p.funded_amount, (fact ->> 'funded_minor')::bigint),
            last_decline = coalesce(fact ->> 'decline', p.last_decline)
        where p.id = payment.id and p.status <> 'succeeded' returning * into payment;
        if found then
            if outcome = 'partly_funded' and payment.status = 'processing' then
                perform private.notify_payment_shown(payment);
            end if;
            perform private.move_payment(payment, case
                when outcome = 'declined' then 'failed'
                when outcome = 'partly_funded' then 'processing'
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

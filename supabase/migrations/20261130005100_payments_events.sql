-- What Stripe says of a payment.

-- One fact, applied to the payment it is about. Locks the payment, then its accounts.
create function private.apply_payment(fact jsonb) returns private.verdict
language plpgsql set search_path = ''
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
    elsif outcome = 'declined' and payment.status = 'processing' and private.opened_at_stripe(payment) is not null then
        -- Perhaps of the try before the one that is running: Stripe is asked.
        return row('done', 'needs_refetch')::private.verdict;
    elsif outcome = 'processing' and payment.last_decline is not null and not coalesce((fact ->> 'refetched')::boolean, false) then
        -- Perhaps of the try that was declined since: Stripe is asked.
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
            last_decline = coalesce(fact ->> 'decline', p.last_decline)
        where p.id = payment.id and p.status <> 'succeeded' returning * into payment;
        if found then
            perform private.move_payment(payment, case
                when outcome = 'declined' then 'failed'
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

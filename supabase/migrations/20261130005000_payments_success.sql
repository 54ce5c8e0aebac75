-- Where a payment is set to succeeded: money that arrived is credited where it matches, and else it waits for the operator.

-- Whether an event alone may credit: Stripe's object is the one that we know, of whom we know, and it says in
-- every way the same sum. Anything else is asked about. What Stripe answered when it was asked is believed.
create function private.is_sufficient_to_credit(payment public.payments, fact jsonb) returns boolean
language sql immutable set search_path = ''
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

-- What the wallet gets of what arrived: all but tax, which is the operator's.
create function private.credit_of(fact jsonb) returns bigint
language sql immutable set search_path = ''
return greatest(0, coalesce((fact ->> 'received_minor')::bigint, 0) - coalesce((fact ->> 'tax_minor')::bigint, 0));

create function private.credit_objection(payment public.payments, fact jsonb) returns text
language sql immutable set search_path = ''
return case
    when private.credit_of(fact) = 0 or fact ->> 'stripe_payment_intent_id' is null then 'nothing_received'
    when payment.currency is distinct from fact ->> 'currency' then 'currency_differs'
    when payment.amount <> private.credit_of(fact) then 'amount_differs'
end;
comment on function private.credit_objection is 'Why money that arrived may not be credited, or null.';

create function private.credit_payment(payment public.payments, stripe_payment_intent_id text, received_amount bigint) returns void
language plpgsql set search_path = ''
as $$
begin
    if private.post_transfer(
        payment.wallet_id, private.posting_kind(payment), private.posting_reference(payment),
        'stripe', 'wallet', payment.amount
    ) is null then
        update public.payments as p set stripe_payment_intent_id = credit_payment.stripe_payment_intent_id
        where p.id = payment.id and p.stripe_payment_intent_id is null;
        return;
    end if;
    update public.payments as p
    set stripe_payment_intent_id = coalesce(credit_payment.stripe_payment_intent_id, p.stripe_payment_intent_id),
        last_decline = null, under_review = null,
        status = 'succeeded', succeeded_at = now(), received_amount = credit_payment.received_amount
    where p.id = payment.id returning * into payment;
    perform private.notify_payment_shown(payment);
    perform private.notify_wallet_credited(payment);
end
$$;
comment on function private.credit_payment is 'Posts payment.amount once and tells everybody; a repeat does nothing. received_amount is what the charge was, with tax.';

create function private.apply_paid(payment public.payments, fact jsonb) returns private.verdict
language plpgsql set search_path = ''
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
    perform private.credit_payment(payment, fact ->> 'stripe_payment_intent_id', (fact ->> 'received_minor')::bigint);
    perform private.record_payment_method_used(payment, fact ->> 'stripe_payment_method_id');
    return row('done', 'paid')::private.verdict;
end
$$;

-- What Stripe says of a subscription and of its invoices, each of which credits once.
create function private.apply_subscription(fact jsonb) returns private.verdict
language plpgsql set search_path = pg_catalog, pg_temp
as $$
begin
    if private.subscription_of(fact) is not null then
        return row('done', 'needs_refetch')::private.verdict;
    elsif fact ->> 'subscription_id' is not null then
        perform private.refuse('unknown_subscription', jsonb_build_object('subscription_id', fact ->> 'subscription_id'));
    end if;
    return row('ignored', 'not ours')::private.verdict;
end
$$;
comment on function private.apply_subscription is 'Events come late and out of order: they only say that Stripe is to be asked.';

-- The first invoice is paid or not while its payer looks on; of a later one everybody hears who can
-- do something, once for each time that Stripe tried.
create function private.notify_invoice_unpaid(subscription public.subscriptions, fact jsonb) returns private.verdict
language plpgsql set search_path = pg_catalog, pg_temp
as $$
begin
    if (fact ->> 'first')::boolean
        or exists (select from public.payments as p where p.stripe_invoice_id = fact ->> 'stripe_invoice_id')
        or exists (
            select from public.notifications as n
            where n.organization_id = subscription.organization_id and n.kind = 'recurring'
            and (n.facts ->> 'invoice', n.facts ->> 'tries') = (fact ->> 'stripe_invoice_id', fact ->> 'tries')
            -- That the bank wants somebody says more than that it failed, whichever comes first.
            and n.facts ->> 'news' in (fact ->> 'outcome', 'action_required')
        ) then
        return row('ignored', 'nothing to notify')::private.verdict;
    end if;
    update private.subscription_requests as r set url = fact ->> 'url' where r.subscription_id = subscription.id;
    perform private.notify_subscription_changed(subscription, fact ->> 'outcome', jsonb_build_object(
        'url', fact ->> 'url', 'invoice', fact ->> 'stripe_invoice_id', 'tries', fact -> 'tries',
        'amount', private.money_json((fact ->> 'amount_minor')::bigint, subscription.currency) ->> 'amount'
    ));
    return row('done', fact ->> 'outcome')::private.verdict;
end
$$;

-- What is credited of a paid invoice: the price that we quoted, once or now, less what the customer's credit balance at
-- Stripe paid of it, which the operator gave. Null where it is neither.
create function private.invoice_terms(subscription public.subscriptions, fact jsonb, out amount bigint, out requested_amount bigint)
language sql immutable set search_path = pg_catalog, pg_temp
as $$
    select i.credit, nullif(i.credit + i.balance, i.credit)
    from (values (private.credit_of(fact), coalesce((fact ->> 'balance_minor')::bigint, 0))) as i (credit, balance)
    where i.credit > 0 and i.credit + i.balance = any(subscription.quoted)
$$;

-- Makes the payment that a paid invoice is, and credits it once. An event does not say which intent paid
-- it: Stripe is asked.
create function private.apply_invoice(fact jsonb) returns private.verdict
language plpgsql set search_path = pg_catalog, pg_temp
as $$
declare
    subscription public.subscriptions;
    terms record;
    paid_by integer;
begin
    select s.* into subscription from public.subscriptions as s where s.id = private.subscription_of(fact) for update;
    if subscription.id is null then
        if fact ->> 'subscription_id' is not null then
            perform private.refuse('unknown_subscription', jsonb_build_object('subscription_id', fact ->> 'subscription_id'));
        end if;
        return row('ignored', 'not ours')::private.verdict;
    elsif fact ->> 'outcome' <> 'paid' then
        return private.notify_invoice_unpaid(subscription, fact);
    elsif not (fact ->> 'refetched')::boolean then
        return row('done', 'needs_refetch')::private.verdict;
    end if;
    select t.* into terms from private.invoice_terms(subscription, fact) as t;
    insert into public.payments (
        organization_id, wallet_id, currency, amount, requested_amount, flow, created_by, stripe_invoice_id, expires_at
    ) values (
        subscription.organization_id, subscription.wallet_id, subscription.currency,
        coalesce(terms.amount, subscription.amount), terms.requested_amount,
        'invoice', subscription.created_by, fact ->> 'stripe_invoice_id', now()
    )
    on conflict on constraint payments_stripe_invoice_id_key do nothing;
    paid_by := jsonb_array_length(fact -> 'intents');
    if paid_by > 1 or paid_by = 0
        and exists (select from public.payments as p where p.id = private.payment_of(fact) and p.status <> 'succeeded') then
        -- A refund or dispute of the second would find no payment.
        perform private.begin_review(private.payment_of(fact), 'paid_in_parts');
        return row('dead_letter', 'paid_in_parts')::private.verdict;
    end if;
    return private.apply_payment(fact);
end
$$;

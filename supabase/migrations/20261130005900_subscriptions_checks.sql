-- When Stripe is asked how recurring top-ups stand without an event that says so.

-- At most every three seconds, however many people ask us.
create function api.claim_subscription_check(subscription_id uuid) returns jsonb
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    due boolean;
begin
    perform private.require_service();
    update public.subscriptions as s set checked_at = now()
    where s.id = subscription_id and (s.checked_at is null or s.checked_at <= now() - interval '3 seconds');
    due := found;
    if not exists (select from public.subscriptions as s where s.id = subscription_id) then
        perform private.refuse('not_found', '{"what": "subscription"}');
    end if;
    return jsonb_build_object('due', due);
end
$$;
comment on function api.claim_subscription_check is 'Definer. due says whether Stripe may be asked now.';
grant execute on function api.claim_subscription_check(uuid) to service_role;

-- Whether Stripe's latest invoice, as recorded, came to its end here: it was paid and is a payment of ours, or is
-- void. An invoice is a draft for an hour, and of one that is open nobody knows when it will be paid.
create function private.has_latest_invoice(subscription public.subscriptions) returns boolean
language sql stable set search_path = pg_catalog, pg_temp
return coalesce(subscription.latest_invoice_status, 'none') not in ('draft', 'open', 'paid') or (
    subscription.latest_invoice_status = 'paid' and exists (
        select from public.payments as p where p.stripe_invoice_id = subscription.stripe_latest_invoice_id
    )
);

-- What the reconciler asks Stripe about: what was to begin with a saved card and whose answer was lost, what waits
-- for its payer or should have ended, what should have been renewed, and what was renewed by an invoice that is not
-- ours yet. Claimed, so that those which cannot be refetched keep none of the others from their turn.
create function api.claim_subscriptions_to_reconcile(max_rows integer) returns jsonb
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    ids uuid [];
begin
    perform private.require_service();
    with due as (
        select s.id from public.subscriptions as s
        where s.status = 'incomplete' and s.payment_method_id is not null and s.stripe_subscription_id is null
        and s.created_at < now() - interval '1 minute'
        or coalesce(s.stripe_checkout_session_id, s.stripe_subscription_id) is not null and (
            (
                (s.status = 'incomplete' or s.canceled_by is not null and s.status <> 'canceled')
                and s.refetched_at < now() - interval '5 minutes'
            )
            or (
                s.status in ('active', 'past_due', 'paused')
                and (s.current_period_end < now() - interval '1 hour' or not private.has_latest_invoice(s))
                and s.refetched_at < now() - interval '1 hour'
            )
        )
        order by s.reconciled_at nulls first, s.refetched_at limit max_rows for update skip locked
    ),

    taken as (
        update public.subscriptions as s set reconciled_at = now()
        where s.id in (select d.id from due as d)
        returning s.id
    )

    select array_agg(t.id) into ids from taken as t;
    return to_jsonb(coalesce(ids, '{}'));
end
$$;
comment on function api.claim_subscriptions_to_reconcile is 'Definer. Ids of subscriptions whose webhook may have been lost.';
grant execute on function api.claim_subscriptions_to_reconcile(integer) to service_role;

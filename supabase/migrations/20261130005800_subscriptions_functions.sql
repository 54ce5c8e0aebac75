-- How recurring top-ups change: what their owners want, and what Stripe says that became of it.
create function private.notify_subscription_changed(
    subscription public.subscriptions, change text, facts jsonb default '{}', except_for uuid default null
) returns void
language sql set search_path = pg_catalog, pg_temp
as $$
    select private.notify_users(
        array(
            select m.user_id from public.memberships as m
            where m.organization_id = subscription.organization_id and m.role in ('owner', 'admin')
            and m.user_id is distinct from except_for
        ),
        'recurring',
        subscription.organization_id,
        jsonb_build_object(
            'news', change, 'interval', subscription.interval, 'currency', subscription.currency,
            'amount', private.money_json(subscription.amount, subscription.currency) ->> 'amount'
        ) || facts,
        -- What somebody has to pay is not replaced by how it stands.
        case when change in ('failed', 'action_required') then 'unpaid subscription ' else 'subscription ' end || subscription.id
    )
$$;
comment on function private.notify_subscription_changed is 'Tells the owners and admins what became of a recurring top-up, but who did it and has seen that.';

-- Before Stripe is asked for it: changes = {amount?, paused?, cancel_at_period_end?, canceled?}.
create function api.request_subscription_change(subscription_id uuid, changes jsonb) returns jsonb
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    caller uuid := private.require_subscription_role(subscription_id, 'owner', 'admin');
    subscription public.subscriptions;
    new_amount bigint := (changes ->> 'amount')::bigint;
begin
    if not changes ? 'canceled' and (changes ->> 'cancel_at_period_end')::boolean is distinct from true then -- to end one moves no money
        perform private.require_second_factor();
    end if;
    select s.* into subscription from public.subscriptions as s where s.id = subscription_id for update;
    if not changes ? 'canceled' and subscription.status in ('incomplete', 'canceled') then
        perform private.refuse('subscription_over', jsonb_build_object('status', subscription.status));
    end if;
    if new_amount is not null then
        perform private.require_amount(new_amount, subscription.currency);
    end if;
    update public.subscriptions as s
    set quoted = case when new_amount <> all(s.quoted) then s.quoted || new_amount else s.quoted end,
        canceled_by = case
            when changes ? 'canceled' and not private.is_authorized_to_move_money(s.canceled_by, s.organization_id) then caller
            else s.canceled_by
        end
    where s.id = subscription_id;
    perform private.audit(subscription.organization_id, 'subscription_change_requested', jsonb_build_object(
        'subscription_id', subscription_id, 'paused', changes -> 'paused', 'canceled', changes -> 'canceled',
        'cancel_at_period_end', changes -> 'cancel_at_period_end'
    ) || coalesce(private.money_json(new_amount, subscription.currency), '{}'));
    return private.subscription_json(subscription) || jsonb_build_object('changed_by', caller);
end
$$;
comment on function api.request_subscription_change is 'Definer: money tables have no write grants. An amount counts as quoted from here on.';
grant execute on function api.request_subscription_change(uuid, jsonb) to authenticated;

-- Stripe's word for how a subscription stands, in ours.
-- https://docs.stripe.com/api/subscriptions/object#subscription_object-status
create function private.subscription_status(state jsonb) returns text
language sql immutable set search_path = pg_catalog, pg_temp
return case state ->> 'status'
    when 'active' then case when (state ->> 'paused')::boolean then 'paused' else 'active' end
    when 'trialing' then 'active'
    when 'unpaid' then 'past_due'
    when 'incomplete_expired' then 'canceled'
    else state ->> 'status'
end;

-- What became of it between two answers of Stripe's, of which people are notified, each with its facts. An end that was
-- set is notified once, as long as it stays the same, and once more when it was taken back.
create function private.subscription_changes(before public.subscriptions, subscription public.subscriptions) returns jsonb
language sql immutable set search_path = pg_catalog, pg_temp
as $$
    select coalesce(jsonb_object_agg(c.change, c.facts), '{}')
    from (values
        ('ended', subscription.status = 'canceled' and before.status not in ('incomplete', 'canceled'), '{}'::jsonb),
        ('began', subscription.status = 'active' and before.status = 'incomplete', '{}'),
        ('held', subscription.status = 'paused' and before.status = 'active', '{}'),
        ('resumed', subscription.status = 'active' and before.status = 'paused', '{}'),
        ('changed', subscription.status <> 'canceled' and subscription.amount <> before.amount, '{}'),
        (
            'ending', subscription.status <> 'canceled' and subscription.cancel_at <> coalesce(before.cancel_at, '-infinity'),
            jsonb_build_object('ends', extract(epoch from subscription.cancel_at)::bigint)
        ),
        ('kept', subscription.status <> 'canceled' and subscription.cancel_at is null and before.cancel_at is not null, '{}')
    ) as c (change, happened, facts)
    where c.happened
$$;

-- What Stripe answered: seen = {refetched_at, status?, paused?, stripe_checkout_session_id?, stripe_subscription_id?,
-- payment_method?, url?, amount?, ends? (seconds since 1970), invoice?, invoice_status?, cancel_at? (the same; null: it goes on), cancel_at_period_end?,
-- changed_by?}. An answer to an earlier question changes nothing.
create function api.record_subscription_state(subscription_id uuid, state jsonb) returns jsonb
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    before public.subscriptions;
    subscription public.subscriptions;
begin
    perform private.require_service();
    select s.* into strict before from public.subscriptions as s where s.id = subscription_id for update;
    update public.subscriptions as s
    set refetched_at = (state ->> 'refetched_at')::timestamptz,
        status = coalesce(private.subscription_status(state), s.status),
        stripe_checkout_session_id = coalesce(s.stripe_checkout_session_id, state ->> 'stripe_checkout_session_id'),
        stripe_subscription_id = coalesce(s.stripe_subscription_id, state ->> 'stripe_subscription_id'),
        stripe_payment_method_id = coalesce(state ->> 'payment_method', s.stripe_payment_method_id),
        -- Another amount than ours was set elsewhere: its invoices are looked at before they are credited.
        amount = case when (state ->> 'amount')::bigint = any(s.quoted) then (state ->> 'amount')::bigint else s.amount end,
        current_period_end = coalesce(to_timestamp((state ->> 'ends')::bigint), s.current_period_end),
        cancel_at = case when state ? 'cancel_at' then to_timestamp((state ->> 'cancel_at')::bigint) else s.cancel_at end,
        cancel_at_period_end = coalesce((state ->> 'cancel_at_period_end')::boolean, s.cancel_at_period_end),
        stripe_latest_invoice_id = coalesce(state ->> 'invoice', s.stripe_latest_invoice_id),
        latest_invoice_status = coalesce(state ->> 'invoice_status', s.latest_invoice_status)
    where s.id = subscription_id and s.refetched_at <= (state ->> 'refetched_at')::timestamptz
    returning * into subscription;
    if not found then
        return private.subscription_json(before);
    end if;
    update private.subscription_requests as r set url = state ->> 'url'
    where r.subscription_id = subscription.id and state ->> 'url' is not null;
    perform private.record_added_by(m, private.payer_who_saved(m)) from public.payment_methods as m
    where m.stripe_payment_method_id = subscription.stripe_payment_method_id;
    perform private.notify_subscription_changed(
        subscription, c.change, c.facts, coalesce((state ->> 'changed_by')::uuid, subscription.canceled_by)
    )
    from jsonb_each(private.subscription_changes(before, subscription)) as c (change, facts);
    return private.subscription_json(subscription);
end
$$;
comment on function api.record_subscription_state is 'Definer: money tables have no write grants.';
grant execute on function api.record_subscription_state(uuid, jsonb) to service_role;

-- A database for tests goes on with another Stripe account: what belonged to the old one is unlinked, the ledger stays.
create function api.forget_stripe_account() returns jsonb
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    forgotten text;
    counts jsonb := '{}';
    many integer;
begin
    perform private.require_service();
    if (select i.livemode from private.installation as i) then
        perform private.refuse('wrong_stripe_mode', jsonb_build_object('livemode', true));
    end if;
    select i.stripe_account_id into forgotten from private.installation as i;
    update public.organizations as o set stripe_customer_id = null where o.stripe_customer_id is not null;
    get diagnostics many = row_count;
    counts := counts || jsonb_build_object('customers', many);
    update public.payment_methods as m set is_active = false, is_default = false where m.is_active;
    get diagnostics many = row_count;
    counts := counts || jsonb_build_object('payment_methods', many);
    update public.subscriptions as s set status = 'canceled' where s.status <> 'canceled';
    get diagnostics many = row_count;
    counts := counts || jsonb_build_object('subscriptions', many);
    update public.payments as p set under_review = null where p.under_review is not null;
    update public.payments as p set status = 'canceled' where p.status in ('created', 'pending', 'processing');
    get diagnostics many = row_count;
    counts := counts || jsonb_build_object('payments', many);
    -- Nobody can say any more how these end: what has left the wallet stays gone.
    update public.refunds as r
    set status = case r.status when 'requested' then 'failed' else 'succeeded' end
    where r.status in ('requested', 'pending', 'requires_action');
    get diagnostics many = row_count;
    counts := counts || jsonb_build_object('refunds', many);
    update public.stripe_events as e
    set state = 'ignored', dismissed_at = now(), dismissed_by = 'forget-stripe-account', dismissed_reason = 'of another Stripe account'
    where e.state in ('failed', 'dead_letter');
    get diagnostics many = row_count;
    counts := counts || jsonb_build_object('events', many);
    update private.installation as i set stripe_account_id = null, events_read_until = now() where i.only_row;
    perform private.audit(null, 'stripe_account_forgotten', jsonb_build_object('account', coalesce(forgotten, 'none')), 'operator');
    return counts || jsonb_build_object('account', forgotten);
end
$$;
comment on function api.forget_stripe_account is 'Definer: money tables have no write grants. Refuses wrong_stripe_mode in live mode.';
grant execute on function api.forget_stripe_account() to service_role;

-- Whose rows a call is about: where they are locked, its organization's other calls wait elsewhere.
create function api.list_organizations_of(ids text [], notification_id bigint default null) returns jsonb
language plpgsql stable security definer set search_path = pg_catalog, pg_temp
as $$
declare
    uuids uuid [];
begin
    perform private.require_service();
    uuids := array(select i.id::uuid from unnest(ids) as i (id) where i.id ~ '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$');
    return (
        select coalesce(jsonb_agg(distinct about.organization_id), '[]')
        from (
            select o.id as organization_id from public.organizations as o
            where o.id = any(uuids) or o.stripe_customer_id = any(ids)
            union all
            select p.organization_id from public.payments as p
            where p.id = any(uuids) or p.stripe_payment_intent_id = any(ids)
            or p.stripe_checkout_session_id = any(ids) or p.stripe_invoice_id = any(ids)
            union all
            select s.organization_id from public.subscriptions as s
            where s.id = any(uuids) or s.stripe_subscription_id = any(ids)
            union all
            select r.organization_id from public.refunds as r where r.id = any(uuids) or r.stripe_refund_id = any(ids)
            union all
            select m.organization_id from public.payment_methods as m
            where m.id = any(uuids) or m.stripe_payment_method_id = any(ids)
            union all
            select l.organization_id from public.setup_links as l where l.id = any(uuids)
            union all
            select p.organization_id from public.stripe_events as e
            inner join public.payments as p on p.id = private.payment_of(e.fact)
            where e.id = any(ids)
            union all
            select coalesce(n.organization_id, p.organization_id) from public.notifications as n
            left join public.payments as p on p.id = n.payment_id
            where n.id = notification_id
        ) as about
        where about.organization_id is not null
    );
end
$$;
comment on function api.list_organizations_of is 'Definer: nobody has grants on all of these. Ids of organizations, by ids of ours or of Stripe''s; it waits for no lock.';
grant execute on function api.list_organizations_of(text [], bigint) to service_role;

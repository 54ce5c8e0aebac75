-- What owners, admins and the backend do with a refund that is there.
create function api.get_refund(refund_id uuid) returns jsonb
language plpgsql stable security definer set search_path = pg_catalog, pg_temp
as $$
declare
    refund public.refunds;
begin
    perform private.require_payment_role(
        (select r.payment_id from public.refunds as r where r.id = refund_id), 'owner', 'admin', 'member'
    );
    select r.* into refund from public.refunds as r where r.id = refund_id;
    return private.refund_json(refund);
end
$$;
comment on function api.get_refund is 'Definer: a refund has columns that members do not see.';
grant execute on function api.get_refund(uuid) to authenticated;

create function api.get_refund_for_service(refund_id uuid) returns jsonb
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
    perform private.require_service();
    return (
        select private.refund_json(r) || jsonb_build_object(
            'amount_minor', r.charge_amount,
            'made_here', r.created_by is not null,
            'attempt', r.attempt,
            'organization_id', r.organization_id,
            'key_hash', (
                select private.key_hash(q.created_by, q.idempotency_key) from private.refund_requests as q where q.refund_id = r.id
            ),
            'requested_at', r.requested_at,
            'authorized', private.is_authorized_to_move_money(r.created_by, r.organization_id),
            'stripe_refund_id', r.stripe_refund_id,
            'stripe_payment_intent_id', p.stripe_payment_intent_id,
            'livemode', i.livemode
        )
        from public.refunds as r
        inner join public.payments as p on r.payment_id = p.id
        cross join private.installation as i
        where r.id = refund_id
    );
end
$$;
comment on function api.get_refund_for_service is 'Definer: what the backend sends to Stripe is rebuilt from this row alone.';
grant execute on function api.get_refund_for_service(uuid) to service_role;

-- Stripe said a definite no: there is no such refund, and its amount may be asked for again.
create function api.refuse_refund(refund_id uuid, attempt integer, failure text) returns jsonb
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    payment public.payments;
    refund public.refunds;
begin
    perform private.require_service();
    select p.* into payment from public.payments as p
    where p.id = (select r.payment_id from public.refunds as r where r.id = refund_id) for update;
    update public.refunds as r set status = 'failed', failure = refuse_refund.failure
    where r.id = refund_id and r.attempt = refuse_refund.attempt
    and r.status = 'requested' and r.stripe_refund_id is null
    returning * into refund;
    if found then
        perform private.audit(payment.organization_id, 'refund_refused', jsonb_build_object(
            'refund_id', refund_id, 'payment_id', payment.id
        ) || private.money_json(refund.amount, refund.currency));
        perform private.notify_payment_shown(payment);
    end if;
    return '{}';
end
$$;
comment on function api.refuse_refund is 'Definer: money tables have no write grants.';
grant execute on function api.refuse_refund(uuid, integer, text) to service_role;

-- What the reconciler asks Stripe about: refunds without an end, each every five minutes at most.
create function api.claim_refunds_to_reconcile(max_rows integer) returns jsonb
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    ids uuid [];
begin
    perform private.require_service();
    with due as (
        select r.id from public.refunds as r
        where r.status in ('requested', 'pending', 'requires_action')
        and r.created_at < now() - interval '1 minute'
        and (r.checked_at is null or r.checked_at < now() - interval '5 minutes')
        order by r.checked_at nulls first limit max_rows for update skip locked
    ),

    taken as (
        update public.refunds as r set checked_at = now()
        where r.id in (select d.id from due as d)
        returning r.id
    )

    select array_agg(t.id) into ids from taken as t;
    return to_jsonb(coalesce(ids, '{}'));
end
$$;
comment on function api.claim_refunds_to_reconcile is 'Definer. Ids of refunds whose answer or webhook may have been lost.';
grant execute on function api.claim_refunds_to_reconcile(integer) to service_role;

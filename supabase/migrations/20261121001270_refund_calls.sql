-- What owners, admins and the backend may do with refunds.
-- An owner or admin wants money to go back. Locks the payment, then the wallet: whoever asks at the
-- same time sees what is left after this.
create function api.create_refund(
    payment_id uuid, idempotency_key text, amount bigint default null, reason text default null
) returns jsonb
language plpgsql security definer set search_path = ''
as $$
declare
    caller uuid := private.require_payment_role(payment_id, 'owner', 'admin');
    request bytea := sha256(convert_to(jsonb_build_array(payment_id, amount, reason)::text, 'UTF8'));
    payment public.payments;
    refund public.refunds;
    available bigint;
    requested bigint;
    smallest integer;
begin
    select p.* into payment from public.payments as p where p.id = create_refund.payment_id for update;
    perform a.id from public.accounts as a where a.wallet_id = payment.wallet_id order by a.id for update;
    select r.* into refund from public.refunds as r
    where r.created_by = caller and r.idempotency_key = create_refund.idempotency_key;
    if refund.request_hash <> request then
        perform private.refuse('idempotency_key_reused');
    elsif refund.id is not null and (refund.status <> 'failed' or refund.stripe_refund_id is not null) then
        return private.refund_json(refund);
    end if;
    -- As with payments: a call to Stripe and a row for ever.
    if (
        select count(*) from public.refunds as r
        where r.organization_id = payment.organization_id and r.created_at > now() - interval '10 minutes'
    ) >= 60 then
        perform private.refuse('too_many_requests', jsonb_build_object('retry_after', 60));
    end if;
    available := private.refundable(payment);
    requested := coalesce(refund.amount, create_refund.amount, available);
    select c.step into smallest from public.currencies as c where c.code = payment.currency;
    if available = 0 then
        perform private.refuse('nothing_to_refund', jsonb_build_object('payment_status', payment.status));
    elsif requested < smallest then
        perform private.refuse('amount_too_small', jsonb_build_object('minimum', private.major_units(smallest, payment.currency), 'currency', payment.currency));
    elsif requested % smallest <> 0 then
        perform private.refuse('amount_too_precise', jsonb_build_object('step', private.major_units(smallest, payment.currency), 'currency', payment.currency));
    elsif requested > available then
        perform private.refuse('refund_too_large', jsonb_build_object('most', private.major_units(available, payment.currency), 'currency', payment.currency));
    end if;
    -- One that Stripe refused is tried once more, as another request, which the reconciler leaves alone
    -- while it is on its way.
    insert into public.refunds (
        organization_id, payment_id, currency, amount, charge_amount, reason, created_by, idempotency_key, request_hash
    ) values (
        payment.organization_id, payment.id, payment.currency, requested, private.charge_amount_of(payment, requested), create_refund.reason,
        caller, create_refund.idempotency_key, request
    )
    on conflict on constraint refunds_one_per_key do update
    set status = 'requested', failure = null, charge_amount = excluded.charge_amount, attempt = refunds.attempt + 1, checked_at = now(), requested_at = now()
    where refunds.request_hash = request
    returning * into refund;
    if not found then
        perform private.refuse('idempotency_key_reused'); -- for another payment, just now
    end if;
    perform private.audit(payment.organization_id, 'refund_requested', jsonb_build_object(
        'refund_id', refund.id, 'payment_id', payment.id, 'amount', requested, 'reason', refund.reason
    ));
    perform private.notify_payment_shown(payment);
    return private.refund_json(refund);
end
$$;
comment on function api.create_refund is 'Definer: money tables have no write grants. No amount: all that is left. Refuses nothing_to_refund, refund_too_large.';
grant execute on function api.create_refund(uuid, text, bigint, text) to authenticated;

create function api.get_refund(refund_id uuid) returns jsonb
language plpgsql stable security definer set search_path = ''
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
language plpgsql security definer set search_path = ''
as $$
begin
    perform private.require_service();
    return (
        select private.refund_json(r) || jsonb_build_object(
            'amount_minor', r.charge_amount,
            'made_here', r.created_by is not null,
            'attempt', r.attempt,
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
language plpgsql security definer set search_path = ''
as $$
declare
    payment public.payments;
begin
    perform private.require_service();
    select p.* into payment from public.payments as p
    where p.id = (select r.payment_id from public.refunds as r where r.id = refund_id) for update;
    update public.refunds as r set status = 'failed', failure = refuse_refund.failure
    where r.id = refund_id and r.attempt = refuse_refund.attempt
    and r.status = 'requested' and r.stripe_refund_id is null;
    if found then
        perform private.audit(payment.organization_id, 'refund_refused', jsonb_build_object(
            'refund_id', refund_id, 'payment_id', payment.id
        ));
        perform private.notify_payment_shown(payment);
    end if;
    return '{}';
end
$$;
comment on function api.refuse_refund is 'Definer: money tables have no write grants.';
grant execute on function api.refuse_refund(uuid, integer, text) to service_role;

-- What the reconciler asks Stripe about: refunds without an end, each every five minutes at most.
create function api.claim_refunds_to_reconcile(max_rows integer) returns jsonb
language plpgsql security definer set search_path = ''
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

-- How owners and admins ask for a refund.

-- As with payments: a call to Stripe and a row for ever.
create function private.require_refund_rate(organization_id uuid) returns void
language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
begin
    perform private.require_rate((
        select r.created_at from public.refunds as r where r.organization_id = require_refund_rate.organization_id
        order by r.created_at desc offset 59 limit 1
    ));
end
$$;
comment on function private.require_refund_rate is 'Refuses too_many_requests after 60 refunds of an organization in 10 minutes.';

create function private.require_refund_amount(payment public.payments, requested bigint, available bigint) returns void
language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
declare
    smallest integer;
begin
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
end
$$;
comment on function private.require_refund_amount is 'Amounts in minor units; available is what private.refundable says while the caller holds the locks on the payment and its accounts.';

create function private.insert_refund(
    payment public.payments, amount bigint, reason text, caller uuid, idempotency_key text, request bytea
) returns public.refunds
language plpgsql set search_path = pg_catalog, pg_temp
as $$
declare
    refund public.refunds;
begin
    insert into private.refund_requests (refund_id, created_by, idempotency_key, request_hash)
    values (private.id_of_key('refund ' || payment.id, caller, insert_refund.idempotency_key), caller, insert_refund.idempotency_key, request)
    on conflict do nothing returning refund_id into refund.id;
    if not found then
        perform private.refuse('idempotency_key_reused'); -- for another payment, just now
    end if;
    insert into public.refunds (id, organization_id, payment_id, currency, amount, charge_amount, reason, created_by)
    values (
        refund.id, payment.organization_id, payment.id, payment.currency, insert_refund.amount,
        private.charge_amount_of(payment, insert_refund.amount), insert_refund.reason, caller
    ) returning * into refund;
    return refund;
end
$$;
comment on function private.insert_refund is 'Makes a refund and what it was asked for by, while the caller holds the locks on the payment and its accounts.';

-- One that this database knew from Stripe alone, because it was restored to before it was requested, is whose key
-- its id comes from.
create function private.claim_reported_refund(
    payment public.payments, caller uuid, key text, request bytea, amount bigint
) returns void
language plpgsql set search_path = pg_catalog, pg_temp
as $$
declare
    refund public.refunds;
begin
    select r.* into refund from public.refunds as r
    where r.id = private.id_of_key('refund ' || payment.id, caller, key) and r.created_by is null;
    if refund.id is null then
        return;
    elsif refund.amount <> coalesce(claim_reported_refund.amount, refund.amount) then
        perform private.refuse('idempotency_key_reused');
    end if;
    insert into private.refund_requests (refund_id, created_by, idempotency_key, request_hash)
    values (refund.id, caller, key, request);
    update public.refunds as r set created_by = caller where r.id = refund.id;
end
$$;
comment on function private.claim_reported_refund is 'For whoever holds the lock on the payment. Refuses idempotency_key_reused where another sum went back.';

-- An owner or admin wants money to go back. Locks the payment, then the wallet: whoever asks at the
-- same time sees what is left after this.
create function api.create_refund(
    payment_id uuid, idempotency_key text, amount bigint default null, reason text default null
) returns jsonb
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    caller uuid := private.require_payment_role(payment_id, 'owner', 'admin');
    request bytea := sha256(convert_to(jsonb_build_array(payment_id, amount, reason)::text, 'UTF8'));
    payment public.payments;
    earlier private.refund_requests;
    refund public.refunds;
    available bigint;
    requested bigint;
begin
    perform private.require_second_factor();
    select p.* into payment from public.payments as p where p.id = create_refund.payment_id for update;
    perform a.id from public.accounts as a where a.wallet_id = payment.wallet_id order by a.id for update;
    perform private.claim_reported_refund(payment, caller, idempotency_key, request, amount);
    select q.* into earlier from private.refund_requests as q
    where q.created_by = caller and q.idempotency_key = create_refund.idempotency_key;
    select r.* into refund from public.refunds as r where r.id = earlier.refund_id;
    if earlier.request_hash <> request then
        perform private.refuse('idempotency_key_reused');
    elsif refund.id is not null and (refund.status <> 'failed' or refund.stripe_refund_id is not null) then
        return private.refund_json(refund);
    end if;
    if refund.id is null then
        perform private.require_refund_rate(payment.organization_id);
    end if;
    available := private.refundable(payment);
    requested := coalesce(refund.amount, create_refund.amount, available);
    perform private.require_refund_amount(payment, requested, available);
    -- One that Stripe refused is tried once more, as another request, which the reconciler leaves alone
    -- while it is on its way.
    if refund.id is not null then
        update public.refunds as r
        set status = 'requested', failure = null, charge_amount = private.charge_amount_of(payment, requested),
            attempt = r.attempt + 1, checked_at = now(), requested_at = now()
        where r.id = refund.id returning * into refund;
    else
        refund := private.insert_refund(payment, requested, reason, caller, idempotency_key, request);
    end if;
    perform private.audit(payment.organization_id, 'refund_requested', jsonb_build_object(
        'refund_id', refund.id, 'payment_id', payment.id, 'reason', refund.reason
    ) || private.money_json(requested, payment.currency));
    perform private.notify_payment_shown(payment);
    return private.refund_json(refund);
end
$$;
comment on function api.create_refund is 'Definer: money tables have no write grants. No amount: all that is left. Refuses nothing_to_refund, refund_too_large.';
grant execute on function api.create_refund(uuid, text, bigint, text) to authenticated;

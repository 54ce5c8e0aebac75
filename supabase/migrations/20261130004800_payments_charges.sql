-- Paying with a saved card: when Stripe is asked to charge it, and how a charge ends that Stripe will not take.

-- Before Stripe is asked to charge, or to charge again: whoever asked for it may do so still, nobody
-- canceled it, and it is fresh. Otherwise it is over, unless a request for it may still run.
create function api.claim_charge(payment_id uuid) returns jsonb
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    payment public.payments;
    over text;
begin
    perform private.require_service();
    select p.* into strict payment from public.payments as p where p.id = payment_id for update;
    over := case
        when payment.flow <> 'charge' or payment.status <> 'created' then 'settled'
        when payment.cancel_requested_at is not null
        or not private.is_authorized_to_move_money(payment.created_by, payment.organization_id) then 'canceled'
        when payment.created_at <= now() - interval '10 minutes' then 'expired'
    end;
    if over is null then
        update public.payments as p set sent_at = now(), sending_until = now() + interval '30 seconds'
        where p.id = payment_id returning * into payment;
    elsif payment.sending_until is null or payment.sending_until <= now() then
        payment := private.move_payment(payment, over);
    end if;
    return private.service_payment_json(payment) || jsonb_build_object(
        'claimed', over is null, 'sending_until', payment.sending_until
    );
end
$$;
comment on function api.claim_charge is 'Definer. claimed says whether Stripe may be asked to charge now. Call it when Stripe''s list of the customer''s intents does not have this one.';
grant execute on function api.claim_charge(uuid) to service_role;

create function api.release_charge(payment_id uuid, sending_until text) returns jsonb
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
    perform private.require_service();
    update public.payments as p set sending_until = null
    where p.id = payment_id and p.sending_until = release_charge.sending_until::timestamptz;
    return '{}';
end
$$;
comment on function api.release_charge is 'Definer. The request of a claim is over, without an answer; a later claim''s may still run.';
grant execute on function api.release_charge(uuid, text) to service_role;

-- Stripe will not charge this card, and said so before it tried.
create function api.mark_charge_failed(payment_id uuid, reason text) returns jsonb
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    payment public.payments;
begin
    perform private.require_service();
    update public.payments as p set last_decline = reason
    where p.id = payment_id and p.flow = 'charge' and p.status = 'created' returning * into payment;
    if found then
        perform private.move_payment(payment, 'failed');
    end if;
    return '{}';
end
$$;
comment on function api.mark_charge_failed is 'Definer. reason is Stripe''s code; what went on meanwhile is left alone.';
grant execute on function api.mark_charge_failed(uuid, text) to service_role;

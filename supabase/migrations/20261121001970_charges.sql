-- Paying with a saved card: which card, which order, and how a charge ends that Stripe will not take.
-- Not valid: it holds for every row that is written, and there is none yet that could break it.
alter table public.payments add constraint payments_payment_method foreign key (payment_method_id)
references public.payment_methods (id) not valid;

create function private.payment_method_name(payment_method_id uuid) returns text
language sql stable set search_path = ''
return (
    select private.display_name(m) from public.payment_methods as m where m.id = payment_method_name.payment_method_id
);

-- The card that is meant: the named one or the default, which the organization still has. A repeat
-- of a charge goes on with the card that it began with.
create function private.payment_method_to_charge(
    organization_id uuid, payment_method_id uuid, payer uuid, key text
) returns uuid
language plpgsql stable set search_path = ''
as $$
declare
    card uuid;
begin
    select p.payment_method_id into card from public.payments as p
    where p.created_by = payer and p.idempotency_key = key;
    if card is null then
        select m.id into card from public.payment_methods as m
        where m.organization_id = payment_method_to_charge.organization_id and m.is_active
        and (m.id = payment_method_to_charge.payment_method_id or payment_method_to_charge.payment_method_id is null and m.is_default);
    end if;
    if card is null then
        perform private.refuse('not_found', jsonb_build_object('what', 'payment method'));
    end if;
    return card;
end
$$;

-- An order is paid once; one that was declined, canceled or left may be tried again. No unique index
-- says so, because money that arrives late must not be refused.
create function private.require_new_order(payment public.payments) returns void
language plpgsql stable set search_path = ''
as $$
declare
    other uuid;
begin
    select p.id into other from public.payments as p
    where p.organization_id = payment.organization_id and p.order_reference = payment.order_reference
    and p.id <> payment.id and (
        p.status in ('created', 'pending', 'processing', 'succeeded')
        -- It was ended while nobody knew: what Stripe was doing then is done by now.
        or p.status in ('canceled', 'expired') and p.sent_at > now() - interval '2 minutes'
    )
    limit 1;
    if other is not null then
        perform private.refuse('reference_used', jsonb_build_object('payment', other));
    end if;
end
$$;

-- Before Stripe is asked to charge, or to charge again: whoever asked for it may do so still, nobody
-- canceled it, and it is fresh. Otherwise it is over, unless a request for it may still run.
create function api.claim_charge(payment_id uuid) returns jsonb
language plpgsql security definer set search_path = ''
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
language plpgsql security definer set search_path = ''
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
language plpgsql security definer set search_path = ''
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

-- A card that a page saved while it was paid was added by who paid. Stripe tells of the card and of
-- the money in any order.
create function private.payer_who_saved(method public.payment_methods) returns uuid
language plpgsql stable set search_path = ''
as $$
begin
    return coalesce(
        (
            select p.created_by from public.payments as p
            where p.organization_id = method.organization_id and p.stripe_payment_method_id = method.stripe_payment_method_id
            and p.flow = 'checkout' and p.created_at < method.created_at
            order by p.created_at limit 1
        ),
        (
            select s.created_by from public.subscriptions as s
            where s.organization_id = method.organization_id and s.stripe_payment_method_id = method.stripe_payment_method_id
            and s.created_at < method.created_at
            order by s.created_at limit 1
        )
    );
end
$$;
comment on function private.payer_who_saved is 'In plpgsql, because subscriptions come later.';

create function private.record_payment_method_used(payment public.payments, stripe_method_id text) returns void
language plpgsql set search_path = ''
as $$
declare
    method public.payment_methods;
begin
    update public.payments as p set stripe_payment_method_id = stripe_method_id
    where p.id = payment.id and p.stripe_payment_method_id is null;
    select m.* into method from public.payment_methods as m
    where m.stripe_payment_method_id = stripe_method_id and m.added_by is null;
    perform private.record_added_by(method, private.payer_who_saved(method));
end
$$;

-- Who added a payment method.

-- A card that a page saved while it was paid was added by who paid. Stripe tells of the card and of
-- the money in any order.
create function private.payer_who_saved(method public.payment_methods) returns uuid
language sql stable set search_path = pg_catalog, pg_temp
as $$
    select coalesce(
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
    )
$$;

create function private.record_added_by(method public.payment_methods, adder uuid) returns void
language plpgsql set search_path = pg_catalog, pg_temp
as $$
begin
    if adder is null or not method.is_active or method.added_by is not null then
        return;
    end if;
    update public.payment_methods as m set added_by = adder where m.id = method.id returning * into method;
    perform private.audit(method.organization_id, 'method_added', jsonb_build_object('method_id', method.id, 'user_id', adder));
    perform private.notify_payment_method_changed(method, 'added', '{owner,admin}', adder, adder);
end
$$;

create function private.record_payment_method_used(payment public.payments, stripe_method_id text) returns void
language plpgsql set search_path = pg_catalog, pg_temp
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

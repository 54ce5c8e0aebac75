-- What members and the backend do with a payment that is there.

-- Stripe was asked to charge the card, and nobody heard what came of it.
create function private.charge_is_unclear(payment public.payments) returns boolean
language sql stable set search_path = pg_catalog, pg_temp
return payment.flow = 'charge' and payment.status = 'created' and payment.sent_at is not null;

create function api.get_payment(payment_id uuid) returns jsonb
language plpgsql stable security definer set search_path = pg_catalog, pg_temp
as $$
declare
    payment public.payments;
begin
    perform private.require_payment_role(payment_id, 'owner', 'admin', 'member');
    select p.* into payment from public.payments as p where p.id = payment_id;
    return private.payment_json(payment);
end
$$;
comment on function api.get_payment is 'Definer: a payment has columns that members do not see.';
grant execute on function api.get_payment(uuid) to authenticated;

-- Canceling begins here and ends when Stripe says that the page is closed.
create function api.request_payment_cancel(payment_id uuid) returns jsonb
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    caller uuid;
    payment public.payments;
begin
    caller := private.require_payment_role(payment_id, 'owner', 'admin');
    select p.* into payment from public.payments as p where p.id = payment_id for update;
    if payment.status not in ('created', 'pending', 'canceled') then
        perform private.refuse('payment_closed', jsonb_build_object('status', payment.status));
    end if;
    update public.payments as p set cancel_requested_at = coalesce(p.cancel_requested_at, now()), cancel_requested_by = caller
    where p.id = payment_id returning * into payment;
    -- Of a charge that was sent, Stripe says first what became of it: the order would be free to be paid again.
    if private.opened_at_stripe(payment) is null and not private.charge_is_unclear(payment) then
        payment := private.move_payment(payment, 'canceled');
    end if;
    return private.payment_json(payment);
end
$$;
comment on function api.request_payment_cancel is 'Definer: money tables have no write grants. Ends at once what Stripe was not asked for; of the rest Stripe is asked, and from here on it is asked for nothing new.';
grant execute on function api.request_payment_cancel(uuid) to authenticated;

create function api.get_payment_for_service(payment_id uuid) returns jsonb
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    payment public.payments;
begin
    perform private.require_service();
    select p.* into strict payment from public.payments as p where p.id = payment_id;
    return private.service_payment_json(payment) || jsonb_build_object('search_start', private.search_start(payment.id));
end
$$;
comment on function api.get_payment_for_service is 'Definer: what the backend sends to Stripe is rebuilt from this row alone.';
grant execute on function api.get_payment_for_service(uuid) to service_role;

-- A definite error of Stripe's is remembered by its idempotency key; the next try needs a new one.
-- Where it refused the customer, who may be gone there, the payment goes on without one.
create function api.increase_attempt(payment_id uuid, attempt integer, without_customer boolean default false) returns jsonb
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
    perform private.require_service();
    update public.payments as p
    set attempt = increase_attempt.attempt + 1,
        stripe_customer_id = case when not without_customer then p.stripe_customer_id end
    where p.id = payment_id and p.attempt = increase_attempt.attempt;
    update public.subscriptions as s set attempt = increase_attempt.attempt + 1
    where s.id = payment_id and s.attempt = increase_attempt.attempt;
    update public.setup_links as l set attempt = increase_attempt.attempt + 1
    where l.id = payment_id and l.attempt = increase_attempt.attempt;
    insert into private.customer_attempts as c (organization_id, attempt)
    select o.id, increase_attempt.attempt + 1 from public.organizations as o where o.id = payment_id
    on conflict on constraint customer_attempts_pkey do update
    set attempt = excluded.attempt where c.attempt < excluded.attempt;
    return '{}';
end
$$;
comment on function api.increase_attempt is 'Definer. Grows the attempt of a payment, or of the subscription, the link or the organization''s customer with this id, once, however many callers saw the same error.';
grant execute on function api.increase_attempt(uuid, integer, boolean) to service_role;

-- Stripe is asked about a payment at most every three seconds, however many people ask us.
create function api.claim_payment_check(payment_id uuid) returns jsonb
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    payment public.payments;
    due boolean;
begin
    perform private.require_service();
    update public.payments as p set checked_at = now()
    where p.id = payment_id
    and p.status <> 'succeeded'
    and (private.opened_at_stripe(p) is not null or p.flow = 'charge' and p.status = 'created')
    and (p.checked_at is null or p.checked_at <= now() - interval '3 seconds')
    returning * into payment;
    due := found;
    if not due then
        select p.* into payment from public.payments as p where p.id = payment_id;
    end if;
    if payment.id is null then
        perform private.refuse('not_found', jsonb_build_object('what', 'payment'));
    end if;
    return private.service_payment_json(payment) || jsonb_build_object(
        'due', due, 'search_start', private.search_start(payment.id)
    );
end
$$;
comment on function api.claim_payment_check is 'Definer. due says whether Stripe may be asked now.';
grant execute on function api.claim_payment_check(uuid) to service_role;

-- What the reconciler asks Stripe about: open payments not checked for a while, oldest check first. Claimed, so that
-- those which cannot be reconciled keep none of the others from their turn.
create function api.claim_payments_to_reconcile(max_rows integer) returns jsonb
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    ids uuid [];
begin
    perform private.require_service();
    with due as (
        select p.id from public.payments as p
        where p.status in ('created', 'pending', 'processing')
        and (private.opened_at_stripe(p) is not null or p.flow = 'charge' and p.status = 'created')
        and p.created_at < now() - interval '1 minute'
        and (
            p.checked_at is null or p.checked_at < now() - interval '5 minutes'
            -- Whoever opens its page again and again puts off neither of these.
            or p.flow = 'charge' and p.status = 'created'
            or p.status = 'pending' and private.is_revoked(p)
        )
        order by p.checked_at nulls first limit max_rows for update skip locked
    ),

    taken as (
        update public.payments as p set checked_at = now()
        where p.id in (select d.id from due as d)
        returning p.id
    )

    select array_agg(t.id) into ids from taken as t;
    return to_jsonb(coalesce(ids, '{}'));
end
$$;
comment on function api.claim_payments_to_reconcile is 'Definer. Ids of payments whose webhook may have been lost.';
grant execute on function api.claim_payments_to_reconcile(integer) to service_role;

-- Nobody ever could pay, and Stripe's events tell of nobody who did: past its time it is simply over.
create function api.expire_abandoned(max_rows integer) returns jsonb
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    lost public.payments;
begin
    perform private.require_service();
    for lost in
        select p.* from public.payments as p
        where p.status = 'created' and private.opened_at_stripe(p) is null and p.expires_at < now()
        order by p.id limit max_rows for update skip locked
    loop
        perform private.move_payment(lost, 'expired');
    end loop;
    update public.subscriptions as s set status = 'canceled'
    where s.id in (
        select lost_one.id from public.subscriptions as lost_one
        where lost_one.status = 'incomplete' and lost_one.expires_at < now()
        and lost_one.stripe_checkout_session_id is null and lost_one.stripe_subscription_id is null
        order by lost_one.id limit max_rows for update skip locked
    );
    return '{}';
end
$$;
comment on function api.expire_abandoned is 'Definer. For the reconciler, when it has read Stripe''s events.';
grant execute on function api.expire_abandoned(integer) to service_role;

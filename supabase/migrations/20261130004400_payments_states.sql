-- How a payment moves forward: its page is opened, its money credited, somebody looks at it; each shown in its chat.
create function private.move_payment(inout payment public.payments, to_status text)
language plpgsql set search_path = pg_catalog, pg_temp
as $$
begin
    if exists (
        select from private.payment_transitions as t
        where t.from_status = payment.status and t.to_status = move_payment.to_status
    ) then
        update public.payments as p
        set status = move_payment.to_status,
            succeeded_at = case when move_payment.to_status = 'succeeded' then now() end
        where p.id = payment.id returning * into payment;
        perform private.notify_payment_shown(payment);
    end if;
end
$$;
comment on function private.move_payment is 'Moves a locked payment forward and tells its chat; a move that is not forward changes nothing.';

create function private.begin_review(payment_id uuid, why text) returns void
language plpgsql set search_path = pg_catalog, pg_temp
as $$
declare
    payment public.payments;
begin
    update public.payments as p set under_review = why where p.id = payment_id returning * into payment;
    if found then
        perform private.notify_payment_shown(payment);
    end if;
end
$$;
comment on function private.begin_review is 'Tells the payer that money came and somebody is looking at it.';

create function private.end_review(payment_id uuid) returns public.payments
language plpgsql set search_path = pg_catalog, pg_temp
as $$
declare
    payment public.payments;
begin
    update public.payments as p set under_review = null
    where p.id = end_review.payment_id and p.under_review is not null
    and not exists (
        select from public.stripe_events as e where e.payment_id = p.id and e.state = 'dead_letter'
    )
    returning * into payment;
    if found then
        perform private.notify_payment_shown(payment);
    end if;
    return payment;
end
$$;
comment on function private.end_review is 'Nobody looks at the payment any more, unless something else of it is a dead letter: the payment then, or null.';

create function api.mark_payment_opened(
    payment_id uuid,
    stripe_checkout_session_id text default null,
    url text default null,
    stripe_payment_intent_id text default null
) returns jsonb
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    payment public.payments;
begin
    perform private.require_service();
    update public.payments as p
    set stripe_checkout_session_id = coalesce(p.stripe_checkout_session_id, mark_payment_opened.stripe_checkout_session_id),
        stripe_payment_intent_id = coalesce(p.stripe_payment_intent_id, mark_payment_opened.stripe_payment_intent_id),
        opened_at = coalesce(p.opened_at, now())
    where p.id = payment_id returning * into strict payment;
    update private.payment_requests as r set url = coalesce(r.url, mark_payment_opened.url)
    where r.payment_id = payment.id;
    payment := private.move_payment(payment, 'pending');
    return private.service_payment_json(payment);
end
$$;
comment on function api.mark_payment_opened is 'Definer. Stripe made the session or the intent: it can be paid, unless the payment went on meanwhile.';
grant execute on function api.mark_payment_opened(uuid, text, text, text) to service_role;

create function private.credit_payment(
    payment public.payments, stripe_payment_intent_id text, received_amount bigint, happened_at timestamptz
) returns void
language plpgsql set search_path = pg_catalog, pg_temp
as $$
begin
    if private.post_transfer(
        payment.wallet_id, private.posting_kind(payment), private.posting_reference(payment),
        'stripe', 'wallet', payment.amount,
        happened_at, credit_payment.stripe_payment_intent_id, payment.created_by
    ) is null then
        update public.payments as p set stripe_payment_intent_id = credit_payment.stripe_payment_intent_id
        where p.id = payment.id and p.stripe_payment_intent_id is null;
        return;
    end if;
    update public.payments as p
    set stripe_payment_intent_id = coalesce(credit_payment.stripe_payment_intent_id, p.stripe_payment_intent_id),
        last_decline = null, under_review = null,
        status = 'succeeded', succeeded_at = now(), received_amount = credit_payment.received_amount
    where p.id = payment.id returning * into payment;
    perform private.notify_payment_shown(payment);
    perform private.notify_wallet_credited(payment);
end
$$;
comment on function private.credit_payment is 'Posts payment.amount once and notifies everybody; a repeat adds at most the id of the intent. received_amount is what the charge was, with tax; happened_at when that was, by Stripe''s clock.';

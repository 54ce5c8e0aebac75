-- What refunds and disputes take of a payment, each and together, and what may still be refunded.
create function private.refunded_by_stripe(payment_id uuid) returns bigint
language sql stable set search_path = pg_catalog, pg_temp
as $$
    select coalesce(sum(r.charge_amount), 0)::bigint from public.refunds as r
    where r.payment_id = refunded_by_stripe.payment_id and r.status in ('pending', 'requires_action', 'succeeded')
$$;
comment on function private.refunded_by_stripe is 'What refunds send back of a payment''s charge, in its currency, with tax.';

create function private.refunded_amount(payment_id uuid) returns bigint
language sql stable set search_path = pg_catalog, pg_temp
as $$
    select least(max(p.amount), coalesce(sum(r.amount), 0))::bigint
    from public.payments as p
    left join public.refunds as r on p.id = r.payment_id and r.status in ('pending', 'requires_action', 'succeeded')
    where p.id = refunded_amount.payment_id
$$;
comment on function private.refunded_amount is 'What of a payment''s credit refunds send back, without tax.';

-- What Stripe's balance lost in the settlement currency of the account, where that is not the charge's.
create function private.moved_elsewhere(moved jsonb) returns bigint
language sql immutable set search_path = pg_catalog, pg_temp
as $$ select m.amount::bigint from jsonb_each_text(moved) as m (currency, amount) order by m.currency limit 1 $$;

-- What a dispute has taken of a charge, in the charge's currency. Stripe's balance transactions say it where they
-- are in that currency, before fees, which are the operator's. In another settlement currency they say only whether the
-- money is gone: differences of exchange rates are the operator's, too. A lost dispute keeps what had not been refunded
-- before: https://docs.stripe.com/disputes/how-disputes-work
create function private.dispute_share(dispute public.disputes, payment public.payments, refunded bigint) returns bigint
language sql immutable set search_path = pg_catalog, pg_temp
return case
    when dispute.movements = 0 then 0
    when dispute.moved ? payment.currency then greatest(0, (dispute.moved ->> payment.currency)::bigint)
    when dispute.status = 'won' then 0
    when dispute.currency = payment.currency and dispute.status = 'lost'
        then greatest(0, least(dispute.amount, payment.received_amount - refunded))
    when private.moved_elsewhere(dispute.moved) <= 0 then 0
    when dispute.currency = payment.currency then dispute.amount
    -- What it took, as a part of what the charge itself had come to in that currency.
    else coalesce(round(
        payment.received_amount::numeric * private.moved_elsewhere(dispute.moved) / nullif(dispute.charge_settled_amount, 0)
    )::bigint, payment.received_amount)
end;

create function private.disputed_amount(payment public.payments) returns bigint
language sql stable set search_path = pg_catalog, pg_temp
as $$
    select coalesce(sum(private.dispute_share(d, payment, private.refunded_by_stripe(payment.id))), 0)::bigint
    from public.disputes as d where d.payment_id = payment.id
$$;
comment on function private.disputed_amount is 'What disputes have taken of a payment''s charge and not brought back, in its currency, with tax.';

-- What all refunds and disputes of a payment together take out of its wallet. It is computed from all of them
-- each time, in the charge's currency, so that their order, repetition and rounding cannot matter. Tax is
-- part of the charge and not of the credit, so what went back is taken in proportion, and never more than the credit.
create function private.clawback_target(payment public.payments) returns bigint
language sql stable set search_path = pg_catalog, pg_temp
as $$
    select greatest(0, least(payment.amount, round(
        payment.amount::numeric * (private.refunded_by_stripe(payment.id) + private.disputed_amount(payment))
        / payment.received_amount
    )))::bigint
$$;

-- https://docs.stripe.com/api/radar/early_fraud_warnings/object#early_fraud_warning_object-actionable: not disputed, and
-- not refunded as a whole. We may know it before Stripe's event says so.
create function private.is_warning_actionable(payment_id uuid) returns boolean
language sql stable set search_path = pg_catalog, pg_temp
as $$
    select exists (
        select from private.fraud_warnings as w where w.payment_id = is_warning_actionable.payment_id and w.actionable
    ) and not exists (
        select from public.disputes as d where d.payment_id = is_warning_actionable.payment_id
    ) and exists (
        select from public.payments as p where p.id = is_warning_actionable.payment_id
        and private.refunded_by_stripe(p.id) < coalesce(p.received_amount, p.amount)
    )
$$;
comment on function private.is_warning_actionable is 'Whether who refunds a payment that a bank warned of may spare a dispute.';

-- What of a payment may go back: what is left of its credit, and not more than the wallet has. What is asked
-- of Stripe right now is gone already.
create function private.refundable(payment public.payments) returns bigint
language sql stable set search_path = pg_catalog, pg_temp
as $$
    select case when payment.status = 'succeeded' and payment.stripe_payment_intent_id is not null then greatest(0, least(
        payment.amount - payment.clawed_back_amount - coalesce(sum(r.amount) filter (where r.payment_id = payment.id), 0),
        (select a.balance from public.accounts as a where a.wallet_id = payment.wallet_id and a.kind = 'wallet')
        - coalesce(sum(r.amount), 0)
    ))::bigint else 0 end
    from public.refunds as r
    where r.organization_id = payment.organization_id and r.currency = payment.currency and r.status = 'requested'
$$;

-- What the payer gets for so much of the credit: the tax on it as well, and with the last of the credit whatever is left.
create function private.charge_amount_of(payment public.payments, amount bigint) returns bigint
language sql stable set search_path = pg_catalog, pg_temp
as $$
    select case
        when charge_amount_of.amount >= payment.amount - payment.clawed_back_amount - rest.requested then rest.charge
        else greatest(1, least(rest.charge, round(charge_amount_of.amount::numeric * payment.received_amount / payment.amount)::bigint))
    end
    from (
        select
            coalesce(sum(r.amount), 0) as requested,
            payment.received_amount - private.refunded_by_stripe(payment.id) - private.disputed_amount(payment)
            - coalesce(sum(r.charge_amount), 0)::bigint as charge
        from public.refunds as r where r.payment_id = payment.id and r.status = 'requested'
    ) as rest
$$;

-- What is shown of a payment, its refunds and its disputes.
create function private.payment_reference(payment_id uuid) returns text
language sql immutable set search_path = pg_catalog, pg_temp
return 'P-' || upper(left(replace(payment_id::text, '-', ''), 10));
comment on function private.payment_reference is 'The short name of a payment that people quote. With its first letter no spreadsheet takes it for a number.';

-- What makes its credit happen once: an invoice's number at Stripe, else our own id.
create function private.posting_kind(payment public.payments) returns text
language sql immutable set search_path = pg_catalog, pg_temp
return case payment.flow when 'invoice' then 'invoice' else 'topup' end;

create function private.posting_reference(payment public.payments) returns text
language sql immutable set search_path = pg_catalog, pg_temp
return case payment.flow when 'invoice' then payment.stripe_invoice_id else payment.id::text end;

create function private.opened_at_stripe(payment public.payments) returns text
language sql immutable set search_path = pg_catalog, pg_temp
return case payment.flow
    when 'checkout' then payment.stripe_checkout_session_id
    when 'invoice' then payment.stripe_invoice_id
    else payment.stripe_payment_intent_id
end;
comment on function private.opened_at_stripe is 'The one session, intent or invoice that was opened for a payment, or null: nobody ever could pay.';

create function private.is_revoked(payment public.payments) returns boolean
language sql stable set search_path = pg_catalog, pg_temp
return payment.flow <> 'invoice' and (
    not private.is_authorized_to_move_money(payment.created_by, payment.organization_id)
    or private.is_authorized_to_move_money(payment.cancel_requested_by, payment.organization_id)
);
comment on function private.is_revoked is 'Whether what waits for its payer is to be closed: who asked for it has lost the role, or who has it canceled it.';

create function private.refund_json(refund public.refunds) returns jsonb
language sql stable set search_path = pg_catalog, pg_temp
as $$
    select jsonb_build_object(
        'id', refund.id,
        'payment_id', refund.payment_id,
        'money', private.money_json(refund.amount, refund.currency),
        'status', refund.status,
        'reason', refund.reason,
        'failure', refund.failure,
        'refunded_by', (select u.name from private.users as u where u.id = refund.created_by),
        'created_at', refund.created_at
    )
$$;

-- What is disputed; in a currency that we do not have it is shown as what was taken, in the payment's.
create function private.dispute_money(dispute public.disputes) returns jsonb
language sql stable set search_path = pg_catalog, pg_temp
as $$
    select case
        when exists (select from public.currencies as c where c.code = dispute.currency)
            then private.money_json(dispute.amount, dispute.currency)
        else private.money_json(
            least(p.amount, private.dispute_share(dispute, p, private.refunded_by_stripe(p.id))), p.currency
        )
    end
    from public.payments as p where p.id = dispute.payment_id
$$;

create function private.disputes_json(payment_id uuid) returns jsonb
language sql stable set search_path = pg_catalog, pg_temp
as $$
    select coalesce(jsonb_agg(jsonb_build_object(
        'stripe_dispute_id', d.stripe_dispute_id,
        'money', private.dispute_money(d),
        'status', d.status,
        'reason', d.reason,
        'due_by', d.due_by,
        'withdrawn', d.withdrawn_at is not null,
        'reinstated', d.reinstated_at is not null
    ) order by d.created_at, d.stripe_dispute_id), '[]')
    from public.disputes as d where d.payment_id = disputes_json.payment_id
$$;

create function private.clawbacks_json(payment public.payments) returns jsonb
language sql stable set search_path = pg_catalog, pg_temp
as $$
    select jsonb_build_object(
        'refunded', private.money_json(private.refunded_amount(payment.id), payment.currency),
        'refundable', private.money_json(private.refundable(payment), payment.currency),
        'refunds', (
            select coalesce(jsonb_agg(private.refund_json(r) order by r.created_at, r.id), '[]')
            from public.refunds as r where r.payment_id = payment.id
        ),
        'disputes', private.disputes_json(payment.id),
        'dispute_status', private.disputes_json(payment.id) -> -1 ->> 'status',
        'debt', (
            select private.money_json(least(payment.amount, -a.balance), payment.currency) from public.accounts as a
            where a.wallet_id = payment.wallet_id and a.kind = 'wallet' and a.balance < 0
            and payment.status in ('created', 'pending', 'processing')
        )
    )
$$;
comment on function private.clawbacks_json is 'What went back of a payment, what may, and what of one that is not paid yet goes to what the wallet owes.';

-- What everybody who may see a payment is shown of it.
create function private.payment_json(payment public.payments) returns jsonb
language sql stable set search_path = pg_catalog, pg_temp
as $$
    select jsonb_build_object(
        'id', payment.id,
        'reference', private.payment_reference(payment.id),
        'organization_id', payment.organization_id,
        'organization_name', o.name,
        'paid_by', u.name,
        'money', private.money_json(payment.amount, payment.currency),
        'requested', case when payment.requested_amount is not null then private.money_json(payment.requested_amount, payment.currency) end,
        'funded', case
            when payment.status in ('pending', 'processing') and payment.funded_amount > 0
                then private.money_json(payment.funded_amount, payment.currency)
        end,
        'status', payment.status,
        'flow', payment.flow,
        'order_reference', payment.order_reference,
        'paid_with', case when can_pay then coalesce(private.payment_method_name(coalesce(payment.payment_method_id, (
            select m.id from public.payment_methods as m where m.stripe_payment_method_id = payment.stripe_payment_method_id
        ))), (
            select private.method_name(c.type, c.brand, c.last_four) from private.payment_cards as c
            where c.payment_id = payment.id
        )) end,
        'url', case when can_pay and payment.status = 'pending' then (
            select r.url from private.payment_requests as r where r.payment_id = payment.id
        ) end,
        'expires_at', payment.expires_at,
        'last_decline', payment.last_decline,
        'under_review', payment.under_review,
        'balance', (
            select private.money_json(e.balance_after, e.currency)
            from public.transfers as t
            inner join public.entries as e on t.id = e.transfer_id
            inner join public.accounts as a on e.account_id = a.id and a.kind = 'wallet'
            where (t.kind, t.reference) = (private.posting_kind(payment), private.posting_reference(payment))
        ),
        'created_at', payment.created_at,
        'paid_at', (
            select t.happened_at from public.transfers as t
            where (t.kind, t.reference) = (private.posting_kind(payment), private.posting_reference(payment))
        ),
        'succeeded_at', payment.succeeded_at
    ) || private.clawbacks_json(payment)
    from public.organizations as o
    left join private.users as u on u.id = payment.created_by
    cross join private.can_pay(o.id)
    where o.id = payment.organization_id
$$;

-- What only the backend needs to talk to Stripe about it.
create function private.service_payment_json(payment public.payments) returns jsonb
language sql stable set search_path = pg_catalog, pg_temp
as $$
    select private.payment_json(payment) || jsonb_build_object(
        'amount_minor', payment.amount,
        'currency', payment.currency,
        'attempt', payment.attempt,
        'key_hash', (
            select private.key_hash(r.created_by, r.idempotency_key) from private.payment_requests as r where r.payment_id = payment.id
        ),
        'language', coalesce((select r.language from private.payment_requests as r where r.payment_id = payment.id), 'en'),
        'sent_at', payment.sent_at,
        'revoked', private.is_revoked(payment),
        'stripe_customer_id', payment.stripe_customer_id,
        'stripe_checkout_session_id', payment.stripe_checkout_session_id,
        'stripe_payment_intent_id', payment.stripe_payment_intent_id,
        'stripe_invoice_id', payment.stripe_invoice_id,
        'stripe_payment_method_id', (
            select m.stripe_payment_method_id from public.payment_methods as m where m.id = payment.payment_method_id
        )
    )
$$;

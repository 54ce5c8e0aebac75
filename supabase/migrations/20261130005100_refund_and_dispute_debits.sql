-- Where a refund or a dispute is debited: whose payment it is about, who is told, and the transfer.

-- The credited payment that a refund, a dispute or a warning is about, locked; null where there is
-- none: money of others, or of ours that is not credited. Whoever credits it waits for whoever says
-- here that there is none, and then finds the event in the inbox.
create function private.payment_of_clawback(fact jsonb) returns public.payments
language plpgsql set search_path = pg_catalog, pg_temp
as $$
declare
    payment public.payments;
begin
    perform pg_advisory_xact_lock(hashtextextended('pursebot.clawback ' || (fact ->> 'stripe_payment_intent_id'), 0));
    select p.* into payment from public.payments as p where p.id = private.payment_of(fact) for update;
    if payment.id is null and fact ->> 'payment_id' is not null then
        perform private.refuse('unknown_payment', jsonb_build_object('payment_id', fact ->> 'payment_id'));
    elsif payment.status <> 'succeeded' or payment.stripe_payment_intent_id is distinct from fact ->> 'stripe_payment_intent_id' then
        return null;
    end if;
    return payment;
end
$$;

-- Owners and admins are told whatever takes money or may, and the payment's own message changes. facts has the
-- amount as private.money_json writes it.
create function private.notify_clawback(
    kind text, payment public.payments, facts jsonb, except_for uuid default null
) returns void
language plpgsql set search_path = pg_catalog, pg_temp
as $$
begin
    perform private.audit(payment.organization_id, notify_clawback.kind, jsonb_build_object(
        'payment_id', payment.id, 'id', facts ->> 'id',
        'amount', facts -> 'amount', 'amount_minor', facts -> 'amount_minor', 'currency', facts -> 'currency'
    ));
    perform private.notify_users(
        array(
            select m.user_id from public.memberships as m
            where m.organization_id = payment.organization_id and m.role in ('owner', 'admin')
            and m.user_id is distinct from except_for
        ),
        notify_clawback.kind, payment.organization_id, jsonb_strip_nulls(jsonb_build_object(
            'payment', replace(payment.id::text, '-', ''), 'reference', private.payment_reference(payment.id)
        ) || (facts - 'id' - 'amount_minor'))
    );
    perform private.notify_payment_shown(payment);
end
$$;

-- Posts the difference between what is gone and what is posted as gone. Answers what the wallet gained (> 0) or
-- lost (< 0), in minor units. The payment is locked by the caller.
create function private.settle_clawbacks(
    payment_id uuid, cause text, happened_at timestamptz, stripe_object_id text, acted_by uuid
) returns bigint
language plpgsql set search_path = pg_catalog, pg_temp
as $$
declare
    payment public.payments;
    target bigint;
    difference bigint;
begin
    select p.* into strict payment from public.payments as p where p.id = settle_clawbacks.payment_id;
    target := private.clawback_target(payment);
    difference := payment.clawed_back_amount - target;
    if difference = 0 then
        return 0;
    end if;
    perform private.post_transfer(
        payment.wallet_id,
        case
            when difference < 0 then cause
            when cause = 'refund' then 'refund_reversal'
            else 'reinstatement'
        end,
        'clawback:' || payment.id || ':' || payment.clawbacks + 1,
        case when difference < 0 then 'wallet' else 'stripe' end,
        case when difference < 0 then 'stripe' else 'wallet' end,
        abs(difference),
        happened_at, stripe_object_id, acted_by
    );
    update public.payments as p set clawed_back_amount = target, clawbacks = p.clawbacks + 1
    where p.id = payment.id;
    return difference;
end
$$;
comment on function private.settle_clawbacks is 'cause is refund or dispute: what the posting is called. happened_at, stripe_object_id and acted_by are of the refund or dispute that was reported.';

-- What Stripe says of disputes, and early fraud warnings.

-- What a fact says of a dispute is newer than what we have where Stripe's balance has moved more often since,
-- or where the dispute has come further.
create function private.upsert_dispute(payment public.payments, fact jsonb) returns public.disputes
language sql set search_path = pg_catalog, pg_temp
as $$
    insert into public.disputes as d (
        stripe_dispute_id, organization_id, payment_id, currency, amount, status, reason, due_by,
        movements, moved, charge_settled_amount
    ) values (
        fact ->> 'id', payment.organization_id, payment.id, fact ->> 'currency', (fact ->> 'amount_minor')::bigint,
        fact ->> 'status', fact ->> 'reason', to_timestamp((fact ->> 'due_by')::bigint),
        (fact ->> 'movements')::integer, fact -> 'moved', (fact ->> 'charge_settled_minor')::bigint
    )
    on conflict (stripe_dispute_id) do update
    set status = excluded.status, amount = excluded.amount, currency = excluded.currency,
        due_by = coalesce(excluded.due_by, d.due_by),
        movements = excluded.movements, moved = excluded.moved,
        charge_settled_amount = coalesce(excluded.charge_settled_amount, d.charge_settled_amount)
    where (excluded.movements, private.dispute_rank(excluded.status)) >= (d.movements, private.dispute_rank(d.status));
    select d.* from public.disputes as d where d.stripe_dispute_id = fact ->> 'id'
$$;

-- Whether Stripe must be asked before a dispute can be judged: its event tells of money that its transactions do
-- not show, or it is in another currency than the charge and nobody knows what the charge came to in that one.
create function private.dispute_is_unclear(payment public.payments, fact jsonb) returns boolean
language sql immutable set search_path = pg_catalog, pg_temp
return not coalesce((fact ->> 'refetched')::boolean, false) and (
    (fact ->> 'movements')::integer < case fact ->> 'step' when 'withdrawn' then 1 when 'reinstated' then 2 else 0 end
    or (fact ->> 'movements')::integer > 0 and not (fact -> 'moved' ? payment.currency) and fact ->> 'currency' <> payment.currency
);

-- Each state once, with what it moved: that there is one, that money went, that money is back, and how it ended.
create function private.notify_dispute(
    payment public.payments, before public.disputes, dispute public.disputes, change bigint
) returns void
language plpgsql set search_path = pg_catalog, pg_temp
as $$
declare
    share bigint := least(payment.amount, private.dispute_share(dispute, payment, private.refunded_by_stripe(payment.id)));
    facts jsonb := jsonb_build_object(
        'id', dispute.stripe_dispute_id, 'reason', dispute.reason, 'status', dispute.status,
        'due_by', extract(epoch from dispute.due_by)::bigint
    ) || private.dispute_money(dispute);
    moved jsonb := facts || private.money_json(abs(change), payment.currency);
begin
    if private.dispute_rank(dispute.status) < 6 and (
        before.stripe_dispute_id is null or private.dispute_rank(before.status) < 4 and private.dispute_rank(dispute.status) >= 4
    ) then
        perform private.notify_clawback('dispute_opened', payment, facts);
    end if;
    if change < 0 then
        perform private.notify_clawback('dispute_withdrawn', payment, moved);
    elsif change > 0 then
        perform private.notify_clawback('dispute_reinstated', payment, moved);
    end if;
    if dispute.status in ('won', 'lost', 'warning_closed', 'prevented') and dispute.status is distinct from before.status then
        perform private.notify_clawback('dispute_closed', payment, facts || case
            when dispute.status = 'lost' and share > 0 then private.money_json(share, payment.currency)
            else '{}'
        end);
    end if;
end
$$;

create function private.apply_dispute(fact jsonb) returns private.verdict
language plpgsql set search_path = pg_catalog, pg_temp
as $$
declare
    payment public.payments := private.payment_of_clawback(fact);
    before public.disputes;
    dispute public.disputes;
    change bigint;
begin
    if payment.id is null then
        return row('ignored', 'not ours')::private.verdict;
    elsif private.dispute_is_unclear(payment, fact) then
        return row('done', 'needs_refetch')::private.verdict;
    end if;
    select d.* into before from public.disputes as d where d.stripe_dispute_id = fact ->> 'id';
    dispute := private.upsert_dispute(payment, fact);
    change := private.settle_clawbacks(
        payment.id, 'dispute', private.happened_at(fact), dispute.stripe_dispute_id, null
    );
    update public.disputes as d
    set withdrawn_at = coalesce(d.withdrawn_at, case when d.movements > 0 then now() end),
        reinstated_at = coalesce(d.reinstated_at, case when d.movements > 1 and private.dispute_share(d, payment, 0) = 0 then now() end)
    where d.stripe_dispute_id = dispute.stripe_dispute_id returning * into dispute;
    perform private.notify_dispute(payment, before, dispute, change);
    perform private.notify_payment_shown(payment);
    return row('done', dispute.status)::private.verdict;
end
$$;

-- The payer's bank thinks that it may be fraud. Nothing has moved; who refunds now may spare a dispute, unless the
-- payment was refunded or disputed meanwhile: what is said of it then is decided when it is said. Events come in any
-- order, and a warning that is not actionable never is again.
create function private.apply_warning(fact jsonb) returns private.verdict
language plpgsql set search_path = pg_catalog, pg_temp
as $$
declare
    payment public.payments := private.payment_of_clawback(fact);
    is_repeat boolean := exists (select from private.fraud_warnings as w where w.stripe_warning_id = fact ->> 'id');
begin
    if payment.id is null then
        return row('ignored', 'not ours')::private.verdict;
    end if;
    insert into private.fraud_warnings as w (stripe_warning_id, payment_id, actionable)
    values (fact ->> 'id', payment.id, coalesce((fact ->> 'actionable')::boolean, true))
    on conflict on constraint fraud_warnings_pkey do update set actionable = w.actionable and excluded.actionable;
    if is_repeat then
        return row('done', 'reported')::private.verdict;
    end if;
    perform private.notify_clawback('fraud_warned', payment, jsonb_build_object(
        'id', fact ->> 'id', 'reason', fact ->> 'reason'
    ) || private.money_json(payment.amount, payment.currency));
    return row('done', 'reported')::private.verdict;
end
$$;

-- What the reconciler asks Stripe about, each every hour at most: disputes without an end, and those won whose money
-- is not back. A dispute takes a bank about three months: https://docs.stripe.com/disputes/how-disputes-work
create function api.claim_disputes_to_reconcile(max_rows integer) returns jsonb
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    ids text [];
begin
    perform private.require_service();
    with due as (
        select d.stripe_dispute_id from public.disputes as d
        where (
            private.dispute_rank(d.status) < 6
            or d.status = 'won' and d.withdrawn_at is not null and d.reinstated_at is null
            and d.created_at > now() - interval '180 days'
        )
        and d.created_at < now() - interval '1 minute'
        and (d.reconciled_at is null or d.reconciled_at < now() - interval '1 hour')
        order by d.reconciled_at nulls first limit max_rows for update skip locked
    ),

    taken as (
        update public.disputes as d set reconciled_at = now()
        where d.stripe_dispute_id in (select due.stripe_dispute_id from due)
        returning d.stripe_dispute_id
    )

    select array_agg(t.stripe_dispute_id) into ids from taken as t;
    return to_jsonb(coalesce(ids, '{}'));
end
$$;
comment on function api.claim_disputes_to_reconcile is 'Definer. Stripe''s ids of disputes whose webhook may have been lost.';
grant execute on function api.claim_disputes_to_reconcile(integer) to service_role;

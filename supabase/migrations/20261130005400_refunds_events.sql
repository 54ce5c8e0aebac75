-- What Stripe says of refunds.
create function private.listed_refund_status(status text) returns text
language sql immutable set search_path = pg_catalog, pg_temp
return case when status in ('pending', 'requires_action', 'succeeded', 'failed', 'canceled') then status else 'pending' end;
comment on function private.listed_refund_status is 'A word of Stripe''s that we do not know counts as pending: out of the wallet, and asked about again.';

-- One of our own that this database does not have, because it was restored to before it was requested, keeps its id.
create function private.id_of_reported_refund(fact jsonb) returns uuid
language sql stable set search_path = pg_catalog, pg_temp
as $$
    select coalesce(
        (
            select (fact ->> 'refund_id')::uuid
            where (fact ->> 'installation')::uuid = (select i.id from private.installation as i)
            and not exists (select from public.refunds as r where r.id = (fact ->> 'refund_id')::uuid)
        ),
        gen_random_uuid()
    )
$$;

create function private.upsert_refund(payment public.payments, before public.refunds, fact jsonb) returns public.refunds
language plpgsql set search_path = pg_catalog, pg_temp
as $$
declare
    refund public.refunds;
    status_now text := private.listed_refund_status(fact ->> 'status');
    gross bigint := (fact ->> 'amount_minor')::bigint;
    share bigint := case
        when gross = before.charge_amount then before.amount
        else least(payment.amount, round(payment.amount::numeric * gross / payment.received_amount))
    end;
begin
    if before.id is null then
        insert into public.refunds (
            id, organization_id, payment_id, stripe_refund_id, currency, amount, charge_amount, reason, failure, status, stripe_status
        ) values (
            private.id_of_reported_refund(fact), payment.organization_id, payment.id, fact ->> 'id', payment.currency, share, gross,
            fact ->> 'reason', fact ->> 'failure', status_now, fact ->> 'status'
        ) returning * into refund;
        return refund;
    end if;
    update public.refunds as r
    set status = status_now, stripe_status = fact ->> 'status', stripe_refund_id = fact ->> 'id',
        failure = fact ->> 'failure', amount = share, charge_amount = gross
    where r.id = before.id
    and (r.stripe_refund_id is null or private.refund_rank(status_now) >= private.refund_rank(r.status))
    returning * into refund;
    if not found then
        return before;
    end if;
    return refund;
end
$$;

-- Each state once: that it is on its way, out of the wallet; that it failed, and whether the money is back.
create function private.notify_refund(
    payment public.payments, before public.refunds, refund public.refunds, change bigint
) returns void
language plpgsql set search_path = pg_catalog, pg_temp
as $$
declare
    live boolean := private.refund_rank(refund.status) between 2 and 3;
    was_live boolean := coalesce(private.refund_rank(before.status) between 2 and 3, false);
    facts jsonb := jsonb_build_object(
        'id', refund.stripe_refund_id,
        'by', (select u.name from private.users as u where u.id = refund.created_by), 'reason', refund.failure,
        -- Where disputes had taken all of it before, nothing leaves the wallet.
        'status', case when live and change = 0 then 'covered' else refund.status end
    ) || private.money_json(refund.amount, refund.currency);
begin
    if live and not was_live then
        -- Who asked for it a moment ago reads it in the answer.
        perform private.notify_clawback(
            'refund_made', payment, facts,
            except_for => case when refund.requested_at > now() - interval '1 minute' then refund.created_by end
        );
    elsif not live and (was_live or before.status = 'requested') then
        perform private.notify_clawback('refund_failed', payment, facts);
    end if;
end
$$;

-- One fact about a refund: its row, then the wallet. Locks the payment, then its accounts. What moves is what
-- Stripe moved, also where that is another sum than was asked for.
create function private.apply_refund(fact jsonb) returns private.verdict
language plpgsql set search_path = pg_catalog, pg_temp
as $$
declare
    payment public.payments := private.payment_of_clawback(fact);
    before public.refunds;
    refund public.refunds;
    change bigint;
begin
    if payment.id is null then
        return row('ignored', 'not ours')::private.verdict;
    elsif payment.currency is distinct from fact ->> 'currency' or coalesce((fact ->> 'amount_minor')::bigint, 0) < 1 then
        perform private.begin_review(payment.id, 'refund_currency_differs');
        return row('dead_letter', 'refund_currency_differs')::private.verdict;
    end if;
    select r.* into before from public.refunds as r
    where r.payment_id = payment.id and (
        r.stripe_refund_id = fact ->> 'id'
        or (r.id = (fact ->> 'refund_id')::uuid and r.stripe_refund_id is null)
    );
    refund := private.upsert_refund(payment, before, fact);
    change := private.settle_clawbacks(
        payment.id, 'refund', private.happened_at(fact), refund.stripe_refund_id,
        -- That it failed is nobody's act.
        case when private.refund_rank(refund.status) < 4 then refund.created_by end
    );
    perform private.notify_refund(payment, before, refund, change);
    perform private.notify_payment_shown(payment);
    return row('done', refund.status)::private.verdict;
end
$$;

-- A charge says that something went back, not what: Stripe is asked for the list.
create function private.apply_refunds(fact jsonb) returns private.verdict
language plpgsql set search_path = pg_catalog, pg_temp
as $$
declare
    payment public.payments := private.payment_of_clawback(fact);
begin
    if payment.id is null then
        return row('ignored', 'not ours')::private.verdict;
    elsif private.refunded_by_stripe(payment.id) = (fact ->> 'amount_minor')::bigint then
        return row('done', 'already_applied')::private.verdict;
    end if;
    return row('done', 'needs_refetch')::private.verdict;
end
$$;

-- What has happened in a wallet: its movements, and a month of it as a statement.

-- The wallet's own side of each transfer: whose payment it was, and whose act. Names are those of then.
create view private.movements with (security_invoker = true) as
select
    e.account_id,
    e.seq,
    e.currency,
    t.kind,
    e.amount,
    e.balance_after,
    e.created_at,
    t.happened_at,
    t.stripe_object_id,
    t.acted_by as acted_by_id,
    actor.name as acted_by,
    p.id as payment_id,
    p.order_reference,
    p.stripe_payment_intent_id,
    p.created_by as paid_by_id,
    payer.name as paid_by,
    case t.kind when 'adjustment' then t.reference end as adjustment
from public.entries as e
inner join public.transfers as t on e.transfer_id = t.id
left join private.transfer_actors as actor on t.id = actor.transfer_id
left join public.payments as p on p.id = case t.kind
    when 'topup' then t.reference::uuid
    when 'invoice' then (select i.id from public.payments as i where i.stripe_invoice_id = t.reference)
    when 'adjustment' then null
    -- clawback:<payment>:<number>
    else split_part(t.reference, ':', 2)::uuid
end
left join public.transfers as credit on (credit.kind, credit.reference) = (private.posting_kind(p), private.posting_reference(p))
left join private.transfer_actors as payer on credit.id = payer.transfer_id;
comment on view private.movements is 'Entries as people read them. A kind that is not about a payment has none.';

create function private.movement_json(movement private.movements) returns jsonb
language sql stable set search_path = pg_catalog, pg_temp
as $$
    select jsonb_build_object(
        'kind', movement.kind,
        'money', private.money_json(movement.amount, movement.currency),
        'balance', private.money_json(movement.balance_after, movement.currency),
        'payment_id', movement.payment_id,
        'reference', coalesce(movement.adjustment, private.payment_reference(movement.payment_id)),
        'order_reference', movement.order_reference,
        'stripe_payment_intent_id', movement.stripe_payment_intent_id,
        'stripe_object_id', movement.stripe_object_id,
        'paid_by', movement.paid_by,
        'paid_by_id', movement.paid_by_id,
        'acted_by', movement.acted_by,
        'acted_by_id', movement.acted_by_id,
        'created_at', movement.created_at,
        'happened_at', movement.happened_at
    )
$$;

create function api.list_transactions(
    organization_id uuid,
    currency text default null,
    kind text [] default null,
    cursor text default null,
    max_rows integer default null
) returns jsonb
language plpgsql stable security definer set search_path = pg_catalog, pg_temp
as $$
declare
    account bigint;
    position bigint;
    page jsonb;
    oldest bigint;
    newest bigint;
begin
    perform private.require_role(organization_id, 'owner', 'admin', 'member');
    perform private.require_cursor(cursor, '[0-9]{1,18}');
    account := (private.wallet_account(organization_id, currency)).id;
    position := substr(cursor, 2)::bigint;
    select jsonb_agg(private.movement_json(m) order by m.seq desc), min(m.seq), max(m.seq)
    into page, oldest, newest
    from (
        (
            select o.* from private.movements as o
            where coalesce(cursor, 'o') like 'o%' and o.account_id = account
            and o.seq < coalesce(position, 9223372036854775807) and (list_transactions.kind is null or o.kind = any(list_transactions.kind))
            order by o.seq desc limit private.page_size(max_rows)
        )
        union all
        (
            select n.* from private.movements as n
            where cursor like 'n%' and n.account_id = account
            and n.seq > position and (list_transactions.kind is null or n.kind = any(list_transactions.kind))
            order by n.seq limit private.page_size(max_rows)
        )
    ) as m;
    return jsonb_build_object(
        'transactions', coalesce(page, '[]'),
        'next_cursor', case when exists (
            select from private.movements as o
            where o.account_id = account and o.seq < oldest and (list_transactions.kind is null or o.kind = any(list_transactions.kind))
        ) then 'o' || oldest end,
        'previous_cursor', case when exists (
            select from private.movements as n
            where n.account_id = account and n.seq > newest and (list_transactions.kind is null or n.kind = any(list_transactions.kind))
        ) then 'n' || newest end
    );
end
$$;
comment on function api.list_transactions is 'Definer: who paid is told by payments, which members do not read whole. Refuses bad_cursor, currency_unknown.';
grant execute on function api.list_transactions(uuid, text, text [], text, integer) to authenticated;

-- One month of a wallet, from its first moment to its last, by the accounting time zone. A stable function sees one
-- snapshot: what came in before plus the lines is always what is there at the end.
create function api.get_statement(organization_id uuid, currency text, month date) returns jsonb
language plpgsql stable security definer set search_path = pg_catalog, pg_temp
as $$
declare
    first_day date := date_trunc('month', month::timestamp)::date;
    begins timestamptz;
    ends timestamptz;
    wallet record;
    opening bigint;
    closing bigint;
    lines jsonb;
begin
    perform private.require_role(organization_id, 'owner', 'admin', 'member');
    wallet := private.wallet_account(organization_id, currency);
    begins := private.month_begins_at(organization_id, first_day);
    ends := private.month_begins_at(organization_id, (first_day + interval '1 month')::date);
    select e.balance_after into opening from public.entries as e
    where e.account_id = wallet.id and e.created_at < begins order by e.created_at desc, e.seq desc limit 1;
    select e.balance_after into closing from public.entries as e
    where e.account_id = wallet.id and e.created_at < ends order by e.created_at desc, e.seq desc limit 1;
    select jsonb_agg(private.movement_json(m) order by m.seq) into lines from private.movements as m
    where m.account_id = wallet.id and m.created_at >= begins and m.created_at < ends;
    return jsonb_build_object(
        'organization_name', (select o.name from public.organizations as o where o.id = get_statement.organization_id),
        'currency', wallet.currency,
        'time_zone', private.accounting_time_zone(organization_id, first_day),
        'begins_at', begins,
        'ends_at', least(ends, greatest(begins, now())),
        'opening', private.money_json(coalesce(opening, 0), wallet.currency),
        'closing', private.money_json(coalesce(closing, 0), wallet.currency),
        'lines', coalesce(lines, '[]'),
        'empty', case
            when lines is not null then null
            when begins > now() then 'not_begun'
            when closing is null then 'before_first'
            else 'nothing_moved'
        end
    );
end
$$;
comment on function api.get_statement is 'Definer, as api.list_transactions. month is any day of it; empty says why there are no lines.';
grant execute on function api.get_statement(uuid, text, date) to authenticated;

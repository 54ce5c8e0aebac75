-- How the ledger is proved.

-- Every way in which the ledger could be wrong; empty is the only good answer.
create view private.ledger_problems with (security_invoker = true) as
with history as (
    select
        e.*,
        t.kind,
        t.reference,
        row_number() over chain as expected_seq,
        sum(e.amount) over chain as expected_balance,
        coalesce(lag(e.hash) over chain, '') as expected_previous_hash
    from public.entries as e
    inner join public.transfers as t on e.transfer_id = t.id
    window chain as (partition by e.account_id order by e.seq)
)
select 'transfer does not sum to zero' as problem, 'transfer ' || t.id as place
from public.transfers as t
left join public.entries as e on t.id = e.transfer_id
group by t.id
having count(e.seq) <> 2 or sum(e.amount) <> 0
union all
select 'organization does not sum to zero', e.organization_id || ' ' || e.currency
from public.entries as e
group by e.organization_id, e.currency
having sum(e.amount) <> 0
union all
select 'entry breaks its chain', 'account ' || h.account_id || ' seq ' || h.seq
from history as h
where h.seq <> h.expected_seq
or h.balance_after <> h.expected_balance
or h.previous_hash <> h.expected_previous_hash
or h.hash <> private.entry_hash(
    h.previous_hash, h.account_id, h.seq, h.kind, h.reference, h.currency, h.amount, h.balance_after, h.created_at
)
union all
select 'account differs from its history', 'account ' || a.id
from public.accounts as a
left join lateral (
    select e.seq, e.balance_after, e.hash from public.entries as e
    where e.account_id = a.id order by e.seq desc limit 1
) as tip on true
where (a.last_seq, a.balance, a.last_hash)
is distinct from (coalesce(tip.seq, 0), coalesce(tip.balance_after, 0), coalesce(tip.hash, ''));
comment on view private.ledger_problems is 'What is wrong with the ledger: no rows, or an alarm.';

create function api.list_ledger_problems(max_rows integer) returns jsonb
language plpgsql stable security definer set search_path = pg_catalog, pg_temp
as $$
begin
    perform private.require_service();
    return (
        select coalesce(jsonb_agg(to_jsonb(listed)), '[]')
        from (select l.problem, l.place from private.ledger_problems as l limit max_rows) as listed
    );
end
$$;
comment on function api.list_ledger_problems is 'Definer: reads every entry of every account; for a doctor, not for a scrape.';
grant execute on function api.list_ledger_problems(integer) to service_role;

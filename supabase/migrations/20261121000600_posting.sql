-- How the ledger is written, and how it is proved.
create function private.open_wallet(organization_id uuid, currency text) returns uuid
language plpgsql set search_path = ''
as $$
declare
    wallet uuid;
begin
    insert into public.wallets (organization_id, currency)
    values (open_wallet.organization_id, open_wallet.currency)
    on conflict on constraint wallets_one_per_currency do nothing;
    select w.id into strict wallet from public.wallets as w
    where w.organization_id = open_wallet.organization_id and w.currency = open_wallet.currency;
    insert into public.accounts (wallet_id, organization_id, currency, kind)
    select wallet, open_wallet.organization_id, open_wallet.currency, k.kind
    from unnest(array['wallet', 'stripe']) as k (kind)
    on conflict on constraint accounts_one_per_kind do nothing;
    return wallet;
end
$$;
comment on function private.open_wallet is 'The organization''s wallet in a currency, made with its accounts if it is not there.';

create function private.entry_hash(
    previous_hash bytea, account_id bigint, seq bigint, kind text, reference text,
    currency text, amount bigint, balance_after bigint, created_at timestamptz
) returns bytea
language sql stable set search_path = ''
as $$
    select sha256(previous_hash || convert_to(concat_ws(
        '|', account_id, seq, kind, reference, currency, amount, balance_after,
        (extract(epoch from created_at) * 1000000)::bigint
    ), 'UTF8'))
$$;
comment on function private.entry_hash is 'Each entry seals the one before it: change any, and every later hash is wrong.';

-- Moves `amount` from one account of a wallet to another, once per (kind, reference): answers the
-- transfer's id, or null where it had been posted before.
create function private.post_transfer(
    wallet_id uuid, kind text, reference text, from_account text, to_account text, amount bigint
) returns bigint
language plpgsql set search_path = ''
as $$
declare
    account public.accounts;
    transfer public.transfers;
    change bigint;
    seal bytea;
begin
    -- Sorted by id: two postings that meet always wait for each other in the same order.
    perform a.id from public.accounts as a where a.wallet_id = post_transfer.wallet_id order by a.id for update;
    -- The time after the wait, and never before that of the entry before: history is in one order.
    insert into public.transfers (organization_id, currency, kind, reference, created_at)
    select
        w.organization_id, w.currency, post_transfer.kind, post_transfer.reference,
        greatest(clock_timestamp(), (
            select max(e.created_at) from public.accounts as a
            inner join public.entries as e on a.id = e.account_id and a.last_seq = e.seq
            where a.wallet_id = w.id
        ))
    from public.wallets as w where w.id = post_transfer.wallet_id
    on conflict on constraint transfers_post_once do nothing
    returning * into transfer;
    if transfer.id is null then
        return null;
    end if;
    for account in
        select a.* from public.accounts as a
        where a.wallet_id = post_transfer.wallet_id and a.kind in (from_account, to_account)
        order by a.id
    loop
        change := case account.kind when from_account then -post_transfer.amount else post_transfer.amount end;
        seal := private.entry_hash(
            account.last_hash, account.id, account.last_seq + 1, transfer.kind, transfer.reference,
            account.currency, change, account.balance + change, transfer.created_at
        );
        insert into public.entries (
            account_id, seq, transfer_id, organization_id, currency,
            amount, balance_after, previous_hash, hash, created_at
        ) values (
            account.id, account.last_seq + 1, transfer.id, account.organization_id, account.currency,
            change, account.balance + change, account.last_hash, seal, transfer.created_at
        );
        update public.accounts as a
        set balance = account.balance + change, last_seq = account.last_seq + 1, last_hash = seal
        where a.id = account.id;
    end loop;
    return transfer.id;
end
$$;

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

create function public.wallet_balance(organization public.organizations) returns numeric
language sql stable set search_path = ''
as $$
    select round(coalesce(sum(a.balance), 0) / power(10::numeric, c.exponent), c.exponent)
    from public.currencies as c
    left join public.accounts as a
        on a.organization_id = organization.id and a.currency = c.code and a.kind = 'wallet'
    where c.code = organization.default_currency
    group by c.exponent
$$;
comment on function public.wallet_balance is 'organizations.wallet_balance: the default-currency wallet in major units.';
revoke all on function public.wallet_balance(public.organizations) from public, anon, authenticated, service_role;
grant execute on function public.wallet_balance(public.organizations) to authenticated;

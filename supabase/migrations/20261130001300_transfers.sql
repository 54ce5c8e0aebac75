-- How the ledger is written: every movement of money is one call of private.post_transfer.
create function private.open_wallet(organization_id uuid, currency text) returns uuid
language plpgsql set search_path = pg_catalog, pg_temp
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
language sql stable set search_path = pg_catalog, pg_temp
as $$
    select sha256(previous_hash || convert_to(concat_ws(
        '|', account_id, seq, kind, reference, currency, amount, balance_after,
        (extract(epoch from created_at) * 1000000)::bigint
    ), 'UTF8'))
$$;
comment on function private.entry_hash is 'Each entry seals the one before it: change any, and every later hash is wrong.';

-- The transfer with its actor's name; null where it had been posted before. Its time is the time after the wait for
-- the accounts, and never before that of the entry before: history is in one order.
create function private.insert_transfer(
    wallet_id uuid, kind text, reference text, happened_at timestamptz, stripe_object_id text, acted_by uuid
) returns public.transfers
language plpgsql set search_path = pg_catalog, pg_temp
as $$
declare
    transfer public.transfers;
begin
    insert into public.transfers (
        organization_id, currency, kind, reference, happened_at, stripe_object_id, acted_by, created_at
    )
    select
        w.organization_id, w.currency, insert_transfer.kind, insert_transfer.reference,
        insert_transfer.happened_at, insert_transfer.stripe_object_id, insert_transfer.acted_by,
        greatest(clock_timestamp(), (
            select max(e.created_at) from public.accounts as a
            inner join public.entries as e on a.id = e.account_id and a.last_seq = e.seq
            where a.wallet_id = w.id
        ))
    from public.wallets as w where w.id = insert_transfer.wallet_id
    on conflict on constraint transfers_post_once do nothing
    returning * into transfer;
    insert into private.transfer_actors (transfer_id, user_id, name)
    select transfer.id, u.id, u.name from private.users as u where u.id = transfer.acted_by;
    return transfer;
end
$$;
comment on function private.insert_transfer is 'For private.post_transfer, which holds the locks on the accounts.';

-- Moves `amount` from one account of a wallet to another, once per (kind, reference): answers the
-- transfer's id, or null where it had been posted before.
create function private.post_transfer(
    wallet_id uuid, kind text, reference text, from_account text, to_account text, amount bigint,
    happened_at timestamptz default null, stripe_object_id text default null, acted_by uuid default null
) returns bigint
language plpgsql set search_path = pg_catalog, pg_temp
as $$
declare
    account public.accounts;
    transfer public.transfers;
    change bigint;
    seal bytea;
begin
    -- Sorted by id: two postings that meet always wait for each other in the same order.
    perform a.id from public.accounts as a where a.wallet_id = post_transfer.wallet_id order by a.id for update;
    transfer := private.insert_transfer(wallet_id, kind, reference, happened_at, stripe_object_id, acted_by);
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

-- Entries that were written since, for an operator who wants to know what an act does. In minor units.
create function private.entries_since(last_transfer_id bigint, organization_id uuid) returns jsonb
language sql stable set search_path = pg_catalog, pg_temp
as $$
    select coalesce(jsonb_agg(jsonb_build_object(
        'kind', t.kind, 'reference', t.reference, 'account', a.kind, 'currency', e.currency,
        'amount', private.money_json(e.amount, e.currency) ->> 'amount',
        'balance_after', private.money_json(e.balance_after, e.currency) ->> 'amount'
    ) order by t.id, e.account_id), '[]')
    from public.transfers as t
    inner join public.entries as e on t.id = e.transfer_id
    inner join public.accounts as a on e.account_id = a.id
    where t.id > last_transfer_id and t.organization_id = entries_since.organization_id
$$;

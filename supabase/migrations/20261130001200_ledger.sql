-- The ledger: double entry, append-only, chained by hash. No row is shared between organizations:
-- each wallet has its own counter-accounts, and the foreign keys below carry organization and
-- currency along so that an entry can belong to no other.
create table public.wallets (
    id uuid primary key default gen_random_uuid(),
    organization_id uuid not null references public.organizations (id),
    currency text not null references public.currencies (code),
    created_at timestamptz not null default now(),
    constraint wallets_one_per_currency unique (organization_id, currency),
    constraint wallets_identity unique (id, organization_id, currency)
);
comment on table public.wallets is 'An organization''s money in one currency.';
revoke all on public.wallets from public, anon, authenticated, service_role;
create index wallets_currency on public.wallets (currency);
alter table public.wallets enable row level security;
grant select on public.wallets to authenticated;
create policy "members see their wallets" on public.wallets
for select to authenticated using (organization_id in (select private.member_organization_ids()));

create table public.accounts (
    id bigint generated always as identity primary key,
    wallet_id uuid not null,
    organization_id uuid not null,
    currency text not null,
    kind text not null,
    balance bigint not null default 0,
    last_seq bigint not null default 0,
    last_hash bytea not null default '',
    constraint accounts_kind_is_listed check (kind in ('wallet', 'stripe', 'adjustment')),
    constraint accounts_one_per_kind unique (wallet_id, kind),
    constraint accounts_identity unique (id, organization_id, currency),
    constraint accounts_wallet foreign key (wallet_id, organization_id, currency)
    references public.wallets (id, organization_id, currency)
);
comment on table public.accounts is 'The wallet itself and its counter-accounts, where its money comes from or goes to: stripe, and adjustment for what the operator posts by hand. balance repeats the last entry.';
revoke all on public.accounts from public, anon, authenticated, service_role;
revoke all on sequence public.accounts_id_seq from public, anon, authenticated, service_role;
create index accounts_wallet on public.accounts (wallet_id, organization_id, currency);
create index accounts_organization on public.accounts (organization_id);
alter table public.accounts enable row level security;
grant select on public.accounts to authenticated;
create policy "members see their accounts" on public.accounts
for select to authenticated using (organization_id in (select private.member_organization_ids()));

create table public.transfers (
    id bigint generated always as identity primary key,
    organization_id uuid not null references public.organizations (id),
    currency text not null,
    kind text not null,
    reference text not null,
    happened_at timestamptz,
    stripe_object_id text,
    acted_by uuid references private.users (id),
    created_at timestamptz not null default now(),
    constraint transfers_kind_is_listed check (
        kind in ('topup', 'invoice', 'refund', 'refund_reversal', 'dispute', 'reinstatement', 'adjustment')
    ),
    constraint transfers_post_once unique (kind, reference),
    constraint transfers_identity unique (id, organization_id, currency),
    constraint transfers_stripe_object_is_an_id check (stripe_object_id ~ '^[A-Za-z0-9_.:-]{1,255}$')
);
comment on table public.transfers is 'One movement of money. (kind, reference) is what makes it happen once. created_at is when it was posted, which is what the ledger is in order of; happened_at is when it happened at Stripe, by Stripe''s clock, and stripe_object_id what moved it there: an intent, an invoice, a refund, a dispute. acted_by is the person whose act it was: who paid, or who sent it back; null for a bank''s, Stripe''s and the operator''s.';
revoke all on public.transfers from public, anon, authenticated, service_role;
revoke all on sequence public.transfers_id_seq from public, anon, authenticated, service_role;
create index transfers_organization on public.transfers (organization_id);
create index transfers_acted_by on public.transfers (acted_by);
alter table public.transfers enable row level security;
grant select on public.transfers to authenticated;
create policy "members see their transfers" on public.transfers
for select to authenticated using (organization_id in (select private.member_organization_ids()));
create trigger transfers_are_append_only before update or delete or truncate on public.transfers
for each statement execute function private.forbid_change();

-- Names as they were, so that a month reads the same later; not in the ledger, because they can be erased.
create table private.transfer_actors (
    transfer_id bigint primary key references public.transfers (id),
    user_id uuid not null references private.users (id),
    name text
);
comment on table private.transfer_actors is 'What the person whose act a transfer was (transfers.acted_by) was called then; null once they are erased.';
create index transfer_actors_user on private.transfer_actors (user_id);

create table public.entries (
    account_id bigint not null,
    seq bigint not null,
    transfer_id bigint not null,
    organization_id uuid not null,
    currency text not null,
    amount bigint not null,
    balance_after bigint not null,
    previous_hash bytea not null,
    hash bytea not null,
    created_at timestamptz not null default now(),
    primary key (account_id, seq),
    constraint entries_move_something check (amount <> 0),
    constraint entries_account foreign key (account_id, organization_id, currency)
    references public.accounts (id, organization_id, currency),
    constraint entries_transfer foreign key (transfer_id, organization_id, currency)
    references public.transfers (id, organization_id, currency)
);
comment on table public.entries is 'The two sides of a transfer, in minor units, summing to zero. Ids and codes only, never names.';
revoke all on public.entries from public, anon, authenticated, service_role;
create index entries_account on public.entries (account_id, organization_id, currency);
create index entries_time on public.entries (account_id, created_at, seq);
create index entries_transfer on public.entries (transfer_id, organization_id, currency);
create index entries_organization on public.entries (organization_id);
alter table public.entries enable row level security;
grant select on public.entries to authenticated;
create policy "members see their entries" on public.entries
for select to authenticated using (organization_id in (select private.member_organization_ids()));
create trigger entries_are_append_only before update or delete or truncate on public.entries
for each statement execute function private.forbid_change();

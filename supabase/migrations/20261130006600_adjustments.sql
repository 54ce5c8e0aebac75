-- What the operator posts by hand, with a reason: against a counter-account of its own, once per reference.
create table public.adjustments (
    reference text primary key,
    organization_id uuid not null references public.organizations (id),
    currency text not null references public.currencies (code),
    amount bigint not null,
    reason text not null,
    created_at timestamptz not null default now(),
    constraint adjustments_move_something check (amount <> 0),
    constraint adjustments_reference_is_a_code check (reference ~ '^[A-Za-z0-9_.-]{1,100}$'),
    constraint adjustments_reason_fits check (length(reason) between 1 and 1000)
);
comment on table public.adjustments is 'Why the operator posted an adjustment: words that may be erased, which the ledger has none of. amount is in minor units; below zero takes out of the wallet.';
revoke all on public.adjustments from public, anon, authenticated, service_role;
create index adjustments_organization on public.adjustments (organization_id);
create index adjustments_currency on public.adjustments (currency);
alter table public.adjustments enable row level security;
grant select on public.adjustments to authenticated;
create policy "members see their organization's adjustments" on public.adjustments
for select to authenticated using (organization_id in (select private.member_organization_ids()));

-- Not for members.
create table private.adjustment_operators (
    reference text primary key references public.adjustments (reference),
    operator text not null
);
comment on table private.adjustment_operators is 'Who posted an adjustment: a name at the command line, which may be erased.';

-- Undoes what was done since the block began, and carries what it would have been out of it.
create function private.end_preview(result jsonb) returns void
language plpgsql set search_path = pg_catalog, pg_temp
as $$
begin
    raise exception using errcode = private.refusals() ->> 'preview', message = 'preview', detail = result::text;
end
$$;

create function private.post_adjustment(adjustment public.adjustments) returns void
language plpgsql set search_path = pg_catalog, pg_temp
as $$
declare
    wallet uuid := private.open_wallet(adjustment.organization_id, adjustment.currency);
begin
    insert into public.accounts (wallet_id, organization_id, currency, kind)
    values (wallet, adjustment.organization_id, adjustment.currency, 'adjustment')
    on conflict on constraint accounts_one_per_kind do nothing;
    perform private.post_transfer(
        wallet, 'adjustment', adjustment.reference,
        case when adjustment.amount > 0 then 'adjustment' else 'wallet' end,
        case when adjustment.amount > 0 then 'wallet' else 'adjustment' end,
        abs(adjustment.amount)
    );
    perform private.audit(adjustment.organization_id, 'wallet_adjusted', jsonb_build_object(
        'reference', adjustment.reference
    ) || private.money_json(adjustment.amount, adjustment.currency), 'operator');
    perform private.notify_users(
        array(
            select m.user_id from public.memberships as m
            where m.organization_id = adjustment.organization_id and m.role in ('owner', 'admin')
        ),
        'wallet_adjusted', adjustment.organization_id, jsonb_build_object(
            'amount', private.money_json(adjustment.amount, adjustment.currency) ->> 'amount',
            'currency', adjustment.currency, 'reason', adjustment.reason, 'reference', adjustment.reference
        )
    );
end
$$;

-- terms = {reference, organization_id, currency, amount, reason, operator}
create function api.adjust_wallet(terms jsonb, dry_run boolean default false) returns jsonb
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    adjustment public.adjustments;
    posted public.adjustments;
    last_transfer_id bigint;
    result jsonb;
begin
    perform private.require_service();
    adjustment := jsonb_populate_record(null::public.adjustments, terms || '{"created_at": "now"}');
    last_transfer_id := (select coalesce(max(t.id), 0) from public.transfers as t);
    perform private.require_currency(adjustment.currency);
    if not exists (select from public.organizations as o where o.id = adjustment.organization_id) then
        perform private.refuse('not_found', jsonb_build_object('what', 'organization'));
    end if;
    insert into public.adjustments select adjustment.* on conflict (reference) do nothing returning * into posted;
    if posted.reference is null then
        select a.* into posted from public.adjustments as a where a.reference = adjustment.reference;
        if (posted.organization_id, posted.currency, posted.amount) is distinct from (adjustment.organization_id, adjustment.currency, adjustment.amount) then
            perform private.refuse('adjustment_exists', jsonb_build_object('reference', adjustment.reference));
        end if;
        return jsonb_build_object('posted', false, 'entries', '[]'::jsonb);
    end if;
    insert into private.adjustment_operators (reference, operator) values (posted.reference, terms ->> 'operator');
    perform private.post_adjustment(posted);
    result := jsonb_build_object(
        'posted', not dry_run, 'entries', private.entries_since(last_transfer_id, posted.organization_id)
    );
    if dry_run then
        perform private.end_preview(result);
    end if;
    return result;
exception when sqlstate 'PB900' then
    get stacked diagnostics result = pg_exception_detail;
    return result;
end
$$;
comment on function api.adjust_wallet is 'Definer: money tables have no write grants. The same reference again posts nothing. Refuses adjustment_exists, currency_unknown, not_found.';
grant execute on function api.adjust_wallet(jsonb, boolean) to service_role;

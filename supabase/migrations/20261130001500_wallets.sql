-- What a wallet has.

-- The default currency first, whether or not money ever came; others once it has.
create function private.wallets_json(organization public.organizations) returns jsonb
language sql stable set search_path = pg_catalog, pg_temp
as $$
    select jsonb_agg(jsonb_build_object(
        'balance', private.money_json(coalesce(a.balance, 0), c.code),
        'limits', jsonb_build_object(
            'minimum', private.major_units(c.minimum, c.code),
            'maximum', private.major_units(c.maximum, c.code),
            'currency', c.code
        )
    ) order by c.code <> organization.default_currency, c.code)
    from public.currencies as c
    left join public.accounts as a
        on a.organization_id = organization.id and a.currency = c.code and a.kind = 'wallet'
    where c.code = organization.default_currency or a.last_seq > 0
$$;

create function public.wallet_balance(organization public.organizations) returns numeric
language sql stable set search_path = pg_catalog, pg_temp
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

-- Which account a question about a wallet means: of the default currency where none is named; no
-- id where no money ever came.
create function private.wallet_account(organization_id uuid, inout currency text, out id bigint)
language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
begin
    select coalesce(wallet_account.currency, o.default_currency) into currency
    from public.organizations as o where o.id = organization_id;
    perform private.require_currency(currency);
    select a.id into wallet_account.id from public.accounts as a
    where a.organization_id = wallet_account.organization_id
    and a.currency = wallet_account.currency and a.kind = 'wallet';
end
$$;

create function api.list_wallets(organization_id uuid) returns jsonb
language plpgsql stable security definer set search_path = pg_catalog, pg_temp
as $$
begin
    perform private.require_role(organization_id, 'owner', 'admin', 'member');
    return (
        select private.wallets_json(o) from public.organizations as o where o.id = list_wallets.organization_id
    );
end
$$;
comment on function api.list_wallets is 'Definer: private.wallets_json is not for everybody.';
grant execute on function api.list_wallets(uuid) to authenticated;

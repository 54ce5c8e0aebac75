-- The ground rules: three rooms, nothing for anybody until granted by name, one way to refuse.
alter default privileges revoke execute on functions from public;

create schema api;
comment on schema api is 'What callers may do: one function an operation, one transaction, one jsonb back.';
grant usage on schema api to authenticated, service_role;

create schema private;
comment on schema private is 'Internals. Never exposed over REST.';
grant usage on schema private to authenticated, service_role;

-- Every refusal that leaves the database, listed once. Its name is the code of an error in backend/errors.py;
-- what no caller can cause has none there.
create function private.refusals() returns jsonb
language sql immutable set search_path = ''
as $$
    select jsonb_build_object(
        'bad_cursor', 'PB400',
        'unauthorized', 'PB401',
        'role_too_low', 'PB403',
        'not_found', 'PB404',
        'idempotency_key_reused', 'PB409',
        'currency_unknown', 'PB001',
        'amount_too_small', 'PB002',
        'amount_too_large', 'PB003',
        'payment_closed', 'PB004',
        'wrong_stripe_mode', 'PB005',
        'amount_too_precise', 'PB006',
        'wrong_stripe_account', 'PB007',
        'signup_closed', 'PB010',
        'too_many_organizations', 'PB011',
        'last_owner', 'PB012',
        'invitation_invalid', 'PB013',
        'time_zone_unknown', 'PB018',
        'topups_off', 'PB019',
        'link_invalid', 'PB020',
        'already_linked', 'PB021',
        'both_have_history', 'PB022',
        'reference_used', 'PB030',
        'subscription_over', 'PB040',
        'subscription_currency', 'PB041',
        'nothing_to_refund', 'PB050',
        'refund_too_large', 'PB051',
        'too_many_requests', 'PB429',
        'unknown_payment', 'PB801',
        'unreadable_event', 'PB802',
        'unknown_subscription', 'PB803',
        'adjustment_exists', 'PB060',
        'cannot_be_accepted', 'PB061',
        'organization_needed', 'PB062',
        'preview', 'PB900',
        'append_only', 'PB901',
        'illegal_transition', 'PB902'
    )
$$;
grant execute on function private.refusals() to authenticated, service_role;

create function private.refuse(code text, facts jsonb default '{}') returns void
language plpgsql set search_path = ''
as $$
begin
    raise exception using
        errcode = private.refusals() ->> code,
        message = code,
        detail = (facts || jsonb_build_object('refusal', code))::text;
end
$$;
comment on function private.refuse is 'Stops the transaction with one of private.refusals(); the detail carries its name and its facts as json.';
grant execute on function private.refuse(text, jsonb) to authenticated, service_role;

-- The role check of every definer function that only the backend may call. The grant says the same;
-- two locks, because what stands behind this door writes money.
create function private.require_service() returns void
language plpgsql stable set search_path = ''
as $$
begin
    if current_setting('role') <> 'service_role' then
        perform private.refuse('role_too_low', jsonb_build_object('role', 'service_role'));
    end if;
end
$$;

create function private.forbid_change() returns trigger
language plpgsql set search_path = ''
as $$
begin
    perform private.refuse('append_only', jsonb_build_object('table', tg_table_name));
    return null;
end
$$;
comment on function private.forbid_change is 'Trigger for append-only tables: not even their owner changes a row, short of switching the trigger off.';

-- A database belongs to one Stripe account and mode, recorded at first use. Its installation id is in the
-- metadata of whatever we make at Stripe, where others may use the same account.
create table private.installation (
    only_row boolean primary key default true,
    id uuid not null default gen_random_uuid(),
    livemode boolean,
    stripe_account_id text,
    recorded_at timestamptz,
    events_read_until timestamptz not null default now(),
    signup_open boolean not null default false,
    topups_in_chat boolean not null default true,
    constraint installation_is_one_row check (only_row)
);
comment on table private.installation is 'Who this database is (id, made with it), which Stripe account and mode it belongs to, how far Stripe''s list of events was read, and whether everybody may found organizations.';
insert into private.installation default values;

create function api.claim_stripe_account(livemode boolean, stripe_account_id text default null) returns jsonb
language plpgsql security definer set search_path = ''
as $$
declare
    installation private.installation;
begin
    perform private.require_service();
    update private.installation as i
    set livemode = coalesce(i.livemode, claim_stripe_account.livemode),
        stripe_account_id = coalesce(i.stripe_account_id, claim_stripe_account.stripe_account_id),
        recorded_at = coalesce(i.recorded_at, now())
    where i.only_row
    returning i.* into installation;
    if installation.livemode <> claim_stripe_account.livemode then
        perform private.refuse('wrong_stripe_mode', jsonb_build_object('livemode', installation.livemode));
    elsif installation.stripe_account_id <> claim_stripe_account.stripe_account_id then
        perform private.refuse('wrong_stripe_account', jsonb_build_object('account', installation.stripe_account_id));
    end if;
    return jsonb_build_object(
        'installation_id', installation.id,
        'livemode', installation.livemode,
        'stripe_account_id', installation.stripe_account_id
    );
end
$$;
comment on function api.claim_stripe_account is 'Definer: private.installation has no grants. Without an account, because the key may not read it, only the mode is compared. Refuses wrong_stripe_mode, wrong_stripe_account.';
grant execute on function api.claim_stripe_account(boolean, text) to service_role;

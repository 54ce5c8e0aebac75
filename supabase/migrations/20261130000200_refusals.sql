-- How functions refuse: by an error with a code, an SQLSTATE of ours, and facts as json.

-- All refusals: the code of each and its SQLSTATE. The class in backend/errors/ with the same code makes it
-- an answer of the API. Those without such a class can be caused by a bug of ours only.
create function private.refusals() returns jsonb
language sql immutable set search_path = pg_catalog, pg_temp
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
        'anonymous_not_allowed', 'PB023',
        'person_blocked', 'PB024',
        'second_factor_needed', 'PB025',
        'not_linked', 'PB026',
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
language plpgsql set search_path = pg_catalog, pg_temp
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

-- So many in ten minutes and no more: who asks for the next one hears when that is, to the second.
create function private.require_rate(reached_at timestamptz) returns void
language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
begin
    if reached_at > now() - interval '10 minutes' then
        perform private.refuse('too_many_requests', jsonb_build_object(
            'retry_after', greatest(1, ceil(extract(epoch from reached_at + interval '10 minutes' - now())))::integer
        ));
    end if;
end
$$;
comment on function private.require_rate is 'reached_at is when the last one was made after which, counted back from now, no more may be: of 60 the 60th newest, null where there are fewer. Refuses too_many_requests with the seconds until that is ten minutes ago.';

create function private.forbid_change() returns trigger
language plpgsql set search_path = pg_catalog, pg_temp
as $$
begin
    perform private.refuse('append_only', jsonb_build_object('table', tg_table_name));
    return null;
end
$$;
comment on function private.forbid_change is 'Trigger for append-only tables: not even their owner changes a row, short of switching the trigger off.';

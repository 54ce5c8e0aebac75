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

-- Card numbers are in no text that people give: whoever calls schema `api` without the HTTP API, which says so in a
-- sentence, meets a constraint. What one is, backend/schemas/card_numbers.py says; a test compares the two.

-- A text with digits of every script as ASCII ones, and without what cannot be seen.
create function private.with_plain_digits(content text) returns text
language sql immutable strict set search_path = pg_catalog, pg_temp
as $$
    select coalesce(string_agg(coalesce((
        select (ascii(c.sign) - zero)::text from unnest(array[
        1632, 1776, 1984, 2406, 2534, 2662, 2790, 2918, 3046, 3174, 3302, 3430, 3558, 3664, 3792, 3872,
        4160, 4240, 6112, 6160, 6470, 6608, 6784, 6800, 6992, 7088, 7232, 7248, 42528, 43216, 43264, 43472,
        43504, 43600, 44016, 65296, 66720, 68912, 69734, 69872, 69942, 70096, 70384, 70736, 70864, 71248,
        71360, 71472, 71904, 72016, 72784, 73040, 73120, 92768, 92864, 93008, 120782, 120792, 120802,
        120812, 120822, 123200, 123632, 125264, 130032
        ]) as zero where ascii(c.sign) between zero and zero + 9
    ), c.sign), '' order by c.place), '')
    from regexp_split_to_table(regexp_replace(
        content, '[\u00ad\u0300-\u036f\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufe00-\ufe0f\ufeff]', '', 'g'
    ), '') with ordinality as c (sign, place)
$$;

-- Length and issuer, check digit, and after how many digits it is divided.
create function private.is_card_number(digits text, cuts integer []) returns boolean
language sql immutable strict set search_path = pg_catalog, pg_temp
as $$
    select digits ~ case
        when length(digits) in (13, 14, 15) then '^(50|5[6-8]|6304|6390|67' || case length(digits)
            when 13 then '|4)' when 14 then '|30[0-5]|3095|36|38|39)' else '|34|37)'
        end
        when length(digits) in (17, 18) then '^(352[89]|35[3-8]|62|81|50|5[6-8]|6304|6390|67|220[0-4])'
        when length(digits) in (16, 19) then '^(4|30[0-5]|3095|36|38|39|352[89]|35[3-8]|6011|64[4-9]|65|62|81'
            '|50|5[6-8]|6304|6390|67|220[0-4]' || case length(digits)
                when 16 then '|5[1-5]|222[1-9]|22[3-9]|2[3-6]|27[01]|2720|60|63[6-9]|82|8600|9792|9860)' else ')'
            end
        else '^$'
    end
    and (
        cuts <@ array[4, 8, 12, 16]
        or length(digits) in (14, 15) and cuts <@ array[4, 10]
        or length(digits) = 19 and cuts <@ array[6]
        or cardinality(cuts) = length(digits) - 1
    )
    and (
        select sum(case (length(digits) - place) % 2 when 0 then digit else digit * 2 - 9 * (digit > 4)::integer end) % 10 = 0
        from regexp_split_to_table(digits, '') with ordinality as d (sign, place), lateral (select d.sign::integer as digit) as v
    )
$$;

-- A part of an id (`pi_4242...`), or said to be an IMEI.
create function private.is_named_otherwise(before text, after text, digits text) returns boolean
language sql immutable strict set search_path = pg_catalog, pg_temp
as $$
    select length(digits) = 15 and before ~* 'imei\W{0,3}[0-9]?\W{0,3}$' or exists (
        select from unnest(array[substring(before from '\w*$'), substring(after from '^\w*')]) as word
        where trim(word, '_') <> '' and word !~ '^[[:alpha:]]+$'
    )
$$;

create function private.has_card_number(content text) returns boolean
language plpgsql immutable strict set search_path = pg_catalog, pg_temp
as $$
declare
    plain text := case when content ~ '[^\x01-\x7f]' then private.with_plain_digits(content) else content end;
    tokens text [];
    digits text;
    cuts integer [];
begin
    if length(regexp_replace(plain, '[^0-9]', '', 'g')) < 13 then
        return false;
    end if;
    -- UUIDs, and hexadecimal ids and hashes.
    plain := regexp_replace(
        plain, '(?<![0-9A-Za-z])([0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|(?=[0-9]*[a-f])[0-9a-f]{24,})(?![0-9A-Za-z])',
        'x', 'gi'
    );
    tokens := array(select t.token [1] from regexp_matches(plain, '[0-9]+|[^0-9]+', 'g') with ordinality as t (token, place) order by t.place);
    for start_at in 1..cardinality(tokens) loop
        continue when tokens [start_at] !~ '^[0-9]';
        digits := '';
        cuts := '{}';
        for end_at in start_at..cardinality(tokens) loop
            if tokens [end_at] !~ '^[0-9]' then
                exit when tokens [end_at] !~ '^(\W|_){1,3}$';
                continue;
            end if;
            cuts := cuts || case when digits <> '' then length(digits) end;
            digits := digits || tokens [end_at];
            exit when length(digits) > 19;
            if private.is_card_number(digits, array_remove(cuts, null)) and not private.is_named_otherwise(
                array_to_string(tokens [1:start_at - 1], ''), array_to_string(tokens [end_at + 1:cardinality(tokens)], ''), digits
            ) then
                return true;
            end if;
        end loop;
    end loop;
    return false;
end
$$;

-- How notifications are handed out, and Telegram's limits kept.
create function private.claimed_since(chat_id bigint, moment timestamptz) returns bigint
language sql stable set search_path = pg_catalog, pg_temp
as $$
    select count(*) from public.notifications as n
    where n.chat_id = claimed_since.chat_id and n.claimed_at > moment
$$;

-- The last moment before something is told: a group hears of its organization, and only while it may.
create function private.refuse_group_notifications(ids bigint []) returns void
language sql set search_path = pg_catalog, pg_temp
as $$
    update public.notifications as n set state = 'refused', reason = 'not allowed'
    from public.chats as c
    where n.id = any(ids) and c.id = n.chat_id and c.kind = 'group'
    and not (c.announces_credits and n.kind = 'wallet_credited' and c.organization_id = (
        select p.organization_id from public.payments as p where p.id = n.payment_id
    ))
$$;

-- Telegram's limits are kept here, for all bots together
-- (https://core.telegram.org/bots/faq#my-bot-is-hitting-limits-how-do-i-avoid-this): 30 messages a
-- second overall; a second each in one chat, of which a short burst of three is accepted; 20 a
-- minute in a group. One at a time per chat: money first, then the oldest. The caller holds the lock on claiming and took
-- the moment after it, so that what others claimed before is counted.
create function private.claim_within_limits(max_rows integer, moment timestamptz) returns bigint []
language plpgsql set search_path = pg_catalog, pg_temp
as $$
declare
    allowance integer;
    ids bigint [];
begin
    select least(max_rows, 30 - count(*)) into allowance
    from public.notifications as n where n.claimed_at > moment - interval '1 second';
    with waiting as materialized (
        -- One row a chat before anything is asked about the chat: many in one chat cost one row.
        select distinct on (n.chat_id) n.id, n.chat_id
        from public.notifications as n
        where n.state in ('pending', 'claimed') and n.due_at <= moment
        and (n.state = 'pending' or n.claimed_until <= moment)
        order by n.chat_id, private.urgency_of(n.kind), n.id
    ),

    due as (
        select n.id
        from public.notifications as n
        where n.id in (
            select w.id from waiting as w inner join public.chats as c on w.chat_id = c.id
            where c.reachable
            and (c.paused_until is null or c.paused_until <= moment)
            and not exists (
                select from public.notifications as in_flight
                where in_flight.chat_id = c.id and in_flight.state = 'claimed' and in_flight.claimed_until > moment
            )
            and private.claimed_since(c.id, moment - interval '3 seconds') < 3
            and (c.kind = 'private' or private.claimed_since(c.id, moment - interval '1 minute') < 20)
        )
        order by private.urgency_of(n.kind), n.id limit greatest(allowance, 0) for update skip locked
    ),

    claimed as (
        update public.notifications as n
        set state = 'claimed', tries = n.tries + 1, claim = gen_random_uuid(),
            -- An unanswered claim may have been sent before the bot died.
            repeat = n.repeat or n.state = 'claimed',
            claimed_at = moment, claimed_until = moment + interval '30 seconds'
        where n.id in (select d.id from due as d)
        returning n.id
    )

    select array_agg(c.id) into ids from claimed as c;
    return ids;
end
$$;

-- Who belongs to two organizations whose names look the same reads which one is meant.
create function private.distinct_name(organization_id uuid, user_id uuid) returns jsonb
language sql stable set search_path = pg_catalog, pg_temp
as $$
    select coalesce((
        select jsonb_build_object('organization_name', private.organization_label(o, distinct_name.user_id))
        from public.organizations as o
        where o.id = distinct_name.organization_id
        and private.organization_label(o, distinct_name.user_id) is not null
    ), '{}')
$$;

-- Not stable: it runs after the claim, and sees every change that the claim waited for.
create function private.claimed_notifications_json(ids bigint [], moment timestamptz) returns jsonb
language plpgsql set search_path = pg_catalog, pg_temp
as $$
begin
    return (
        select coalesce(jsonb_agg(jsonb_build_object(
            'id', n.id,
            'claim', n.claim,
            'kind', n.kind,
            'chat_id', c.telegram_chat_id,
            'message_id', case n.kind when 'payment_shown' then r.message_id when 'method_link_shown' then l.message_id end,
            'message_thread_id', c.message_thread_id,
            'language', coalesce(private.language_of(u), c.language),
            'time_zone', coalesce(u.time_zone, 'UTC'),
            'silent', private.is_silent(u, n.kind, moment),
            'repeat', n.repeat,
            -- The payment's own message changes in place and shows what is so now.
            'happened_at', case when n.kind not in ('payment_shown', 'method_link_shown')
                and n.created_at < moment - interval '1 minute' then n.created_at
            end,
            'payment', case when p.id is not null then private.payment_json(p) || private.distinct_name(p.organization_id, u.id)
            || case when c.kind = 'group' and not c.shows_balance then '{"balance": null, "refundable": null}' else '{}' end::jsonb
            end,
            'link', private.setup_link_json(l) || private.distinct_name(l.organization_id, u.id),
            'facts', n.facts || private.distinct_name(n.organization_id, u.id) || case
                when n.kind = 'fraud_warned' and not private.is_warning_actionable((n.facts ->> 'payment')::uuid)
                    then '{"status": "over"}' else '{}'
            end::jsonb
        ) order by n.id), '[]')
        from public.notifications as n
        inner join public.chats as c on n.chat_id = c.id
        left join private.users as u on c.user_id = u.id
        left join public.payments as p on n.payment_id = p.id
        left join private.payment_requests as r on n.payment_id = r.payment_id
        left join public.setup_links as l on n.link_id = l.id
        where n.id = any(ids) and n.state = 'claimed'
    );
end
$$;

-- Hands out what may be sent now. A claim that is not answered within 30 seconds is handed out again:
-- told twice rather than never.
create function api.claim_notifications(max_rows integer) returns jsonb
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    moment timestamptz;
    ids bigint [];
begin
    perform private.require_service();
    perform pg_advisory_xact_lock(hashtext('pursebot.claim_notifications'));
    moment := clock_timestamp();
    ids := private.claim_within_limits(max_rows, moment);
    perform private.refuse_group_notifications(ids);
    return private.claimed_notifications_json(ids, moment);
end
$$;
comment on function api.claim_notifications is 'Definer: nobody has grants on the outbox. At most max_rows notifications, as json.';
grant execute on function api.claim_notifications(integer) to service_role;

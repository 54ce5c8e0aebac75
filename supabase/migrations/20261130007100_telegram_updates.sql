-- What Telegram sends, posted or polled: stored before it is confirmed, handled once, forgotten.
create table public.telegram_updates (
    id bigint primary key,
    telegram_chat_id bigint not null,
    body jsonb,
    state text not null default 'waiting',
    tries integer not null default 0,
    claim uuid,
    claimed_until timestamptz,
    received_at timestamptz not null default now(),
    constraint telegram_updates_state_is_listed check (state in ('waiting', 'claimed', 'handled', 'abandoned')),
    constraint telegram_updates_handled_have_no_body check ((state = 'handled') = (body is null))
);
comment on table public.telegram_updates is 'Updates by Telegram''s update_id. What people wrote is kept until it has been handled, the id for two days more, so that a repeat is known.';
revoke all on public.telegram_updates from public, anon, authenticated, service_role;
create index telegram_updates_open on public.telegram_updates (telegram_chat_id, id) where state in ('waiting', 'claimed');
create index telegram_updates_unhandled on public.telegram_updates (state) where state <> 'handled';
create index telegram_updates_received on public.telegram_updates (received_at);
alter table public.telegram_updates enable row level security;

-- Telegram repeats an update for a day at most (https://core.telegram.org/bots/api#getting-updates).
create function api.receive_update(body jsonb) returns jsonb
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    -- Where a chat's id is no number of Telegram's, the bot says what it makes of it.
    chat jsonb := coalesce(
        jsonb_path_query_first(body, '$.*.chat.id ? (@ > -9007199254740992 && @ < 9007199254740992)'),
        jsonb_path_query_first(body, '$.*.message.chat.id ? (@ > -9007199254740992 && @ < 9007199254740992)'),
        '0'
    );
begin
    perform private.require_service();
    insert into public.telegram_updates (id, telegram_chat_id, body)
    values ((receive_update.body ->> 'update_id')::bigint, chat::bigint, receive_update.body)
    on conflict (id) do nothing;
    if not found then
        return jsonb_build_object('repeat', true);
    end if;
    delete from public.telegram_updates as u
    where u.received_at < now() - interval '2 days' and u.state in ('handled', 'abandoned');
    return jsonb_build_object('repeat', false);
end
$$;
comment on function api.receive_update is 'Definer: nobody has grants on updates. A repeat changes nothing.';
grant execute on function api.receive_update(jsonb) to service_role;

-- One at a time per chat, oldest first, so that order is kept over a crash too. A claim that is not
-- answered within 30 seconds is handed out again, five times in all; before, it is left to the bot that
-- has it, whichever others there are.
create function api.claim_updates(max_rows integer) returns jsonb
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    moment timestamptz := clock_timestamp();
    abandoned bigint [];
    updates jsonb;
begin
    perform private.require_service();
    with lost as (
        update public.telegram_updates as u set state = 'abandoned'
        where u.state = 'claimed' and u.claimed_until <= moment and u.tries >= 5
        returning u.id
    )

    select array_agg(l.id) into abandoned from lost as l;
    with heads as materialized (
        select distinct on (u.telegram_chat_id) u.id
        from public.telegram_updates as u
        where u.state in ('waiting', 'claimed')
        order by u.telegram_chat_id, u.id
    ),

    due as (
        select u.id from public.telegram_updates as u
        where u.id in (select h.id from heads as h)
        and (u.state = 'waiting' or (u.state = 'claimed' and u.claimed_until <= moment))
        order by u.id limit max_rows for update skip locked
    ),

    claimed as (
        update public.telegram_updates as u
        set state = 'claimed', tries = u.tries + 1, claim = gen_random_uuid(),
            claimed_until = moment + interval '30 seconds'
        where u.id in (select d.id from due as d)
        returning u.id, u.claim, u.body
    )

    select jsonb_agg(to_jsonb(c) order by c.id) into updates from claimed as c;
    return jsonb_build_object('updates', coalesce(updates, '[]'), 'abandoned', coalesce(abandoned, '{}'));
end
$$;
comment on function api.claim_updates is 'Definer: nobody has grants on updates. At most max_rows, and the ids of those that were given up just now.';
grant execute on function api.claim_updates(integer) to service_role;

create function api.finish_update(update_id bigint, claim uuid) returns jsonb
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
    perform private.require_service();
    update public.telegram_updates as u set state = 'handled', body = null
    where u.id = update_id and u.claim = finish_update.claim and u.state = 'claimed';
    return jsonb_build_object('accepted', found);
end
$$;
comment on function api.finish_update is 'Definer: nobody has grants on updates. After the claim ran out it changes nothing.';
grant execute on function api.finish_update(bigint, uuid) to service_role;

create function api.reject_update(update_id bigint, kind text) returns jsonb
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
    perform private.require_service();
    insert into public.telegram_updates as u (id, telegram_chat_id, body, state)
    values (
        update_id, 0, jsonb_build_object('update_id', update_id, 'kind', reject_update.kind), 'abandoned'
    )
    on conflict (id) do update set state = 'abandoned' where u.state in ('waiting', 'claimed');
    delete from public.telegram_updates as u
    where u.received_at < now() - interval '2 days' and u.state in ('handled', 'abandoned');
    return '{}';
end
$$;
comment on function api.reject_update is 'Definer: nobody has grants on updates. One that cannot be read is given up at once, also one that was polled and so never stored; of a handled one nothing changes.';
grant execute on function api.reject_update(bigint, text) to service_role;

-- The first word: Telegram tells the bot who writes, or Supabase whose token it is, and the person gets a row.
create function private.me_json(user_id uuid) returns jsonb
language sql stable set search_path = pg_catalog, pg_temp
as $$
    select jsonb_build_object(
        'user_id', u.id,
        'name', u.name,
        'language', private.language_of(u),
        'time_zone', u.time_zone,
        'topups_in_chat', coalesce((select i.topups_in_chat from private.installation as i), true),
        'is_linked', u.telegram_id is not null and u.auth_user_id is not null,
        'organization_id', coalesce(u.default_organization_id, (
            select m.organization_id from public.memberships as m
            where m.user_id = u.id order by m.created_at, m.organization_id limit 1
        )),
        'organizations', (
            select coalesce(jsonb_agg(jsonb_build_object(
                'organization_id', o.id,
                'organization_name', o.name,
                'label', case when same.names > 1 then private.organization_label(o, u.id) end,
                'role', m.role,
                'accounting', private.accounting_json(o.id),
                'wallets', private.wallets_json(o)
            ) order by m.created_at, o.id), '[]')
            from (
                select own.organization_id, count(*) over (partition by private.appearance(named.name)) as names
                from public.memberships as own
                inner join public.organizations as named on own.organization_id = named.id
                where own.user_id = u.id
            ) as same
            inner join public.memberships as m on m.organization_id = same.organization_id and m.user_id = u.id
            inner join public.organizations as o on m.organization_id = o.id
        )
    )
    from private.users as u
    where u.id = me_json.user_id
$$;

create function private.require_not_blocked(user_id uuid) returns void
language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
begin
    if exists (select from private.blocked_people as b where b.user_id = require_not_blocked.user_id) then
        perform private.refuse('person_blocked');
    end if;
end
$$;
comment on function private.require_not_blocked is 'Refuses person_blocked, and so what came before it in the transaction.';

create function api.upsert_telegram_user(telegram_id bigint, name text, language text, chat_id bigint default null)
returns jsonb
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    person uuid;
begin
    perform private.require_service();
    insert into private.users (telegram_id, name, language)
    values (upsert_telegram_user.telegram_id, upsert_telegram_user.name, upsert_telegram_user.language)
    on conflict on constraint users_telegram_id_key do update
    set name = excluded.name, language = excluded.language
    where (users.name, users.language) is distinct from (excluded.name, excluded.language);
    select u.id into strict person from private.users as u where u.telegram_id = upsert_telegram_user.telegram_id;
    perform private.require_not_blocked(person);
    -- Telegram's private chats carry their person's id; no other chat is anybody's own.
    if upsert_telegram_user.chat_id = upsert_telegram_user.telegram_id then
        -- Who writes can be written to: a blocked bot that is written to again is unblocked.
        insert into public.chats (telegram_chat_id, kind, user_id, language)
        values (upsert_telegram_user.chat_id, 'private', person, upsert_telegram_user.language)
        on conflict (telegram_chat_id) do update
        set language = excluded.language, reachable = true
        where not chats.reachable or chats.language <> excluded.language;
    end if;
    return private.me_json(person);
end
$$;
comment on function api.upsert_telegram_user is 'Definer: nobody has grants to write people. Makes user and private chat known, or refreshes them.';
grant execute on function api.upsert_telegram_user(bigint, text, text, bigint) to service_role;

-- A Supabase user's first call; refresh says whether what is known already is to change.
create function api.upsert_supabase_user(auth_user_id uuid, name text, language text, refresh boolean) returns jsonb
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    person uuid;
begin
    perform private.require_service();
    insert into private.users (auth_user_id, name, language)
    values (upsert_supabase_user.auth_user_id, upsert_supabase_user.name, upsert_supabase_user.language)
    on conflict on constraint users_auth_user_id_key do update
    set name = excluded.name, language = excluded.language
    where upsert_supabase_user.refresh;
    select u.id into strict person from private.users as u where u.auth_user_id = upsert_supabase_user.auth_user_id;
    perform private.require_not_blocked(person);
    return private.me_json(person);
end
$$;
comment on function api.upsert_supabase_user is 'Definer: nobody has grants to write people. Makes a Supabase user known, or refreshes them.';
grant execute on function api.upsert_supabase_user(uuid, text, text, boolean) to service_role;

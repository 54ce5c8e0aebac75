-- Groups: what an owner decides that they may see.

-- Tied to this organization, and the caller owns it; a group of others is as one that is not there.
create function private.require_tie(chat public.chats, organization_id uuid) returns void
language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
begin
    if chat.organization_id is distinct from require_tie.organization_id or not exists (
        select from public.memberships as m
        where m.organization_id = chat.organization_id and m.role = 'owner'
        and m.user_id = private.current_user_id()
    ) then
        perform private.refuse('not_found', jsonb_build_object('what', 'group'));
    end if;
end
$$;

-- Everybody in a group sees which organization it is tied to and whose that is, so that a wrong tie is noticed; what
-- it shows beside that, only owners see and decide.
create function private.group_json(chat public.chats) returns jsonb
language sql stable set search_path = pg_catalog, pg_temp
as $$
    select jsonb_build_object('tied', chat.organization_id is not null) || coalesce((
        select jsonb_build_object('organization_name', o.name, 'owner_name', private.owner_name(o.id))
        || case when m.user_id is null then '{}' else jsonb_build_object(
            'organization_id', o.id,
            'shows_balance', chat.shows_balance,
            'announces_credits', chat.announces_credits
        ) end
        from public.organizations as o
        left join public.memberships as m
            on o.id = m.organization_id and m.role = 'owner' and m.user_id = private.current_user_id()
        where o.id = chat.organization_id
    ), '{}')
$$;

create function api.get_group(telegram_chat_id bigint) returns jsonb
language plpgsql stable security definer set search_path = pg_catalog, pg_temp
as $$
begin
    perform private.require_telegram();
    return coalesce((
        select private.group_json(c) from public.chats as c
        where c.telegram_chat_id = get_group.telegram_chat_id and c.kind = 'group'
    ), '{"tied": false}');
end
$$;
comment on function api.get_group is 'Definer: nobody has grants on chats. Who is no owner learns only to which organization it is tied.';
grant execute on function api.get_group(bigint) to authenticated;

create function api.tie_group(telegram_chat_id bigint, organization_id uuid) returns jsonb
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    caller uuid := private.require_role(organization_id, 'owner');
    chat public.chats;
begin
    perform private.require_telegram();
    chat := private.lock_group(telegram_chat_id);
    if chat.organization_id is distinct from tie_group.organization_id then
        if chat.organization_id is not null then
            perform private.require_tie(chat, chat.organization_id);
            perform private.end_tie(chat, 'tied_elsewhere');
        end if;
        update public.chats as c
        set organization_id = tie_group.organization_id,
            language = (select private.language_of(u) from private.users as u where u.id = caller)
        where c.id = chat.id returning * into chat;
        perform private.audit(
            tie_group.organization_id, 'group_tied', jsonb_build_object('chat_id', chat.id)
        );
    end if;
    return private.group_json(chat);
end
$$;
comment on function api.tie_group is 'Definer: nobody has grants on chats. Takes an owner, and one of the organization it was tied to before.';
grant execute on function api.tie_group(bigint, uuid) to authenticated;

create function api.set_group_permissions(
    telegram_chat_id bigint,
    organization_id uuid,
    shows_balance boolean default null,
    announces_credits boolean default null,
    message_thread_id bigint default null,
    tied boolean default true
) returns jsonb
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    caller uuid := private.require_role(organization_id, 'owner');
    chat public.chats;
begin
    perform private.require_telegram();
    chat := private.lock_group(telegram_chat_id);
    perform private.require_tie(chat, organization_id);
    if not tied then
        perform private.end_tie(chat, 'owner');
        return '{"tied": false}';
    end if;
    update public.chats as c
    set shows_balance = coalesce(set_group_permissions.shows_balance, c.shows_balance),
        announces_credits = coalesce(set_group_permissions.announces_credits, c.announces_credits),
        message_thread_id = case
            when set_group_permissions.announces_credits is null then c.message_thread_id
            when set_group_permissions.announces_credits then set_group_permissions.message_thread_id
        end
    where c.id = chat.id returning * into chat;
    perform private.audit(organization_id, 'group_allowed', jsonb_build_object(
        'chat_id', chat.id, 'shows_balance', chat.shows_balance, 'announces_credits', chat.announces_credits
    ));
    return private.group_json(chat);
end
$$;
comment on function api.set_group_permissions is 'Definer: nobody has grants on chats. What is null stays; announcements go to the topic in which they were allowed; not tied: nothing is seen any more.';
grant execute on function api.set_group_permissions(bigint, uuid, boolean, boolean, bigint, boolean) to authenticated;

-- Everybody in the group may ask, members of the organization or not: its owner allowed that.
create function api.get_group_balance(telegram_chat_id bigint) returns jsonb
language plpgsql stable security definer set search_path = pg_catalog, pg_temp
as $$
declare
    shown jsonb;
begin
    perform private.require_telegram();
    select jsonb_build_object('organization_name', o.name, 'wallets', private.wallets_json(o)) into shown
    from public.chats as c
    inner join public.organizations as o on c.organization_id = o.id
    where c.telegram_chat_id = get_group_balance.telegram_chat_id and c.kind = 'group' and c.shows_balance;
    if shown is null then
        perform private.refuse('not_found', jsonb_build_object('what', 'balance'));
    end if;
    return shown;
end
$$;
comment on function api.get_group_balance is 'Definer: shows a wallet to who is no member, where an owner allowed it.';
grant execute on function api.get_group_balance(bigint) to authenticated;

-- Groups: what Telegram tells of them, and what an owner decides that they may see. Authority is the
-- role in the organization; who is an administrator of the group means nothing here.

-- The bot is in the group and knows that the person is: nobody else's word about a group counts.
create function private.require_telegram() returns void
language plpgsql stable set search_path = ''
as $$
begin
    if not private.acts_in_chat() then
        perform private.refuse('unauthorized');
    end if;
end
$$;

create function private.lock_group(telegram_chat_id bigint) returns public.chats
language plpgsql set search_path = ''
as $$
declare
    chat public.chats;
begin
    select c.* into chat from public.chats as c
    where c.telegram_chat_id = lock_group.telegram_chat_id and c.kind = 'group' for update;
    if chat.id is null then
        perform private.refuse('not_found', jsonb_build_object('what', 'group'));
    end if;
    return chat;
end
$$;

-- Tied to this organization, and the caller owns it; a group of others is as one that is not there.
create function private.require_tie(chat public.chats, organization_id uuid) returns void
language plpgsql stable set search_path = ''
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

create function private.end_tie(chat public.chats, why text) returns void
language plpgsql set search_path = ''
as $$
begin
    if chat.organization_id is not null then
        update public.chats as c
        set organization_id = null, shows_balance = false, announces_credits = false, message_thread_id = null
        where c.id = chat.id;
        perform private.audit(
            chat.organization_id, 'group_untied', jsonb_build_object('chat_id', chat.id, 'why', why)
        );
    end if;
end
$$;
comment on function private.end_tie is 'Takes a locked group from its organization; what is queued for it is dropped when its turn comes.';

-- Only its owners see which organization a group is tied to, until they let the group see it.
create function private.group_json(chat public.chats) returns jsonb
language sql stable set search_path = ''
as $$
    select jsonb_build_object('tied', chat.organization_id is not null) || coalesce((
        select jsonb_build_object(
            'organization_id', o.id,
            'organization_name', o.name,
            'shows_balance', chat.shows_balance,
            'announces_credits', chat.announces_credits
        )
        from public.organizations as o
        inner join public.memberships as m on o.id = m.organization_id
        where o.id = chat.organization_id and m.role = 'owner' and m.user_id = private.current_user_id()
    ), '{}')
$$;

-- A group became a supergroup under a new id. It is told twice, by a message and by what a delivery
-- is answered with, in any order, and before or after the supergroup has a row of its own.
create function private.migrate_chat(chat_id bigint, new_telegram_chat_id bigint) returns void
language plpgsql set search_path = ''
as $$
declare
    chat public.chats;
    successor public.chats;
begin
    select c.* into chat from public.chats as c where c.id = migrate_chat.chat_id for update;
    select c.* into successor from public.chats as c where c.telegram_chat_id = new_telegram_chat_id;
    if successor.id is null then
        update public.chats as c set telegram_chat_id = new_telegram_chat_id, migrated_at = now() where c.id = chat.id;
    elsif successor.id <> chat.id then
        if chat.organization_id is not null and successor.organization_id is null then
            update public.chats as c
            set organization_id = chat.organization_id, shows_balance = chat.shows_balance,
                announces_credits = chat.announces_credits, language = chat.language, migrated_at = now()
            where c.id = successor.id;
            update public.chats as c set organization_id = null, shows_balance = false, announces_credits = false
            where c.id = chat.id;
        else
            perform private.end_tie(chat, 'migrated');
        end if;
        update public.chats as c set reachable = false where c.id = chat.id;
        update public.payments as p set chat_id = successor.id where p.chat_id = chat.id;
        delete from public.notifications as n
        using public.notifications as same
        where n.chat_id = chat.id and n.state = 'pending' and same.chat_id = successor.id and same.state = 'pending'
        and (n.payment_id, n.kind) = (same.payment_id, same.kind);
        update public.notifications as n set chat_id = successor.id
        where n.chat_id = chat.id and n.state <> 'delivered';
    end if;
end
$$;

-- What Telegram tells the bot: it 'joined' a group, 'left' it, is 'here', the group has 'migrated'.
create function api.record_group_change(telegram_chat_id bigint, happened text, new_chat_id bigint default null)
returns jsonb
language plpgsql security definer set search_path = ''
as $$
declare
    chat public.chats;
begin
    perform private.require_service();
    insert into public.chats (telegram_chat_id, kind) values (record_group_change.telegram_chat_id, 'group')
    on conflict on constraint chats_telegram_chat_id_key do nothing;
    chat := private.lock_group(telegram_chat_id);
    update public.chats as c set reachable = not c.reachable
    where c.id = chat.id and c.reachable <> (happened <> 'left');
    -- Re-adding starts untied, even where nobody heard of the removal. When a group becomes a
    -- supergroup Telegram says that the bot joined that: there the tie goes on.
    -- https://github.com/tdlib/telegram-bot-api/issues/266
    if happened = 'left' or happened = 'joined' and coalesce(chat.migrated_at < now() - interval '5 minutes', true) then
        perform private.end_tie(chat, happened);
    elsif happened = 'migrated' then
        perform private.migrate_chat(chat.id, new_chat_id);
    end if;
    return (
        select jsonb_build_object('tied', c.organization_id is not null) from public.chats as c where c.id = chat.id
    );
end
$$;
comment on function api.record_group_change is 'Definer: nobody has grants on chats. Again, or late, is harmless.';
grant execute on function api.record_group_change(bigint, text, bigint) to service_role;

create function api.get_group(telegram_chat_id bigint) returns jsonb
language plpgsql stable security definer set search_path = ''
as $$
begin
    perform private.require_telegram();
    return coalesce((
        select private.group_json(c) from public.chats as c
        where c.telegram_chat_id = get_group.telegram_chat_id and c.kind = 'group'
    ), '{"tied": false}');
end
$$;
comment on function api.get_group is 'Definer: nobody has grants on chats. Who is no owner learns only whether it is tied.';
grant execute on function api.get_group(bigint) to authenticated;

create function api.tie_group(telegram_chat_id bigint, organization_id uuid) returns jsonb
language plpgsql security definer set search_path = ''
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
            language = (select private.language_of(u) from public.users as u where u.id = caller)
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
language plpgsql security definer set search_path = ''
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
language plpgsql stable security definer set search_path = ''
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

-- The last moment before something is told: a group hears of its organization, and only while it may.
create function private.refuse_group_notifications(ids bigint []) returns void
language sql set search_path = ''
as $$
    update public.notifications as n set state = 'refused', reason = 'not allowed'
    from public.chats as c
    where n.id = any(ids) and c.id = n.chat_id and c.kind = 'group'
    and not (c.announces_credits and n.kind = 'wallet_credited' and c.organization_id = (
        select p.organization_id from public.payments as p where p.id = n.payment_id
    ))
$$;

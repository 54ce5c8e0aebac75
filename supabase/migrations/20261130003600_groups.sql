-- Groups: what Telegram tells of them. Authority is the role in the organization; that whoever ties a group also
-- administers it, the bot has asked Telegram, which tells nobody else.
create function private.lock_group(telegram_chat_id bigint) returns public.chats
language plpgsql set search_path = pg_catalog, pg_temp
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

create function private.end_tie(chat public.chats, why text) returns void
language plpgsql set search_path = pg_catalog, pg_temp
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

-- A group became a supergroup under a new id. It is told twice, by a message and by what a delivery
-- is answered with, in any order, and before or after the supergroup has a row of its own.
create function private.migrate_chat(chat_id bigint, new_telegram_chat_id bigint) returns void
language plpgsql set search_path = pg_catalog, pg_temp
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
        update private.payment_requests as r set chat_id = successor.id where r.chat_id = chat.id;
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
language plpgsql security definer set search_path = pg_catalog, pg_temp
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

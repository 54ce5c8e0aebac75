-- Back to two: the history stays with whichever of the two had it, whoever of them asks. The other is
-- somebody new, without a name until they say one; a private chat goes with whoever writes there.
create function api.undo_link() returns jsonb
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    caller uuid := private.require_user();
    person private.users;
    link private.linked_people;
    new_id uuid;
begin
    select u.* into person from private.users as u where u.id = caller for update;
    delete from private.linked_people as l where l.user_id = caller returning * into link;
    if link.user_id is null then
        perform private.refuse('not_linked');
    end if;
    perform private.audit(m.organization_id, 'person_unlinked', jsonb_build_object('user_id', caller))
    from private.users as u
    left join public.memberships as m on u.id = m.user_id
    where u.id = caller;
    delete from public.link_codes as l where l.user_id = caller;
    if link.history_of = 'telegram' then
        update private.users as u set auth_user_id = null where u.id = caller;
        insert into private.users (auth_user_id, name, language) values (person.auth_user_id, '?', person.language);
    else
        update private.users as u set telegram_id = null where u.id = caller;
        insert into private.users (telegram_id, name, language)
        values (person.telegram_id, '?', person.language) returning id into new_id;
        delete from public.notifications as n using public.chats as c
        where n.chat_id = c.id and c.user_id = caller and n.state = 'pending';
        update public.chats as c set user_id = new_id where c.user_id = caller;
    end if;
    return '{}';
end
$$;
comment on function api.undo_link is 'Definer: nobody has grants to write people. Refuses not_linked.';
grant execute on function api.undo_link() to authenticated;

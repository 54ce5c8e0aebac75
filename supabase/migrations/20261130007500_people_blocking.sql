-- What the operator decides about people: who is kept out, and how one must have signed in.

create function api.set_sign_in_policy(anonymous_users boolean, second_factor_for_money boolean) returns jsonb
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
    perform private.require_service();
    update private.sign_in_policy as p
    set anonymous_users = set_sign_in_policy.anonymous_users,
        second_factor_for_money = set_sign_in_policy.second_factor_for_money
    where p.only_row;
    return '{}';
end
$$;
comment on function api.set_sign_in_policy is 'Definer: the policy has no grants. Whether anonymous sign-ins count as people, and whether what moves money wants aal2.';
grant execute on function api.set_sign_in_policy(boolean, boolean) to service_role;

-- Whom the caller's requests are counted for, whichever way they come.
create function api.get_own_user_id() returns jsonb
language sql stable set search_path = pg_catalog, pg_temp
as $$
    select to_jsonb(private.current_user_id())
$$;
comment on function api.get_own_user_id is 'Null for nobody we know, and for whoever is kept out.';
grant execute on function api.get_own_user_id() to authenticated;

create function private.person_json(person private.users) returns jsonb
language sql stable set search_path = pg_catalog, pg_temp
as $$
    select jsonb_build_object(
        'user_id', person.id,
        'name', person.name,
        'telegram_id', person.telegram_id,
        'auth_user_id', person.auth_user_id,
        'created_at', person.created_at,
        'blocked_at', (select b.blocked_at from private.blocked_people as b where b.user_id = person.id),
        'blocked_reason', (select b.reason from private.blocked_people as b where b.user_id = person.id),
        'organizations', (
            select coalesce(jsonb_agg(jsonb_build_object(
                'organization_id', o.id, 'organization_name', o.name, 'role', m.role
            ) order by m.created_at, o.id), '[]')
            from public.memberships as m
            inner join public.organizations as o on o.id = m.organization_id
            where m.user_id = person.id
        )
    )
$$;

-- By a part of the name, our id, Supabase's or Telegram's; without a text the blocked ones.
create function api.list_people(search_text text default null, max_rows integer default null) returns jsonb
language plpgsql stable security definer set search_path = pg_catalog, pg_temp
as $$
begin
    perform private.require_service();
    return (
        select coalesce(jsonb_agg(private.person_json(u) order by u.created_at desc, u.id), '[]')
        from (
            select u.* from private.users as u
            where case
                when search_text is null then exists (select from private.blocked_people as b where b.user_id = u.id)
                else search_text in (u.id::text, u.auth_user_id::text, u.telegram_id::text)
                    or strpos(lower(u.name), lower(search_text)) > 0
            end
            order by u.created_at desc, u.id limit private.page_size(max_rows)
        ) as u
    );
end
$$;
comment on function api.list_people is 'Definer: nobody has grants on these columns of people.';
grant execute on function api.list_people(text, integer) to service_role;

create function private.audit_operator(user_id uuid, action text) returns void
language sql set search_path = pg_catalog, pg_temp
as $$
    select private.audit(m.organization_id, action, jsonb_build_object('user_id', u.id), 'operator')
    from private.users as u
    left join public.memberships as m on m.user_id = u.id
    where u.id = audit_operator.user_id
$$;

create function api.block_person(user_id uuid, reason text) returns jsonb
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    person private.users;
begin
    perform private.require_service();
    select u.* into person from private.users as u where u.id = block_person.user_id for update;
    if person.id is null then
        perform private.refuse('not_found', jsonb_build_object('what', 'person'));
    end if;
    insert into private.blocked_people (user_id, reason) values (person.id, block_person.reason)
    on conflict on constraint blocked_people_pkey do nothing;
    if found then
        -- Nor are they told anything more, until they write again as somebody who may.
        update public.chats as c set reachable = false where c.user_id = person.id;
        delete from public.notifications as n using public.chats as c
        where n.chat_id = c.id and c.user_id = person.id and n.state = 'pending';
        perform private.audit_operator(person.id, 'person_blocked');
    end if;
    return private.person_json(person);
end
$$;
comment on function api.block_person is 'Definer: nobody has grants on who is blocked. Again is harmless and changes no reason. Refuses not_found.';
grant execute on function api.block_person(uuid, text) to service_role;

create function api.unblock_person(user_id uuid) returns jsonb
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    person private.users;
begin
    perform private.require_service();
    select u.* into person from private.users as u where u.id = unblock_person.user_id for update;
    if person.id is null then
        perform private.refuse('not_found', jsonb_build_object('what', 'person'));
    end if;
    delete from private.blocked_people as b where b.user_id = person.id;
    if found then
        update public.chats as c set reachable = true where c.user_id = person.id;
        perform private.audit_operator(person.id, 'person_unblocked');
    end if;
    return private.person_json(person);
end
$$;
comment on function api.unblock_person is 'Definer: nobody has grants on who is blocked. Again is harmless. Refuses not_found.';
grant execute on function api.unblock_person(uuid) to service_role;

-- Organizations as their people see and change them, and who belongs to them as what.
-- Owners may do everything; admins invite and remove members; members see. Whatever changes who
-- belongs to an organization has it to itself (private.require_role_alone), so that a rule that was
-- checked still holds when the change is made.

-- Who founded what: five for each person, however they are owned since. A key founds once.
create table private.foundings (
    organization_id uuid primary key references public.organizations (id),
    user_id uuid not null references public.users (id),
    name text not null,
    idempotency_key text,
    constraint foundings_one_per_key unique (user_id, idempotency_key),
    constraint foundings_key_fits check (length(idempotency_key) between 1 and 255)
);
comment on table private.foundings is 'Which person founded an organization, as what name and by which Idempotency-Key; none for an operator''s.';

create function private.roles_that_give(role text) returns text []
language sql immutable set search_path = ''
return case role when 'member' then array['owner', 'admin'] else array['owner'] end;
comment on function private.roles_that_give is 'Who may invite somebody into a role, and remove somebody who has it.';

create function private.rank_of(role text) returns integer
language sql immutable set search_path = ''
return coalesce(array_position(array['member', 'admin', 'owner'], role), 0);

create function private.require_role_alone(organization_id uuid, variadic roles text []) returns uuid
language plpgsql set search_path = ''
as $$
begin
    perform private.require_role(organization_id, variadic roles);
    perform from public.organizations as o where o.id = require_role_alone.organization_id for no key update;
    -- Whoever was faster may have taken the caller's role.
    return private.require_role(organization_id, variadic roles);
end
$$;
comment on function private.require_role_alone is 'private.require_role, and until the transaction ends nobody else changes who belongs to the organization.';

create function private.require_another_owner(member public.memberships) returns void
language plpgsql set search_path = ''
as $$
begin
    if member.role = 'owner' and not exists (
        select from public.memberships as m
        where m.organization_id = member.organization_id and m.role = 'owner' and m.user_id <> member.user_id
    ) then
        perform private.refuse('last_owner');
    end if;
end
$$;
comment on function private.require_another_owner is 'Refuses last_owner before that one''s role or membership ends.';

create function private.notify_users(user_ids uuid [], kind text, organization_id uuid, facts jsonb) returns void
language sql set search_path = ''
as $$
    insert into public.notifications (kind, chat_id, organization_id, facts)
    select notify_users.kind, c.id, o.id, jsonb_build_object('organization_name', o.name) || facts
    from public.chats as c
    inner join public.organizations as o on o.id = notify_users.organization_id
    where c.user_id = any(user_ids) and c.reachable
    order by c.id
$$;
comment on function private.notify_users is 'Tells people what happened to who belongs to an organization, in their private chats.';

create function private.organization_json(organization public.organizations, user_id uuid) returns jsonb
language sql stable set search_path = ''
as $$
    select jsonb_build_object(
        'id', organization.id,
        'name', organization.name,
        'role', m.role,
        'default_currency', organization.default_currency,
        'wallets', private.wallets_json(organization),
        'created_at', organization.created_at
    )
    from public.memberships as m
    where m.organization_id = organization.id and m.user_id = organization_json.user_id
$$;

create function private.member_json(member public.memberships) returns jsonb
language sql stable set search_path = ''
as $$
    select jsonb_build_object(
        'user_id', u.id,
        'name', u.name,
        'role', member.role,
        'is_me', u.id = private.current_user_id(),
        'joined_at', member.created_at
    )
    from public.users as u where u.id = member.user_id
$$;

create function private.set_up_organization(name text) returns uuid
language plpgsql set search_path = ''
as $$
declare
    organization uuid;
begin
    insert into public.organizations (name) values (set_up_organization.name) returning id into organization;
    perform private.audit(organization, 'organization_created', '{}', 'operator');
    return organization;
end
$$;

create function api.list_organizations() returns jsonb
language plpgsql stable security definer set search_path = ''
as $$
declare
    caller uuid := private.require_user();
begin
    return (
        select coalesce(jsonb_agg(private.organization_json(o, caller) order by m.created_at, o.id), '[]')
        from public.memberships as m
        inner join public.organizations as o on m.organization_id = o.id
        where m.user_id = caller
    );
end
$$;
comment on function api.list_organizations is 'Definer: private.wallets_json is not for everybody. The oldest membership first.';
grant execute on function api.list_organizations() to authenticated;

create function api.get_organization(organization_id uuid) returns jsonb
language plpgsql stable security definer set search_path = ''
as $$
declare
    caller uuid := private.require_role(organization_id, 'owner', 'admin', 'member');
begin
    return (
        select private.organization_json(o, caller) from public.organizations as o
        where o.id = get_organization.organization_id
    );
end
$$;
comment on function api.get_organization is 'Definer, as api.list_organizations.';
grant execute on function api.get_organization(uuid) to authenticated;

create function api.set_policy(signup_open boolean default null, topups_in_chat boolean default null) returns jsonb
language plpgsql security definer set search_path = ''
as $$
begin
    perform private.require_service();
    update private.installation as i
    set signup_open = coalesce(set_policy.signup_open, i.signup_open),
        topups_in_chat = coalesce(set_policy.topups_in_chat, i.topups_in_chat) where i.only_row;
    return '{}';
end
$$;
comment on function api.set_policy is 'Definer: private.installation has no grants. Whether everybody may found organizations and whether money is added in the chat, from now on; null leaves it.';
grant execute on function api.set_policy(boolean, boolean) to service_role;

create function api.create_organization(name text, idempotency_key text default null) returns jsonb
language plpgsql security definer set search_path = ''
as $$
declare
    caller uuid := private.require_user();
    founded private.foundings;
    signup_open boolean;
begin
    -- One after the other, so that five stay five.
    perform from public.users as u where u.id = caller for no key update;
    select f.* into founded from private.foundings as f
    where f.user_id = caller and f.idempotency_key = create_organization.idempotency_key;
    if founded.name <> create_organization.name then
        perform private.refuse('idempotency_key_reused');
    elsif founded.organization_id is null then
        select i.signup_open into signup_open from private.installation as i;
        if not coalesce(signup_open, false) then
            perform private.refuse('signup_closed');
        end if;
        if (select count(*) from private.foundings as f where f.user_id = caller) >= 5 then
            perform private.refuse('too_many_organizations', jsonb_build_object('most', 5));
        end if;
        founded.organization_id := private.set_up_organization(create_organization.name);
        insert into private.foundings (organization_id, user_id, name, idempotency_key)
        values (founded.organization_id, caller, create_organization.name, create_organization.idempotency_key);
        insert into public.memberships (organization_id, user_id, role)
        values (founded.organization_id, caller, 'owner');
        update public.users as u set default_organization_id = founded.organization_id where u.id = caller;
    end if;
    return api.get_organization(founded.organization_id);
end
$$;
comment on function api.create_organization is 'Definer: nobody has grants to write organizations. The caller owns it, and it is their current one. Refuses signup_closed, too_many_organizations.';
grant execute on function api.create_organization(text, text) to authenticated;

create function api.rename_organization(organization_id uuid, name text) returns jsonb
language plpgsql security definer set search_path = ''
as $$
begin
    perform private.require_role_alone(organization_id, 'owner', 'admin');
    update public.organizations as o set name = rename_organization.name
    where o.id = rename_organization.organization_id and o.name <> rename_organization.name;
    if found then
        perform private.audit(organization_id, 'organization_renamed');
    end if;
    return api.get_organization(organization_id);
end
$$;
comment on function api.rename_organization is 'Definer: nobody has grants to write organizations.';
grant execute on function api.rename_organization(uuid, text) to authenticated;

create function api.set_default_organization(organization_id uuid) returns jsonb
language plpgsql security definer set search_path = ''
as $$
declare
    caller uuid := private.require_role(organization_id, 'owner', 'admin', 'member');
begin
    -- The membership before its person, as where one ends.
    perform from public.memberships as m
    where m.organization_id = set_default_organization.organization_id and m.user_id = caller for key share;
    update public.users as u set default_organization_id = set_default_organization.organization_id
    where u.id = caller and exists (
        select from public.memberships as m
        where m.organization_id = set_default_organization.organization_id and m.user_id = caller
    );
    return private.me_json(caller);
end
$$;
comment on function api.set_default_organization is 'Definer: nobody has grants to write people. Only ever the caller''s own.';
grant execute on function api.set_default_organization(uuid) to authenticated;

create function api.list_members(organization_id uuid) returns jsonb
language plpgsql stable security definer set search_path = ''
as $$
begin
    perform private.require_role(organization_id, 'owner', 'admin', 'member');
    return (
        select jsonb_agg(private.member_json(m) order by private.rank_of(m.role) desc, m.created_at, m.user_id)
        from public.memberships as m
        where m.organization_id = list_members.organization_id
    );
end
$$;
comment on function api.list_members is 'Definer, to be one call. Members see their colleagues'' names anyway.';
grant execute on function api.list_members(uuid) to authenticated;

-- Owners give everybody any role; everybody else may only step down.
create function api.change_role(organization_id uuid, user_id uuid, role text) returns jsonb
language plpgsql security definer set search_path = ''
as $$
declare
    caller uuid := private.require_role_alone(organization_id, 'owner', 'admin', 'member');
    member public.memberships;
begin
    select m.* into member from public.memberships as m
    where m.organization_id = change_role.organization_id and m.user_id = change_role.user_id;
    if caller is distinct from member.user_id or private.rank_of(role) > private.rank_of(member.role) then
        perform private.require_role(organization_id, 'owner');
    end if;
    if member.user_id is null then
        perform private.refuse('not_found', jsonb_build_object('what', 'member'));
    end if;
    if member.role <> change_role.role then
        perform private.require_another_owner(member);
        update public.memberships as m set role = change_role.role
        where m.organization_id = member.organization_id and m.user_id = member.user_id returning * into member;
        perform private.audit(organization_id, 'role_changed', jsonb_build_object('user_id', member.user_id, 'role', role));
        if caller <> member.user_id then
            perform private.notify_users(array[member.user_id], 'role_changed', organization_id, jsonb_build_object(
                'role', role, 'by', (select u.name from public.users as u where u.id = caller)
            ));
        end if;
    end if;
    return private.member_json(member);
end
$$;
comment on function api.change_role is 'Definer: nobody has grants to write memberships. Refuses last_owner.';
grant execute on function api.change_role(uuid, uuid, text) to authenticated;

-- Everybody may leave; owners remove anybody, admins remove members.
create function api.remove_member(organization_id uuid, user_id uuid) returns jsonb
language plpgsql security definer set search_path = ''
as $$
declare
    caller uuid := private.require_role_alone(organization_id, 'owner', 'admin', 'member');
    member public.memberships;
begin
    select m.* into member from public.memberships as m
    where m.organization_id = remove_member.organization_id and m.user_id = remove_member.user_id;
    if caller is distinct from member.user_id then
        perform private.require_role(organization_id, variadic private.roles_that_give(coalesce(member.role, 'member')));
    end if;
    if member.user_id is null then
        perform private.refuse('not_found', jsonb_build_object('what', 'member'));
    end if;
    perform private.require_another_owner(member);
    delete from public.memberships as m
    where m.organization_id = member.organization_id and m.user_id = member.user_id;
    if caller = member.user_id then
        perform private.audit(organization_id, 'member_left');
    else
        perform private.audit(organization_id, 'member_removed', jsonb_build_object('user_id', member.user_id));
        perform private.notify_users(array[member.user_id], 'member_removed', organization_id, jsonb_build_object(
            'by', (select u.name from public.users as u where u.id = caller)
        ));
    end if;
    return jsonb_build_object('removed', true);
end
$$;
comment on function api.remove_member is 'Definer: nobody has grants to write memberships. Refuses last_owner.';
grant execute on function api.remove_member(uuid, uuid) to authenticated;

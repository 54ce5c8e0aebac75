-- Who belongs to an organization as what, and how that changes and ends.
create function private.member_json(member public.memberships) returns jsonb
language sql stable set search_path = pg_catalog, pg_temp
as $$
    select jsonb_build_object(
        'user_id', u.id,
        'name', u.name,
        'role', member.role,
        'is_me', u.id = private.current_user_id(),
        'joined_at', member.created_at
    )
    from private.users as u where u.id = member.user_id
$$;

create function api.list_members(organization_id uuid) returns jsonb
language plpgsql stable security definer set search_path = pg_catalog, pg_temp
as $$
begin
    perform private.require_role(organization_id, 'owner', 'admin', 'member');
    return (
        select jsonb_agg(
            private.member_json(n.member) || jsonb_build_object('shares_name', n.shares_name)
            order by private.rank_of((n.member).role) desc, (n.member).created_at, (n.member).user_id
        )
        from (
            select m as member, count(*) over (partition by private.appearance(u.name)) > 1 as shares_name
            from public.memberships as m
            inner join private.users as u on m.user_id = u.id
            where m.organization_id = list_members.organization_id
        ) as n
    );
end
$$;
comment on function api.list_members is 'Definer, to be one call. Members see their colleagues'' names anyway.';
grant execute on function api.list_members(uuid) to authenticated;

-- Owners give everybody any role; everybody else may only step down.
create function api.change_role(organization_id uuid, user_id uuid, role text) returns jsonb
language plpgsql security definer set search_path = pg_catalog, pg_temp
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
                'role', role, 'by', (select u.name from private.users as u where u.id = caller)
            ), 'membership ' || organization_id);
        end if;
    end if;
    return private.member_json(member);
end
$$;
comment on function api.change_role is 'Definer: nobody has grants to write memberships. Refuses last_owner.';
grant execute on function api.change_role(uuid, uuid, text) to authenticated;

-- Everybody may leave; owners remove anybody, admins remove members.
create function api.remove_member(organization_id uuid, user_id uuid) returns jsonb
language plpgsql security definer set search_path = pg_catalog, pg_temp
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
            'by', (select u.name from private.users as u where u.id = caller)
        ), 'membership ' || organization_id);
    end if;
    return jsonb_build_object('removed', true);
end
$$;
comment on function api.remove_member is 'Definer: nobody has grants to write memberships. Refuses last_owner.';
grant execute on function api.remove_member(uuid, uuid) to authenticated;

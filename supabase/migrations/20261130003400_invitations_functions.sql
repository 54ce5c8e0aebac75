-- How an invitation is made, revoked and accepted.

-- 192 random bits as 32 characters, which fit into a Telegram link beside "invite_"
-- (https://core.telegram.org/bots/features#deep-linking: 64 of A-Z, a-z, 0-9, _ and -).
create function private.make_invitation(
    organization_id uuid, role text, uses integer, hours integer, created_by uuid, through text default null
) returns jsonb
language plpgsql set search_path = pg_catalog, pg_temp
as $$
declare
    -- Two, because each has 122 random bits.
    random bytea := sha256(uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()));
    code text := translate(encode(substring(random for 24), 'base64'), '+/', '-_');
    invitation public.invitations;
begin
    insert into public.invitations (organization_id, role, code_hash, uses_left, expires_at, created_by)
    values (
        make_invitation.organization_id, make_invitation.role, private.hash_of_code(code), uses,
        now() + interval '1 hour' * hours, make_invitation.created_by
    ) returning * into invitation;
    perform private.audit(organization_id, 'invitation_created', jsonb_build_object(
        'invitation_id', invitation.id, 'role', role, 'uses', uses
    ), through);
    return private.invitation_json(invitation) || jsonb_build_object('code', code);
end
$$;
comment on function private.make_invitation is 'A new invitation as json, with its code: the only time that anybody is told it.';

create function api.create_invitation(
    organization_id uuid, role text default 'member', uses integer default 1, hours integer default 48
) returns jsonb
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    caller uuid := private.require_role(organization_id, variadic private.roles_that_give(role));
begin
    perform private.require_rate((
        select i.created_at from public.invitations as i where i.organization_id = create_invitation.organization_id
        order by i.created_at desc offset 59 limit 1
    ));
    return private.make_invitation(organization_id, role, uses, hours, caller);
end
$$;
comment on function api.create_invitation is 'Definer: nobody has grants to write invitations.';
grant execute on function api.create_invitation(uuid, text, integer, integer) to authenticated;

create function api.list_invitations(organization_id uuid) returns jsonb
language plpgsql stable security definer set search_path = pg_catalog, pg_temp
as $$
begin
    perform private.require_role(organization_id, 'owner', 'admin');
    return (
        select coalesce(jsonb_agg(private.invitation_json(i) order by i.created_at desc, i.id), '[]')
        from public.invitations as i
        where i.organization_id = list_invitations.organization_id and private.invitation_is_open(i)
    );
end
$$;
comment on function api.list_invitations is 'Definer: nobody has grants on invitations. Those that still work.';
grant execute on function api.list_invitations(uuid) to authenticated;

create function api.revoke_invitation(organization_id uuid, invitation_id uuid) returns jsonb
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    caller uuid := private.require_role_alone(organization_id, 'owner', 'admin');
    invitation public.invitations;
begin
    select i.* into invitation from public.invitations as i
    where i.id = invitation_id and i.organization_id = revoke_invitation.organization_id;
    if invitation.id is null then
        perform private.refuse('not_found', jsonb_build_object('what', 'invitation'));
    end if;
    if caller is distinct from invitation.created_by then
        perform private.require_role(organization_id, variadic private.roles_that_give(invitation.role));
    end if;
    if invitation.revoked_at is null then
        update public.invitations as i set revoked_at = now() where i.id = invitation.id;
        perform private.audit(
            organization_id, 'invitation_revoked', jsonb_build_object('invitation_id', invitation.id)
        );
    end if;
    return jsonb_build_object('revoked', true);
end
$$;
comment on function api.revoke_invitation is 'Definer: nobody has grants to write invitations.';
grant execute on function api.revoke_invitation(uuid, uuid) to authenticated;

create function api.get_invitation(code text) returns jsonb
language plpgsql stable security definer set search_path = pg_catalog, pg_temp
as $$
declare
    caller uuid := private.require_user();
    invitation public.invitations;
begin
    select i.* into invitation from public.invitations as i where i.code_hash = private.hash_of_code(code);
    if invitation.id is null or not private.invitation_is_open(invitation) or exists (
        select from public.invitation_uses as used where used.invitation_id = invitation.id and used.user_id = caller
    ) then
        perform private.refuse('invitation_invalid');
    end if;
    return private.invitation_json(invitation);
end
$$;
comment on function api.get_invitation is 'Definer: whoever has the code is invited. Wrong, expired and used up are one answer: invitation_invalid.';
grant execute on function api.get_invitation(text) to authenticated;

-- Lets the caller in, or raises their role; it never lowers one. Whoever came in by it and is still
-- there gets the same answer again, whatever became of the invitation.
create function api.accept_invitation(code text) returns jsonb
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    caller uuid := private.require_user();
    invitation public.invitations;
    held text;
    has_used boolean;
begin
    -- The last use is taken once, and nobody comes in while its maker loses their role.
    perform from public.organizations as o
    where o.id = (
        select i.organization_id from public.invitations as i where i.code_hash = private.hash_of_code(code)
    ) for no key update;
    select i.* into invitation from public.invitations as i where i.code_hash = private.hash_of_code(code);
    select m.role into held from public.memberships as m
    where m.organization_id = invitation.organization_id and m.user_id = caller;
    has_used := exists (
        select from public.invitation_uses as used where used.invitation_id = invitation.id and used.user_id = caller
    );
    if held is not null and has_used then
        return api.get_organization(invitation.organization_id);
    end if;
    if invitation.id is null or has_used or not private.invitation_is_open(invitation) then
        perform private.refuse('invitation_invalid');
    end if;
    if private.rank_of(held) < private.rank_of(invitation.role) then
        update public.invitations as i set uses_left = i.uses_left - 1 where i.id = invitation.id;
        insert into public.invitation_uses (invitation_id, user_id) values (invitation.id, caller);
        insert into public.memberships (organization_id, user_id, role)
        values (invitation.organization_id, caller, invitation.role)
        on conflict on constraint memberships_pkey do update set role = excluded.role;
        perform private.audit(invitation.organization_id, 'member_joined', jsonb_build_object(
            'invitation_id', invitation.id, 'role', invitation.role
        ));
        perform private.notify_users(
            array(
                select m.user_id from public.memberships as m
                where m.organization_id = invitation.organization_id and m.role in ('owner', 'admin')
                and m.user_id <> caller
            ),
            'member_joined', invitation.organization_id,
            jsonb_build_object('role', invitation.role, 'name', (select u.name from private.users as u where u.id = caller)),
            'member ' || invitation.organization_id || ' ' || caller
        );
    end if;
    return api.get_organization(invitation.organization_id);
end
$$;
comment on function api.accept_invitation is 'Definer: nobody has grants to write memberships. Refuses invitation_invalid.';
grant execute on function api.accept_invitation(text) to authenticated;

-- The first owner's way in, by an operator: into a new organization, or one that is named by its id.
-- Names are nobody's own, so one of that name that has people already is only ever answered.
create function api.invite_owner(name text, hours integer, organization_id uuid default null) returns jsonb
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    chosen uuid;
    others jsonb;
begin
    perform private.require_service();
    select o.id into chosen from public.organizations as o
    where case
        when invite_owner.organization_id is not null then o.id = invite_owner.organization_id
        else o.name = invite_owner.name and not exists (
            select from public.memberships as m where m.organization_id = o.id
        )
    end
    order by o.created_at, o.id limit 1;
    select jsonb_agg(o.id order by o.created_at) into others
    from public.organizations as o where o.name = invite_owner.name;
    if chosen is null and invite_owner.organization_id is not null then
        perform private.refuse('not_found', jsonb_build_object('what', 'organization'));
    end if;
    if chosen is null and others is not null then
        return jsonb_build_object('others', others);
    end if;
    return private.make_invitation(
        coalesce(chosen, private.set_up_organization(name)), 'owner', 1, hours, null, 'operator'
    );
end
$$;
comment on function api.invite_owner is 'Definer: nobody has grants to write organizations. An invitation as json; or others, the ids of organizations of that name, with nothing done.';
grant execute on function api.invite_owner(text, integer, uuid) to service_role;

-- Where a role is checked. Whatever changes who belongs to an organization has it to itself
-- (private.require_role_alone), so that a rule that was checked still holds when the change is made.

-- The role check of every definer function that a member may call: the caller's user id, or a
-- refusal. Not there and not yours are the same not_found.
create function private.require_role(organization_id uuid, variadic roles text []) returns uuid
language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
declare
    caller uuid := private.current_user_id();
    held text;
begin
    if caller is null then
        perform private.refuse_unknown_caller();
    end if;
    select m.role into held
    from public.memberships as m
    where m.organization_id = require_role.organization_id and m.user_id = caller;
    if held is null then
        perform private.refuse('not_found', jsonb_build_object('what', 'organization'));
    end if;
    if held <> all (roles) then
        perform private.refuse('role_too_low', jsonb_build_object('role', roles [array_upper(roles, 1)]));
    end if;
    return caller;
end
$$;

create function private.require_role_alone(organization_id uuid, variadic roles text []) returns uuid
language plpgsql set search_path = pg_catalog, pg_temp
as $$
begin
    perform private.require_role(organization_id, variadic roles);
    perform from public.organizations as o where o.id = require_role_alone.organization_id for no key update;
    -- Whoever was faster may have taken the caller's role.
    return private.require_role(organization_id, variadic roles);
end
$$;
comment on function private.require_role_alone is 'private.require_role, and until the transaction ends nobody else changes who belongs to the organization.';

create function private.owned_organization_ids() returns setof uuid
language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
    select m.organization_id from public.memberships as m
    where m.user_id = private.current_user_id() and m.role = 'owner'
$$;
comment on function private.owned_organization_ids is 'Definer, as private.member_organization_ids.';
grant execute on function private.owned_organization_ids() to authenticated;

create function private.manageable_organization_ids() returns setof uuid
language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
    select m.organization_id from public.memberships as m
    where m.user_id = private.current_user_id() and m.role in ('owner', 'admin')
$$;
comment on function private.manageable_organization_ids is 'Definer, as private.member_organization_ids. Where the caller may pay and act for the organization.';
grant execute on function private.manageable_organization_ids() to authenticated;

-- A page may offer the organization's saved cards, so a link to it is for those who may charge them.
create function private.can_pay(organization_id uuid) returns boolean
language sql stable set search_path = pg_catalog, pg_temp
return current_setting('role') <> 'authenticated' or exists (
    select from public.memberships as m
    where m.organization_id = can_pay.organization_id and m.user_id = private.current_user_id() and m.role <> 'member'
);
comment on function private.can_pay is 'Whether the caller may add money to an organization; the backend itself tells only those who do.';

-- Who asked for something may have lost the right to it before Stripe is asked, or asked again.
create function private.is_authorized_to_move_money(user_id uuid, organization_id uuid) returns boolean
language sql stable set search_path = pg_catalog, pg_temp
return exists (
    select from public.memberships as m
    where m.user_id = is_authorized_to_move_money.user_id and m.organization_id = is_authorized_to_move_money.organization_id
    and m.role in ('owner', 'admin')
    and not exists (select from private.blocked_people as b where b.user_id = m.user_id)
);
comment on function private.is_authorized_to_move_money is 'Whether somebody is an owner or admin of the organization now, and not blocked; nobody (null) is not.';

create function private.roles_that_give(role text) returns text []
language sql immutable set search_path = pg_catalog, pg_temp
return case role when 'member' then array['owner', 'admin'] else array['owner'] end;
comment on function private.roles_that_give is 'Who may invite somebody into a role, and remove somebody who has it.';

create function private.rank_of(role text) returns integer
language sql immutable set search_path = pg_catalog, pg_temp
return coalesce(array_position(array['member', 'admin', 'owner'], role), 0);

create function private.require_another_owner(member public.memberships) returns void
language plpgsql set search_path = pg_catalog, pg_temp
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

-- The way in: a code that lets people into an organization. It carries its maker's word, and works
-- only as long as they could still give it.
create table public.invitations (
    id uuid primary key default gen_random_uuid(),
    organization_id uuid not null references public.organizations (id),
    role text not null,
    code_hash bytea not null unique,
    uses_left integer not null,
    expires_at timestamptz not null,
    revoked_at timestamptz,
    created_by uuid references private.users (id),
    created_at timestamptz not null default now(),
    constraint invitations_role_is_listed check (role in ('owner', 'admin', 'member')),
    constraint invitations_uses_are_limited check (uses_left between 0 and 100),
    constraint invitations_end check (expires_at > created_at and expires_at <= created_at + interval '720 hours')
);
comment on table public.invitations is 'Who may come in as what. Of the code only its sha256 is kept; created_by is none for an operator''s.';
revoke all on public.invitations from public, anon, authenticated, service_role;
create index invitations_organization on public.invitations (organization_id, created_at);
create index invitations_created_by on public.invitations (created_by);
alter table public.invitations enable row level security;

create table public.invitation_uses (
    invitation_id uuid not null references public.invitations (id),
    user_id uuid not null references private.users (id),
    used_at timestamptz not null default now(),
    primary key (invitation_id, user_id)
);
comment on table public.invitation_uses is 'Who came in by which invitation: it lets each person in once, so whoever was removed needs another.';
revoke all on public.invitation_uses from public, anon, authenticated, service_role;
create index invitation_uses_user on public.invitation_uses (user_id);
alter table public.invitation_uses enable row level security;

create function private.invitation_is_open(invitation public.invitations) returns boolean
language sql stable set search_path = pg_catalog, pg_temp
as $$
    select invitation.revoked_at is null and invitation.uses_left > 0 and invitation.expires_at > now()
    and (invitation.created_by is null or exists (
        select from public.memberships as m
        where m.organization_id = invitation.organization_id and m.user_id = invitation.created_by
        and m.role = any(private.roles_that_give(invitation.role))
    ))
$$;

create function private.invitation_json(invitation public.invitations) returns jsonb
language sql stable set search_path = pg_catalog, pg_temp
as $$
    select jsonb_build_object(
        'id', invitation.id,
        'organization_id', o.id,
        'organization_name', o.name,
        'role', invitation.role,
        'uses_left', invitation.uses_left,
        'expires_at', invitation.expires_at,
        'invited_by', (select u.name from private.users as u where u.id = invitation.created_by)
    )
    from public.organizations as o where o.id = invitation.organization_id
$$;

-- Links to add a card: a page of Stripe's in setup mode, and the message in the chat that shows it.
create table public.setup_links (
    id uuid primary key default gen_random_uuid(),
    organization_id uuid not null references public.organizations (id),
    user_id uuid not null references public.users (id),
    idempotency_key text not null,
    make_default boolean not null,
    state text not null default 'open',
    method_id uuid references public.payment_methods (id),
    last_decline text,
    stripe_checkout_session_id text unique,
    url text,
    expires_at timestamptz not null,
    checked_at timestamptz,
    chat_id bigint references public.chats (id),
    message_id bigint,
    created_at timestamptz not null default now(),
    constraint setup_links_key_fits check (length(idempotency_key) between 1 and 255),
    constraint setup_links_one_per_key unique (user_id, idempotency_key),
    constraint setup_links_state_is_listed check (state in ('open', 'added', 'known', 'expired'))
);
comment on table public.setup_links is 'Links to add a card: open, then added, known (the organization has that card already: method_id) or expired.';
revoke all on public.setup_links from public, anon, authenticated, service_role;
create index setup_links_organization on public.setup_links (organization_id, created_at);
create index setup_links_payment_method on public.setup_links (method_id);
create index setup_links_chat on public.setup_links (chat_id);
alter table public.setup_links enable row level security;

alter table public.notifications add column link_id uuid;
alter table public.notifications add constraint notifications_link
foreign key (link_id) references public.setup_links (id) not valid;
create index notifications_link_id on public.notifications (link_id);

-- What its maker is shown of it.
create function private.setup_link_json(link public.setup_links) returns jsonb
language sql stable set search_path = ''
as $$
    select jsonb_build_object(
        'link_id', link.id,
        'organization_id', link.organization_id,
        'organization_name', o.name,
        'state', link.state,
        'url', case when link.state = 'open' then link.url end,
        'expires_at', link.expires_at,
        'last_decline', link.last_decline,
        'method', case when m.id is not null then private.payment_method_json(m) end
    )
    from public.organizations as o
    left join public.payment_methods as m on m.id = link.method_id
    where o.id = link.organization_id
$$;

-- What only the backend needs to talk to Stripe about it.
create function private.service_setup_link_json(link public.setup_links) returns jsonb
language sql stable set search_path = ''
as $$
    select private.setup_link_json(link) || jsonb_build_object(
        'stripe_customer_id', o.stripe_customer_id,
        'stripe_checkout_session_id', link.stripe_checkout_session_id,
        'user_id', link.user_id,
        -- Whoever has lost the role since decides no more what is charged.
        'make_default', link.make_default and private.is_authorized_to_move_money(link.user_id, link.organization_id),
        'currency', o.default_currency,
        'language', private.language_of(u)
    )
    from public.organizations as o
    inner join public.users as u on u.id = link.user_id
    where o.id = link.organization_id
$$;

create function private.require_setup_link(link_id uuid) returns public.setup_links
language plpgsql stable set search_path = ''
as $$
declare
    link public.setup_links;
begin
    select l.* into link from public.setup_links as l
    where l.id = link_id and l.user_id = private.current_user_id();
    if link.id is null then
        perform private.refuse('not_found', jsonb_build_object('what', 'link'));
    end if;
    perform private.require_role(link.organization_id, 'owner', 'admin');
    return link;
end
$$;
comment on function private.require_setup_link is 'The role check of what concerns only who made a link: its row, or a refusal.';

create function api.create_setup_link(
    organization_id uuid,
    idempotency_key text default null,
    make_default boolean default false,
    telegram_chat_id bigint default null,
    message_id bigint default null
) returns jsonb
language plpgsql security definer set search_path = ''
as $$
declare
    caller uuid := private.require_role(organization_id, 'owner', 'admin');
    key text := coalesce(create_setup_link.idempotency_key, gen_random_uuid()::text);
    chat bigint;
    link public.setup_links;
begin
    -- A page costs a call to Stripe, and pages for trying out cards are what thieves look for.
    if (
        select count(*) from public.setup_links as l
        where l.organization_id = create_setup_link.organization_id and l.created_at > now() - interval '10 minutes'
    ) >= 20 then
        perform private.refuse('too_many_requests', jsonb_build_object('retry_after', 60));
    end if;
    select c.id into chat from public.chats as c
    where c.user_id = caller and c.telegram_chat_id = create_setup_link.telegram_chat_id;
    if telegram_chat_id is not null and chat is null then
        perform private.refuse('not_found', jsonb_build_object('what', 'chat'));
    end if;
    insert into public.setup_links (
        organization_id, user_id, idempotency_key, make_default, expires_at, chat_id, message_id
    ) values (
        create_setup_link.organization_id, caller, key, create_setup_link.make_default,
        date_trunc('second', now()) + interval '60 minutes', chat, create_setup_link.message_id
    )
    on conflict on constraint setup_links_one_per_key do nothing;
    if found then
        -- A message shows its newest link: what becomes of older ones must not be written over it.
        update public.setup_links as l set chat_id = null, message_id = null
        where l.chat_id = chat and l.message_id = create_setup_link.message_id and l.idempotency_key <> key;
    end if;
    select l.* into strict link from public.setup_links as l where l.user_id = caller and l.idempotency_key = key;
    if (link.organization_id, link.make_default) <> (create_setup_link.organization_id, create_setup_link.make_default) then
        perform private.refuse('idempotency_key_reused');
    end if;
    return private.setup_link_json(link);
end
$$;
comment on function api.create_setup_link is 'Definer: nobody has grants on links. Same key and same input: the same link. It is shown in the caller''s own private chat only.';
grant execute on function api.create_setup_link(uuid, text, boolean, bigint, bigint) to authenticated;

create function api.get_setup_link(link_id uuid) returns jsonb
language plpgsql stable security definer set search_path = ''
as $$
declare
    link public.setup_links := private.require_setup_link(link_id);
begin
    return private.setup_link_json(link);
end
$$;
comment on function api.get_setup_link is 'Definer: nobody has grants on links.';
grant execute on function api.get_setup_link(uuid) to authenticated;

create function api.open_setup_link(link_id uuid, session_id text default null, url text default null) returns jsonb
language plpgsql security definer set search_path = ''
as $$
declare
    link public.setup_links;
begin
    perform private.require_service();
    update public.setup_links as l
    set stripe_checkout_session_id = coalesce(l.stripe_checkout_session_id, session_id),
        url = coalesce(l.url, open_setup_link.url)
    where l.id = link_id returning * into strict link;
    return private.service_setup_link_json(link);
end
$$;
comment on function api.open_setup_link is 'Definer. A link as the backend needs it; with what Stripe made for it, if that is said.';
grant execute on function api.open_setup_link(uuid, text, text) to service_role;

-- Stripe is asked about a link at most every three seconds, however many people ask us.
create function api.claim_setup_link_check(link_id uuid) returns jsonb
language plpgsql security definer set search_path = ''
as $$
declare
    link public.setup_links;
    due boolean;
begin
    perform private.require_service();
    update public.setup_links as l set checked_at = now()
    where l.id = link_id and l.state = 'open' and l.stripe_checkout_session_id is not null
    and (l.checked_at is null or l.checked_at <= now() - interval '3 seconds');
    due := found;
    select l.* into link from public.setup_links as l where l.id = link_id;
    if link.id is null then
        perform private.refuse('not_found', jsonb_build_object('what', 'link'));
    end if;
    return private.service_setup_link_json(link) || jsonb_build_object('due', due);
end
$$;
comment on function api.claim_setup_link_check is 'Definer. due says whether Stripe may be asked now.';
grant execute on function api.claim_setup_link_check(uuid) to service_role;

-- How the page stands, after the mirror was brought up to date: what was saved on it, if it was.
create function api.settle_setup_link(
    link_id uuid, stripe_payment_method_id text default null, expired boolean default false, decline text default null
) returns jsonb
language plpgsql security definer set search_path = ''
as $$
declare
    link public.setup_links;
    surviving public.payment_methods;
begin
    perform private.require_service();
    surviving := private.surviving_payment_method(settle_setup_link.stripe_payment_method_id);
    update public.setup_links as l
    set state = case
            when surviving.stripe_payment_method_id = settle_setup_link.stripe_payment_method_id then 'added'
            when surviving.id is not null then 'known'
            when expired then 'expired'
            else l.state
        end,
        method_id = surviving.id,
        last_decline = decline
    where l.id = link_id and l.state = 'open'
    and (surviving.id is not null or expired or decline is distinct from l.last_decline)
    returning * into link;
    if found then
        insert into public.notifications (kind, chat_id, organization_id, link_id)
        select 'method_link_shown', c.id, link.organization_id, link.id from public.chats as c
        where c.id = link.chat_id and exists (
            select from public.memberships as m
            where m.organization_id = link.organization_id and m.user_id = link.user_id
        );
    end if;
    return '{}';
end
$$;
comment on function api.settle_setup_link is 'Definer. Tells its maker''s message once what became of it.';
grant execute on function api.settle_setup_link(uuid, text, boolean, text) to service_role;

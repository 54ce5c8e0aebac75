-- How a link to add a card is made, opened, asked about and settled.
create function private.require_setup_link(link_id uuid) returns public.setup_links
language plpgsql stable set search_path = pg_catalog, pg_temp
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

-- A page costs a call to Stripe, and pages for trying out cards are what thieves look for.
create function private.require_setup_link_rate(organization_id uuid) returns void
language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
begin
    perform private.require_rate((
        select l.created_at from public.setup_links as l where l.organization_id = require_setup_link_rate.organization_id
        order by l.created_at desc offset 19 limit 1
    ));
end
$$;
comment on function private.require_setup_link_rate is 'Refuses too_many_requests after 20 links of an organization in 10 minutes.';

create function api.create_setup_link(
    organization_id uuid,
    idempotency_key text default null,
    make_default boolean default false,
    telegram_chat_id bigint default null,
    message_id bigint default null
) returns jsonb
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    caller uuid := private.require_role(organization_id, 'owner', 'admin');
    key text := coalesce(create_setup_link.idempotency_key, gen_random_uuid()::text);
    chat bigint;
    link public.setup_links;
begin
    perform private.require_second_factor();
    if not exists (select from public.setup_links as l where l.user_id = caller and l.idempotency_key = key) then
        perform private.require_setup_link_rate(organization_id);
    end if;
    select c.id into chat from public.chats as c
    where c.user_id = caller and c.telegram_chat_id = create_setup_link.telegram_chat_id;
    if telegram_chat_id is not null and chat is null then
        perform private.refuse('not_found', jsonb_build_object('what', 'chat'));
    end if;
    insert into public.setup_links (
        id, organization_id, user_id, idempotency_key, make_default, expires_at, chat_id, message_id
    ) values (
        private.id_of_key('setup_link', caller, key), create_setup_link.organization_id, caller, key, create_setup_link.make_default,
        date_trunc('second', now()) + interval '60 minutes', chat, create_setup_link.message_id
    )
    on conflict do nothing;
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
language plpgsql stable security definer set search_path = pg_catalog, pg_temp
as $$
declare
    link public.setup_links := private.require_setup_link(link_id);
begin
    return private.setup_link_json(link);
end
$$;
comment on function api.get_setup_link is 'Definer: nobody has grants on links.';
grant execute on function api.get_setup_link(uuid) to authenticated;

create function api.get_setup_link_for_service(link_id uuid) returns jsonb
language plpgsql stable security definer set search_path = pg_catalog, pg_temp
as $$
declare
    link public.setup_links;
begin
    perform private.require_service();
    select l.* into strict link from public.setup_links as l where l.id = link_id;
    return private.service_setup_link_json(link);
end
$$;
comment on function api.get_setup_link_for_service is 'Definer: what the backend sends to Stripe is made from this row alone.';
grant execute on function api.get_setup_link_for_service(uuid) to service_role;

create function api.mark_setup_link_opened(link_id uuid, stripe_checkout_session_id text, url text) returns jsonb
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
    perform private.require_service();
    update public.setup_links as l
    set stripe_checkout_session_id = coalesce(l.stripe_checkout_session_id, mark_setup_link_opened.stripe_checkout_session_id),
        url = coalesce(l.url, mark_setup_link_opened.url)
    where l.id = link_id;
    return '{}';
end
$$;
comment on function api.mark_setup_link_opened is 'Definer. Stripe made the page: its session and address, unless they are recorded already.';
grant execute on function api.mark_setup_link_opened(uuid, text, text) to service_role;

-- Stripe is asked about a link at most every three seconds, however many people ask us.
create function api.claim_setup_link_check(link_id uuid) returns jsonb
language plpgsql security definer set search_path = pg_catalog, pg_temp
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

-- What became of the page, after the organization's methods were copied: what was saved on it, if it was.
create function api.settle_setup_link(
    link_id uuid, stripe_payment_method_id text default null, expired boolean default false, decline text default null
) returns jsonb
language plpgsql security definer set search_path = pg_catalog, pg_temp
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
        payment_method_id = surviving.id,
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

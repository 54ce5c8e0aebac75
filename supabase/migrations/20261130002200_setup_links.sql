-- Links to add a card: a page of Stripe's in setup mode, and the message in the chat that shows it.
create table public.setup_links (
    id uuid primary key default gen_random_uuid(),
    organization_id uuid not null references public.organizations (id),
    user_id uuid not null references private.users (id),
    idempotency_key text not null,
    attempt integer not null default 1,
    make_default boolean not null,
    state text not null default 'open',
    payment_method_id uuid references public.payment_methods (id),
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
comment on table public.setup_links is 'Links to add a card: open, then added, known (payment_method_id was there already) or expired.';
revoke all on public.setup_links from public, anon, authenticated, service_role;
create index setup_links_organization on public.setup_links (organization_id, created_at);
create index setup_links_payment_method on public.setup_links (payment_method_id);
create index setup_links_chat on public.setup_links (chat_id);
alter table public.setup_links enable row level security;

-- What its maker is shown of it.
create function private.setup_link_json(link public.setup_links) returns jsonb
language sql stable set search_path = pg_catalog, pg_temp
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
    left join public.payment_methods as m on m.id = link.payment_method_id
    where o.id = link.organization_id
$$;

-- What only the backend needs to talk to Stripe about it.
create function private.service_setup_link_json(link public.setup_links) returns jsonb
language sql stable set search_path = pg_catalog, pg_temp
as $$
    select private.setup_link_json(link) || jsonb_build_object(
        'stripe_customer_id', o.stripe_customer_id,
        'stripe_checkout_session_id', link.stripe_checkout_session_id,
        'user_id', link.user_id,
        'attempt', link.attempt,
        'key_hash', private.key_hash(link.user_id, link.idempotency_key),
        'created_at', link.created_at,
        -- Whoever has lost the role since decides no more what is charged.
        'make_default', link.make_default and private.is_authorized_to_move_money(link.user_id, link.organization_id),
        'currency', o.default_currency,
        'language', private.language_of(u)
    )
    from public.organizations as o
    inner join private.users as u on u.id = link.user_id
    where o.id = link.organization_id
$$;

-- Where people can be told things. A private chat belongs to its user.
create table public.chats (
    id bigint generated always as identity primary key,
    telegram_chat_id bigint not null unique,
    kind text not null,
    user_id uuid unique references public.users (id),
    organization_id uuid references public.organizations (id),
    language text not null default 'en',
    reachable boolean not null default true,
    paused_until timestamptz,
    created_at timestamptz not null default now(),
    constraint chats_kind_is_known check (kind in ('private', 'group')),
    constraint chats_private_has_a_user check ((kind = 'private') = (user_id is not null))
);
comment on table public.chats is 'Telegram chats: reachable turns false when the bot is blocked, paused_until is Telegram''s retry_after.';
revoke all on public.chats from public, anon, authenticated, service_role;
revoke all on sequence public.chats_id_seq from public, anon, authenticated, service_role;
create index chats_organization on public.chats (organization_id);
alter table public.chats enable row level security;

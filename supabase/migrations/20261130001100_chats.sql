-- Where people can be told things. A private chat belongs to its user; a group shows only the
-- organization that an owner tied to it, and only what that owner allowed.
create table public.chats (
    id bigint generated always as identity primary key,
    telegram_chat_id bigint not null unique,
    kind text not null,
    user_id uuid unique references private.users (id),
    organization_id uuid references public.organizations (id),
    shows_balance boolean not null default false,
    announces_credits boolean not null default false,
    message_thread_id bigint,
    language text not null default 'en',
    reachable boolean not null default true,
    paused_until timestamptz,
    migrated_at timestamptz,
    created_at timestamptz not null default now(),
    constraint chats_kind_is_listed check (kind in ('private', 'group')),
    constraint chats_private_has_a_user check ((kind = 'private') = (user_id is not null)),
    constraint chats_untied_show_nothing check (
        organization_id is not null or not (shows_balance or announces_credits)
    )
);
comment on table public.chats is 'Telegram chats: reachable turns false when the bot is blocked, paused_until is Telegram''s retry_after, message_thread_id the topic that announcements go to, migrated_at when a group became this supergroup.';
revoke all on public.chats from public, anon, authenticated, service_role;
revoke all on sequence public.chats_id_seq from public, anon, authenticated, service_role;
create index chats_organization on public.chats (organization_id);
alter table public.chats enable row level security;

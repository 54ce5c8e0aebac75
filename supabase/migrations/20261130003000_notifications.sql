-- What waits for the same chat: news of money first, in the order in which it became true, then the rest.
create function private.urgency_of(kind text) returns integer
language sql immutable set search_path = pg_catalog, pg_temp
return case when kind in ('member_joined', 'role_changed', 'member_removed', 'method_news', 'topic_closed') then 1 else 0 end;

-- The outbox: what people must be told, written in the transaction that made it true.
create table public.notifications (
    id bigint generated always as identity primary key,
    kind text not null,
    chat_id bigint not null references public.chats (id),
    payment_id uuid references public.payments (id),
    organization_id uuid references public.organizations (id),
    facts jsonb not null default '{}',
    state text not null default 'pending',
    tries integer not null default 0,
    due_at timestamptz not null default now(),
    claim uuid,
    claimed_at timestamptz,
    claimed_until timestamptz,
    repeat boolean not null default false,
    message_id bigint,
    reason text,
    created_at timestamptz not null default now(),
    delivered_at timestamptz,
    link_id uuid,
    subject text,
    constraint notifications_kind_is_listed check (
        kind in (
            'payment_shown', 'wallet_credited', 'member_joined', 'role_changed', 'member_removed',
            'method_link_shown', 'method_news',
            'refund_made', 'refund_failed', 'dispute_opened', 'dispute_withdrawn', 'dispute_reinstated',
            'dispute_closed', 'fraud_warned', 'recurring', 'wallet_adjusted', 'topic_closed'
        )
    ),
    constraint notifications_state_is_listed check (state in ('pending', 'claimed', 'delivered', 'refused')),
    constraint notifications_link foreign key (link_id) references public.setup_links (id)
);
comment on table public.notifications is 'What to tell in which chat, about a payment or an organization, with facts of its own. It is rendered when claimed, so it always tells the newest state. What has a subject (a role, a card, a recurring top-up) waits once per chat: its newest state.';
revoke all on public.notifications from public, anon, authenticated, service_role;
revoke all on sequence public.notifications_id_seq from public, anon, authenticated, service_role;
create unique index notifications_wait_once on public.notifications (payment_id, kind, chat_id) where state = 'pending';
create unique index notifications_of_a_subject_wait_once on public.notifications (chat_id, subject) where state = 'pending';
create index notifications_due on public.notifications (chat_id, private.urgency_of(kind), id) where state in ('pending', 'claimed');
create index notifications_rate on public.notifications (chat_id, claimed_at);
create index notifications_claimed on public.notifications (claimed_at);
create index notifications_payment on public.notifications (payment_id);
create index notifications_organization on public.notifications (organization_id);
create index notifications_link_id on public.notifications (link_id);
alter table public.notifications enable row level security;

-- What can be switched off, by the kind of its notification. Everything else is always told, and
-- never in silence: one's own payments, money that is being checked, what happens to oneself.
create function private.topic_of(kind text) returns text
language sql immutable set search_path = pg_catalog, pg_temp
return case kind
    when 'wallet_credited' then 'credits'
    when 'member_joined' then 'members'
end;

create function private.is_silent(person private.users, kind text, moment timestamptz) returns boolean
language sql stable set search_path = pg_catalog, pg_temp
as $$
    select coalesce(private.topic_of(is_silent.kind) is not null and case
        when person.quiet_from < person.quiet_until then clock.now >= person.quiet_from and clock.now < person.quiet_until
        else clock.now >= person.quiet_from or clock.now < person.quiet_until
    end, false)
    from (select (moment at time zone person.time_zone)::time as now) as clock
$$;
comment on function private.is_silent is 'Whether a notification arrives without a sound: it could be switched off, and the person''s own clock is in their quiet hours. Those that end as they begin last all day.';

-- What a recurring top-up added by itself is told to who started it; their colleagues are told if they want to be.
create function private.is_subscription_credit(payment_id uuid, reader uuid) returns boolean
language sql stable set search_path = pg_catalog, pg_temp
as $$
    select exists (
        select from public.payments as p
        where p.id = is_subscription_credit.payment_id and p.flow = 'invoice' and p.created_by is distinct from reader
    )
$$;
comment on function private.is_subscription_credit is 'Whether a payment is one of a recurring top-up that somebody else than the reader started.';

create function private.is_muted(person private.users, kind text, payment_id uuid) returns boolean
language sql stable set search_path = pg_catalog, pg_temp
as $$
    select coalesce(case private.topic_of(is_muted.kind)
        when 'credits' then not person.notify_credits
            or not person.notify_subscription_credits and private.is_subscription_credit(is_muted.payment_id, person.id)
        when 'members' then not person.notify_members
    end, false)
$$;
comment on function private.is_muted is 'Whether a person has switched off what this notification tells.';

-- Whoever queues something: what its reader has switched off is not queued.
create function private.drop_muted_notification() returns trigger
language plpgsql set search_path = pg_catalog, pg_temp
as $$
begin
    if exists (
        select from public.chats as c
        inner join private.users as u on c.user_id = u.id
        where c.id = new.chat_id and private.is_muted(u, new.kind, new.payment_id)
    ) then
        return null;
    end if;
    return new;
end
$$;
create trigger notifications_drop_muted before insert on public.notifications
for each row execute function private.drop_muted_notification();

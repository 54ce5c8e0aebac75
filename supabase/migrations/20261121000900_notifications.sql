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
    constraint notifications_kind_is_listed check (
        kind in (
            'payment_shown', 'wallet_credited', 'member_joined', 'role_changed', 'member_removed',
            'method_link_shown', 'method_news',
            'refund_made', 'refund_failed', 'dispute_opened', 'dispute_withdrawn', 'dispute_reinstated',
            'dispute_closed', 'fraud_warned', 'recurring', 'wallet_adjusted'
        )
    ),
    constraint notifications_state_is_listed check (state in ('pending', 'claimed', 'delivered', 'refused'))
);
comment on table public.notifications is 'What to tell in which chat, about a payment or an organization, with facts of its own. It is rendered when claimed, so it always tells the newest state.';
revoke all on public.notifications from public, anon, authenticated, service_role;
revoke all on sequence public.notifications_id_seq from public, anon, authenticated, service_role;
create unique index notifications_wait_once on public.notifications (payment_id, kind, chat_id) where state = 'pending';
create index notifications_due on public.notifications (chat_id, id) where state in ('pending', 'claimed');
create index notifications_rate on public.notifications (chat_id, claimed_at);
create index notifications_claimed on public.notifications (claimed_at);
create index notifications_payment on public.notifications (payment_id);
create index notifications_organization on public.notifications (organization_id);
alter table public.notifications enable row level security;

create function private.notify_payment_shown(payment public.payments) returns void
language sql set search_path = ''
as $$
    insert into public.notifications (kind, chat_id, payment_id)
    select 'payment_shown', c.id, payment.id
    from public.chats as c
    where c.id = payment.chat_id
    and (c.user_id is null or exists (
        select from public.memberships as m
        where m.user_id = c.user_id and m.organization_id = payment.organization_id
    ))
    -- Touching the waiting row makes a claim that runs right now wait for this change to commit.
    on conflict (payment_id, kind, chat_id) where state = 'pending' do update set due_at = excluded.due_at
$$;
comment on function private.notify_payment_shown is 'Brings the payment''s message up to date; one waiting update is enough for many changes.';

create function private.notify_wallet_credited(payment public.payments) returns void
language sql set search_path = ''
as $$
    insert into public.notifications (kind, chat_id, payment_id)
    select 'wallet_credited', c.id, payment.id
    from public.chats as c
    where c.reachable
    and c.id is distinct from payment.chat_id
    and c.id in (
        select own.id
        from public.memberships as m
        inner join public.chats as own on m.user_id = own.user_id
        where m.organization_id = payment.organization_id
        union all
        select tied.id from public.chats as tied
        where tied.organization_id = payment.organization_id and tied.kind = 'group' and tied.announces_credits
    )
    order by c.id
$$;
comment on function private.notify_wallet_credited is 'Tells every other member that the wallet was credited, and the groups that may hear of it.';

-- Who leaves an organization is told nothing more of it: what is on its way now is not sent again.
create function private.cancel_notifications_of_leaver() returns trigger
language plpgsql set search_path = ''
as $$
begin
    delete from public.notifications as n
    using public.chats as c
    where n.chat_id = c.id and n.state in ('pending', 'claimed') and c.user_id = old.user_id
    and (n.organization_id = old.organization_id or exists (
        select from public.payments as p
        where p.id = n.payment_id and p.organization_id = old.organization_id
    ));
    return null;
end
$$;
create trigger memberships_cancel_notifications after delete on public.memberships
for each row execute function private.cancel_notifications_of_leaver();

create function private.claimed_since(chat_id bigint, moment timestamptz) returns bigint
language sql stable set search_path = ''
as $$
    select count(*) from public.notifications as n
    where n.chat_id = claimed_since.chat_id and n.claimed_at > moment
$$;

-- Hands out what may be sent now. Telegram's limits are kept here, for all bots together
-- (https://core.telegram.org/bots/faq#my-bot-is-hitting-limits-how-do-i-avoid-this): 30 messages a
-- second overall; a second each in one chat, of which a short burst of three is accepted; 20 a
-- minute in a group. One at a time per chat, oldest first. A claim that is not answered within 30
-- seconds is handed out again: told twice rather than never.
create function api.claim_notifications(max_rows integer) returns jsonb
language plpgsql security definer set search_path = ''
as $$
declare
    moment timestamptz;
    allowance integer;
    ids bigint [];
begin
    perform private.require_service();
    perform pg_advisory_xact_lock(hashtext('pursebot.claim_notifications'));
    moment := clock_timestamp();
    select least(max_rows, 30 - count(*)) into allowance
    from public.notifications as n where n.claimed_at > moment - interval '1 second';
    with waiting as materialized (
        -- One row a chat before anything is asked about the chat: a heap in one chat costs one row.
        select distinct on (n.chat_id) n.id, n.chat_id
        from public.notifications as n
        where n.state in ('pending', 'claimed') and n.due_at <= moment
        and (n.state = 'pending' or n.claimed_until <= moment)
        order by n.chat_id, n.id
    ),

    due as (
        select n.id
        from public.notifications as n
        where n.id in (
            select w.id from waiting as w inner join public.chats as c on w.chat_id = c.id
            where c.reachable
            and (c.paused_until is null or c.paused_until <= moment)
            and not exists (
                select from public.notifications as in_flight
                where in_flight.chat_id = c.id and in_flight.state = 'claimed' and in_flight.claimed_until > moment
            )
            and private.claimed_since(c.id, moment - interval '3 seconds') < 3
            and (c.kind = 'private' or private.claimed_since(c.id, moment - interval '1 minute') < 20)
        )
        order by n.id limit greatest(allowance, 0) for update skip locked
    ),

    claimed as (
        update public.notifications as n
        set state = 'claimed', tries = n.tries + 1, claim = gen_random_uuid(),
            -- An unanswered claim may have been sent before the bot died.
            repeat = n.repeat or n.state = 'claimed',
            claimed_at = moment, claimed_until = moment + interval '30 seconds'
        where n.id in (select d.id from due as d)
        returning n.id
    )

    select array_agg(c.id) into ids from claimed as c;
    perform private.refuse_group_notifications(ids);
    -- A statement of its own: it sees every change that the update above waited for.
    return (
        select coalesce(jsonb_agg(jsonb_build_object(
            'id', n.id,
            'claim', n.claim,
            'kind', n.kind,
            'chat_id', c.telegram_chat_id,
            'message_id', case n.kind when 'payment_shown' then p.message_id when 'method_link_shown' then l.message_id end,
            'message_thread_id', c.message_thread_id,
            'language', coalesce(private.language_of(u), c.language),
            'time_zone', coalesce(u.time_zone, 'UTC'),
            'silent', private.is_silent(u, n.kind, moment),
            'repeat', n.repeat,
            'payment', case when p.id is not null then private.payment_json(p)
            || case when c.kind = 'group' and not c.shows_balance then '{"balance": null, "refundable": null}' else '{}' end::jsonb
            end,
            'link', private.setup_link_json(l),
            'facts', n.facts
        ) order by n.id), '[]')
        from public.notifications as n
        inner join public.chats as c on n.chat_id = c.id
        left join public.users as u on c.user_id = u.id
        left join public.payments as p on n.payment_id = p.id
        left join public.setup_links as l on n.link_id = l.id
        where n.id = any(ids) and n.state = 'claimed'
    );
end
$$;
comment on function api.claim_notifications is 'Definer: nobody has grants on the outbox. At most max_rows notifications, as json.';
grant execute on function api.claim_notifications(integer) to service_role;

create function private.backoff(tries integer) returns interval
language sql immutable set search_path = ''
return least(interval '1 second' * power(2, least(tries, 10)), interval '5 minutes');

-- What became of a claim. A report that comes after the claim ran out changes nothing.
create function api.finish_notification(
    notification_id bigint,
    claim uuid,
    outcome text,
    message_id bigint default null,
    retry_after double precision default null,
    new_chat_id bigint default null,
    reason text default null
) returns jsonb
language plpgsql security definer set search_path = ''
as $$
declare
    notification public.notifications;
begin
    perform private.require_service();
    -- The global lock order: the payment before its notification.
    perform p.id from public.payments as p
    where p.id = (select n.payment_id from public.notifications as n where n.id = notification_id) for update;
    select n.* into notification from public.notifications as n
    where n.id = notification_id and n.claim = finish_notification.claim and n.state = 'claimed' for update;
    if notification.id is null then
        return jsonb_build_object('accepted', false);
    end if;
    if outcome in ('delivered', 'refused') then
        update public.notifications as n
        set state = outcome, reason = finish_notification.reason, message_id = finish_notification.message_id,
            delivered_at = case outcome when 'delivered' then now() end
        where n.id = notification.id;
    else
        perform private.requeue_notification(notification, outcome in ('ambiguous'), case
            when outcome in ('gone', 'migrated') then interval '0'
            else coalesce(interval '1 second' * retry_after, private.backoff(notification.tries))
        end);
    end if;
    case outcome
        when 'delivered' then
            update public.payments as p set message_id = finish_notification.message_id
            where p.id = notification.payment_id and notification.kind = 'payment_shown' and p.chat_id = notification.chat_id
            and finish_notification.message_id is not null;
        when 'gone' then
            update public.payments as p set message_id = null
            where p.id = notification.payment_id and notification.kind = 'payment_shown';
            update public.setup_links as l set message_id = null where l.id = notification.link_id;
            update public.chats as c set message_thread_id = null
            where c.id = notification.chat_id and notification.kind not in ('payment_shown', 'method_link_shown');
        when 'blocked' then
            update public.chats as c set reachable = false where c.id = notification.chat_id;
        when 'retry' then
            update public.chats as c set paused_until = now() + interval '1 second' * retry_after
            where c.id = notification.chat_id and retry_after is not null;
        when 'migrated' then
            perform private.migrate_chat(notification.chat_id, new_chat_id);
        when 'ambiguous', 'refused' then null;
    end case;
    return jsonb_build_object('accepted', true, 'seconds_since_paid', private.seconds_since_paid(notification, outcome));
end
$$;
comment on function api.finish_notification is 'Definer: nobody has grants on the outbox. Outcomes as in backend/schemas/notifications.py.';
grant execute on function api.finish_notification(bigint, uuid, text, bigint, double precision, bigint, text) to service_role;

-- Back into the queue; where a newer update of the same message waits already, that one is enough.
create function private.requeue_notification(notification public.notifications, ambiguous boolean, wait interval) returns void
language plpgsql set search_path = ''
as $$
begin
    delete from public.notifications as newer
    where newer.payment_id = notification.payment_id and newer.kind = notification.kind
    and newer.chat_id = notification.chat_id and newer.state = 'pending';
    update public.notifications as n
    set state = 'pending', due_at = clock_timestamp() + wait, repeat = n.repeat or ambiguous
    where n.id = notification.id;
end
$$;

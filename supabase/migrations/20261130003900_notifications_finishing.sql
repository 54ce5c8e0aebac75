-- What became of a notification that was handed out.
create function private.backoff(tries integer) returns interval
language sql immutable set search_path = pg_catalog, pg_temp
return least(interval '1 second' * power(2, least(tries, 10)), interval '5 minutes');

-- Back into the queue; where a newer update of the same message, or newer news of the same subject, waits
-- already, that one is enough.
create function private.requeue_notification(notification public.notifications, ambiguous boolean, wait interval) returns void
language plpgsql set search_path = pg_catalog, pg_temp
as $$
begin
    delete from public.notifications as newer
    where newer.payment_id = notification.payment_id and newer.kind = notification.kind
    and newer.chat_id = notification.chat_id and newer.state = 'pending';
    if exists (
        select from public.notifications as newer
        where newer.subject = notification.subject and newer.chat_id = notification.chat_id and newer.state = 'pending'
    ) then
        update public.notifications as n set state = 'refused', reason = 'newer news wait' where n.id = notification.id;
        return;
    end if;
    update public.notifications as n
    set state = 'pending', due_at = clock_timestamp() + wait, repeat = n.repeat or ambiguous
    where n.id = notification.id;
end
$$;

-- A topic is closed or deleted: its group's news go to the general topic from now on and, where that is closed
-- too, are told no more until somebody wants them again. The owners are told once, as it changes once.
create function private.leave_topic(notification public.notifications) returns void
language plpgsql set search_path = pg_catalog, pg_temp
as $$
declare
    chat public.chats;
begin
    select c.* into chat from public.chats as c where c.id = notification.chat_id for update;
    update public.chats as c
    set message_thread_id = null, announces_credits = c.announces_credits and c.message_thread_id is not null
    where c.id = chat.id;
    if chat.message_thread_id is not null then
        perform private.requeue_notification(notification, false, interval '0');
    else
        update public.notifications as n set state = 'refused', reason = 'topic closed' where n.id = notification.id;
    end if;
    if chat.announces_credits then
        perform private.notify_users(
            array(
                select m.user_id from public.memberships as m
                where m.organization_id = chat.organization_id and m.role = 'owner'
            ),
            'topic_closed', chat.organization_id,
            jsonb_build_object('announced', case when chat.message_thread_id is null then 'nowhere' else 'general' end),
            'topic ' || chat.id
        );
    end if;
end
$$;

-- How long ago the payment was credited whose payer has just been told so for the first time.
create function private.seconds_since_paid(notification public.notifications, outcome text) returns double precision
language sql stable set search_path = pg_catalog, pg_temp
as $$
    select extract(epoch from clock_timestamp() - p.succeeded_at)
    from public.payments as p
    where p.id = notification.payment_id and notification.kind = 'payment_shown' and outcome = 'delivered'
    and notification.due_at >= p.succeeded_at
    and not exists (
        select from public.notifications as n
        where n.payment_id = p.id and n.kind = 'payment_shown' and n.id <> notification.id
        and n.delivered_at > p.succeeded_at
    )
$$;

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
language plpgsql security definer set search_path = pg_catalog, pg_temp
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
    elsif outcome <> 'topic_closed' then
        perform private.requeue_notification(notification, outcome in ('ambiguous'), case
            when outcome in ('gone', 'migrated') then interval '0'
            else coalesce(interval '1 second' * retry_after, private.backoff(notification.tries))
        end);
    end if;
    case outcome
        when 'delivered' then
            update private.payment_requests as r set message_id = finish_notification.message_id
            where r.payment_id = notification.payment_id and notification.kind = 'payment_shown' and r.chat_id = notification.chat_id
            and finish_notification.message_id is not null;
        when 'gone' then
            update private.payment_requests as r set message_id = null
            where r.payment_id = notification.payment_id and notification.kind = 'payment_shown';
            update public.setup_links as l set message_id = null where l.id = notification.link_id;
        when 'topic_closed' then
            perform private.leave_topic(notification);
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

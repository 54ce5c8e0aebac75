-- Who is told what: rows for the outbox. What one noun alone tells is in the file of that noun.
create function private.notify_users(
    user_ids uuid [], kind text, organization_id uuid, facts jsonb, subject text default null
) returns void
language sql set search_path = pg_catalog, pg_temp
as $$
    insert into public.notifications (kind, chat_id, organization_id, facts, subject)
    select notify_users.kind, c.id, o.id, jsonb_build_object('organization_name', o.name) || facts, notify_users.subject
    from public.chats as c
    inner join public.organizations as o on o.id = notify_users.organization_id
    where c.user_id = any(user_ids) and c.reachable
    order by c.id
    on conflict (chat_id, subject) where state = 'pending' do update
    set kind = excluded.kind, organization_id = excluded.organization_id, facts = excluded.facts,
        created_at = excluded.created_at, due_at = excluded.due_at, tries = 0, repeat = false
$$;
comment on function private.notify_users is 'Tells people what happened to who belongs to an organization, in their private chats. What waits of the same subject is replaced; without a subject nothing is: every movement of money is told.';

create function private.notify_payment_shown(payment public.payments) returns void
language sql set search_path = pg_catalog, pg_temp
as $$
    insert into public.notifications (kind, chat_id, payment_id)
    select 'payment_shown', c.id, payment.id
    from private.payment_requests as r
    inner join public.chats as c on c.id = r.chat_id
    where r.payment_id = payment.id
    and (c.user_id is null or exists (
        select from public.memberships as m
        where m.user_id = c.user_id and m.organization_id = payment.organization_id
    ))
    -- Touching the waiting row makes a claim that runs right now wait for this change to commit.
    on conflict (payment_id, kind, chat_id) where state = 'pending' do update set due_at = excluded.due_at
$$;
comment on function private.notify_payment_shown is 'Brings the payment''s message up to date; one waiting update is enough for many changes.';

create function private.notify_wallet_credited(payment public.payments) returns void
language sql set search_path = pg_catalog, pg_temp
as $$
    insert into public.notifications (kind, chat_id, payment_id)
    select 'wallet_credited', c.id, payment.id
    from public.chats as c
    where c.reachable
    and c.id is distinct from (select r.chat_id from private.payment_requests as r where r.payment_id = payment.id)
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
language plpgsql set search_path = pg_catalog, pg_temp
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

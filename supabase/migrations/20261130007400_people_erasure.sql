-- A person asks to be erased: who they are goes, what the books have of them names nobody any more.

-- Why a person cannot be erased yet, an object each: organization_id, organization_name and why.
--   last_owner: others belong to it, and it would have no owner
--   balance, recurring, open: they are its only member, and money of it is not settled
create function private.erasure_obstacles(user_id uuid) returns jsonb
language sql stable set search_path = pg_catalog, pg_temp
as $$
    with own as (
        select o.id, o.name, m.role, exists (
            select from public.memberships as other
            where other.organization_id = o.id and other.user_id <> m.user_id
        ) as shared, exists (
            select from public.memberships as other
            where other.organization_id = o.id and other.user_id <> m.user_id and other.role = 'owner'
        ) as owned
        from public.memberships as m
        inner join public.organizations as o on m.organization_id = o.id
        where m.user_id = erasure_obstacles.user_id
    ),

    obstacles as (
        select own.id, own.name, 'last_owner' as why from own
        where own.shared and own.role = 'owner' and not own.owned
        union all
        select own.id, own.name, 'balance' from own
        where not own.shared and exists (
            select from public.accounts as a
            where a.organization_id = own.id and a.kind = 'wallet' and a.balance <> 0
        )
        union all
        select own.id, own.name, 'recurring' from own
        where not own.shared and exists (
            select from public.subscriptions as s where s.organization_id = own.id and s.status <> 'canceled'
        )
        union all
        select own.id, own.name, 'open' from own
        where not own.shared and (exists (
            select from public.payments as p
            where p.organization_id = own.id and p.status in ('created', 'pending', 'processing')
        ) or exists (
            select from public.refunds as r
            where r.organization_id = own.id and r.status in ('requested', 'pending', 'requires_action')
        ))
    )

    select coalesce(jsonb_agg(jsonb_build_object(
        'organization_id', o.id, 'organization_name', o.name, 'why', o.why
    ) order by o.name, o.id, o.why), '[]')
    from obstacles as o
$$;
comment on function private.erasure_obstacles is 'For api.erase_person: why it would leave an organization without an owner, or money without anybody who may ask for it.';

-- Names are copied into notifications. Of those that were sent nobody needs them again, whatever the
-- person was called then; those on their way say "?".
create function private.erase_name_in_notifications(person private.users, organization_ids uuid []) returns void
language plpgsql set search_path = pg_catalog, pg_temp
as $$
begin
    update public.notifications as n set facts = n.facts - 'name' - 'by'
    where n.organization_id = any(organization_ids) and n.state in ('delivered', 'refused')
    and n.facts ?| array['name', 'by'];
    update public.notifications as n
    set facts = n.facts
        || case when n.facts ->> 'name' = person.name then '{"name": "?"}' else '{}' end::jsonb
        || case when n.facts ->> 'by' = person.name then '{"by": "?"}' else '{}' end::jsonb
    where n.organization_id = any(organization_ids) and n.state in ('pending', 'claimed')
    and person.name in (n.facts ->> 'name', n.facts ->> 'by');
end
$$;

-- Their private chat with all that was sent there: its id in Telegram is theirs.
create function private.erase_private_chat(person private.users) returns void
language plpgsql set search_path = pg_catalog, pg_temp
as $$
declare
    chat bigint := (select c.id from public.chats as c where c.user_id = person.id);
begin
    update private.payment_requests as r set chat_id = null, message_id = null where r.chat_id = chat;
    update public.setup_links as l set chat_id = null, message_id = null where l.chat_id = chat;
    delete from public.notifications as n where n.chat_id = chat;
    delete from public.chats as c where c.id = chat;
    delete from public.telegram_updates as u
    where u.telegram_chat_id = person.telegram_id and u.state = 'abandoned';
    -- Of these only the id is left, by which a repeat is known for two days.
    update public.telegram_updates as u set telegram_chat_id = 0
    where u.telegram_chat_id = person.telegram_id and u.state = 'handled';
end
$$;

create function private.lock_payments_shown_to(user_id uuid) returns void
language plpgsql set search_path = pg_catalog, pg_temp
as $$
begin
    perform p.id from public.payments as p
    where p.id in (
        select r.payment_id from private.payment_requests as r
        inner join public.chats as c on c.id = r.chat_id
        where c.user_id = lock_payments_shown_to.user_id
    )
    order by p.id for update;
end
$$;

create function private.organization_ids_of_only(user_id uuid) returns uuid []
language sql stable set search_path = pg_catalog, pg_temp
as $$
    select coalesce(array_agg(m.organization_id), '{}')
    from public.memberships as m
    where m.user_id = organization_ids_of_only.user_id and not exists (
        select from public.memberships as other
        where other.organization_id = m.organization_id and other.user_id <> m.user_id
    )
$$;
comment on function private.organization_ids_of_only is 'The organizations that nobody else belongs to.';

create function private.erase_names_of_organizations(organization_ids uuid []) returns void
language sql set search_path = pg_catalog, pg_temp
as $$
    update public.organizations as o set name = '?' where o.id = any(organization_ids);
    update private.foundings as f set name = '?' where f.organization_id = any(organization_ids);
    update public.payment_methods as m set label = null where m.organization_id = any(organization_ids);
    delete from private.billing_emails as b where b.organization_id = any(organization_ids);
    delete from private.stripe_requests as r where r.organization_id = any(organization_ids);
$$;

create function api.erase_person(
    telegram_id bigint default null, auth_user_id uuid default null, dry_run boolean default false
) returns jsonb
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    person private.users;
    organization_ids uuid [];
    own_ids uuid [];
    obstacles jsonb;
    customers jsonb;
begin
    perform private.require_service();
    select u.* into person from private.users as u
    where u.telegram_id = erase_person.telegram_id or u.auth_user_id = erase_person.auth_user_id;
    if person.id is null then
        perform private.refuse('not_found', jsonb_build_object('what', 'person'));
    end if;
    -- As private.require_role_alone does it: until the end nobody else changes who belongs there.
    perform from public.organizations as o
    where o.id in (select m.organization_id from public.memberships as m where m.user_id = person.id)
    order by o.id for no key update;
    -- Payments before their people: whoever has one locked may be about to refer to its person.
    perform private.lock_payments_shown_to(person.id);
    perform from private.users as u where u.id = person.id for update;
    obstacles := private.erasure_obstacles(person.id);
    own_ids := private.organization_ids_of_only(person.id);
    select coalesce(jsonb_agg(o.stripe_customer_id order by o.stripe_customer_id), '[]') into customers
    from public.organizations as o where o.id = any(own_ids) and o.stripe_customer_id is not null;
    if obstacles = '[]' and not dry_run then
        select coalesce(array_agg(distinct a.organization_id), '{}') into organization_ids
        from public.audit_log as a
        where a.organization_id is not null
        and (a.user_id = person.id or a.facts ->> 'user_id' = person.id::text);
        organization_ids := organization_ids || array(
            select m.organization_id from public.memberships as m where m.user_id = person.id
        );
        perform private.erase_private_chat(person);
        delete from public.memberships as m where m.user_id = person.id;
        perform private.erase_name_in_notifications(person, organization_ids);
        update private.transfer_actors as a set name = null where a.user_id = person.id;
        delete from public.link_codes as l where l.user_id = person.id;
        delete from private.linked_people as l where l.user_id = person.id;
        delete from private.blocked_people as b where b.user_id = person.id; -- with the words of its reason
        perform private.erase_names_of_organizations(own_ids);
        update private.users as u
        set name = '?', telegram_id = null, auth_user_id = null, language = default, chosen_language = null,
            time_zone = default, quiet_from = null, quiet_until = null,
            notify_credits = default, notify_members = default, notify_subscription_credits = default
        where u.id = person.id;
        perform private.audit(null, 'person_erased', jsonb_build_object('user_id', person.id), 'operator');
    end if;
    return jsonb_build_object(
        'user_id', person.id, 'name', person.name, 'erased', obstacles = '[]' and not dry_run,
        'obstacles', obstacles, 'stripe_customers', customers
    );
end
$$;
comment on function api.erase_person is 'Definer: nobody has grants to write people. Erases names, ids, settings, memberships and the private chat; payments, ledger and audit log keep the user id, which leads to nobody. Changes nothing where there are obstacles, or for a dry run. Refuses not_found.';
grant execute on function api.erase_person(bigint, uuid, boolean) to service_role;

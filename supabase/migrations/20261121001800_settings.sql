-- What a person is told about and when in silence, in which language and in whose time.

-- What can be switched off, by the kind of its notification. Everything else is always told, and
-- never in silence: one's own payments, money that is being checked, what happens to oneself.
create function private.topic_of(kind text) returns text
language sql immutable set search_path = ''
return case kind
    when 'wallet_credited' then 'credits'
    when 'member_joined' then 'members'
end;

create function private.is_silent(person public.users, kind text, moment timestamptz) returns boolean
language sql stable set search_path = ''
as $$
    select coalesce(private.topic_of(is_silent.kind) is not null and case
        when person.quiet_from < person.quiet_until then clock.now >= person.quiet_from and clock.now < person.quiet_until
        else clock.now >= person.quiet_from or clock.now < person.quiet_until
    end, false)
    from (select (moment at time zone person.time_zone)::time as now) as clock
$$;
comment on function private.is_silent is 'Whether a notification arrives without a sound: it could be switched off, and the person''s own clock is in their quiet hours. Those that end as they begin last all day.';

-- Whoever queues something: what its reader has switched off is not queued.
create function private.drop_muted_notification() returns trigger
language plpgsql set search_path = ''
as $$
begin
    if exists (
        select from public.chats as c
        inner join public.users as u on c.user_id = u.id
        where c.id = new.chat_id and case private.topic_of(new.kind)
            when 'credits' then not u.notify_credits
            when 'members' then not u.notify_members
        end
    ) then
        return null;
    end if;
    return new;
end
$$;
create trigger notifications_drop_muted before insert on public.notifications
for each row execute function private.drop_muted_notification();

create function private.settings_json(person public.users) returns jsonb
language sql stable set search_path = ''
as $$
    select jsonb_build_object(
        'language', private.language_of(person),
        'chosen_language', person.chosen_language,
        'time_zone', person.time_zone,
        'quiet_hours', case when person.quiet_from is not null then
            jsonb_build_object('begin', person.quiet_from, 'end', person.quiet_until)
        end,
        'credits', person.notify_credits,
        'members', person.notify_members
    )
$$;

create function api.get_settings() returns jsonb
language plpgsql stable security definer set search_path = ''
as $$
declare
    caller uuid := private.require_user();
begin
    return (select private.settings_json(u) from public.users as u where u.id = caller);
end
$$;
comment on function api.get_settings is 'Definer: nobody has grants on these columns of people.';
grant execute on function api.get_settings() to authenticated;

-- changes has the names of private.settings_json; what it does not name stays.
create function api.change_settings(changes jsonb) returns jsonb
language plpgsql security definer set search_path = ''
as $$
declare
    caller uuid := private.require_user();
    zone text;
    person public.users;
begin
    if changes ? 'time_zone' then
        select z.name into zone from pg_catalog.pg_timezone_names as z
        where lower(z.name) = lower(changes ->> 'time_zone');
        if zone is null then
            perform private.refuse('time_zone_unknown');
        end if;
    end if;
    update public.users as u
    set chosen_language = case when changes ? 'chosen_language' then changes ->> 'chosen_language' else u.chosen_language end,
        time_zone = coalesce(zone, u.time_zone),
        quiet_from = case when changes ? 'quiet_hours' then (changes #>> '{quiet_hours,begin}')::time else u.quiet_from end,
        quiet_until = case when changes ? 'quiet_hours' then (changes #>> '{quiet_hours,end}')::time else u.quiet_until end,
        notify_credits = coalesce((changes ->> 'credits')::boolean, u.notify_credits),
        notify_members = coalesce((changes ->> 'members')::boolean, u.notify_members)
    where u.id = caller returning * into person;
    -- Nor is it told what waits already.
    delete from public.notifications as n using public.chats as c
    where n.chat_id = c.id and c.user_id = caller and n.state = 'pending' and case private.topic_of(n.kind)
        when 'credits' then not person.notify_credits
        when 'members' then not person.notify_members
    end;
    return private.settings_json(person);
end
$$;
comment on function api.change_settings is 'Definer: nobody has grants to write people. Only ever the caller''s own.';
grant execute on function api.change_settings(jsonb) to authenticated;

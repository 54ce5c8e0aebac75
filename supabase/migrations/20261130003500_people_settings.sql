-- What a person is told about and when in silence, in which language and in whose time.
create function private.settings_json(person private.users) returns jsonb
language sql stable set search_path = pg_catalog, pg_temp
as $$
    select jsonb_build_object(
        'language', private.language_of(person),
        'chosen_language', person.chosen_language,
        'time_zone', person.time_zone,
        'quiet_hours', case when person.quiet_from is not null then
            jsonb_build_object('begin', person.quiet_from, 'end', person.quiet_until)
        end,
        'credits', person.notify_credits,
        'subscription_credits', person.notify_subscription_credits,
        'members', person.notify_members
    )
$$;

create function api.get_settings() returns jsonb
language plpgsql stable security definer set search_path = pg_catalog, pg_temp
as $$
declare
    caller uuid := private.require_user();
begin
    return (select private.settings_json(u) from private.users as u where u.id = caller);
end
$$;
comment on function api.get_settings is 'Definer: nobody has grants on these columns of people.';
grant execute on function api.get_settings() to authenticated;

-- A cast to time would drop an offset and keep seconds that nobody is shown.
create function private.clock_time(written text) returns time
language plpgsql immutable set search_path = pg_catalog, pg_temp
as $$
begin
    if written !~ '^([01][0-9]|2[0-3]):[0-5][0-9](:00)?$' then
        raise exception using errcode = 'invalid_datetime_format', message = 'a time of day is written HH:MM';
    end if;
    return written::time;
end
$$;

-- changes has the names of private.settings_json; what it does not name stays.
create function api.change_settings(changes jsonb) returns jsonb
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    caller uuid := private.require_user();
    zone text;
    person private.users;
begin
    if changes ? 'time_zone' then
        zone := private.require_time_zone(changes ->> 'time_zone');
    end if;
    update private.users as u
    set chosen_language = case when changes ? 'chosen_language' then changes ->> 'chosen_language' else u.chosen_language end,
        time_zone = coalesce(zone, u.time_zone),
        quiet_from = case when changes ? 'quiet_hours' then private.clock_time(changes #>> '{quiet_hours,begin}') else u.quiet_from end,
        quiet_until = case when changes ? 'quiet_hours' then private.clock_time(changes #>> '{quiet_hours,end}') else u.quiet_until end,
        notify_credits = coalesce((changes ->> 'credits')::boolean, u.notify_credits),
        notify_subscription_credits = coalesce((changes ->> 'subscription_credits')::boolean, u.notify_subscription_credits),
        notify_members = coalesce((changes ->> 'members')::boolean, u.notify_members)
    where u.id = caller returning * into person;
    -- Nor is it told what waits already.
    delete from public.notifications as n using public.chats as c
    where n.chat_id = c.id and c.user_id = caller and n.state = 'pending' and private.is_muted(person, n.kind, n.payment_id);
    return private.settings_json(person);
end
$$;
comment on function api.change_settings is 'Definer: nobody has grants to write people. Only ever the caller''s own.';
grant execute on function api.change_settings(jsonb) to authenticated;

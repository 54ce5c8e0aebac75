-- One person with two ways in: Supabase's users make a code, and show it to the bot as themselves.
create table public.link_codes (
    code_hash bytea primary key,
    user_id uuid not null unique, -- no foreign key: a code is nobody's history
    expires_at timestamptz not null
);
comment on table public.link_codes is 'A Supabase user''s newest code, of which only the sha256 is kept; once it is used, it is the one person''s, for a repeat of the same request.';
revoke all on public.link_codes from public, anon, authenticated, service_role;
alter table public.link_codes enable row level security;

-- Whose history an account that two ways lead to was before, so that the link can be undone.
create table private.linked_people (
    user_id uuid primary key references private.users (id),
    history_of text not null,
    linked_at timestamptz not null default now(),
    constraint linked_people_history_is_of_one check (history_of in ('telegram', 'supabase'))
);
comment on table private.linked_people is 'People who are one at Supabase and in Telegram, and which of the two the row was before.';

create function private.hash_of_code(code text) returns bytea
language sql immutable set search_path = pg_catalog, pg_temp
return sha256(convert_to(code, 'UTF8'));

create function api.create_link_code() returns jsonb
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    caller uuid := private.require_user();
    code text := replace(gen_random_uuid()::text, '-', '');
    ends timestamptz := now() + interval '15 minutes';
begin
    if exists (select from private.users as u where u.id = caller and u.telegram_id is not null) then
        perform private.refuse('already_linked');
    end if;
    insert into public.link_codes (code_hash, user_id, expires_at)
    values (private.hash_of_code(code), caller, ends)
    on conflict on constraint link_codes_user_id_key do update
    set code_hash = excluded.code_hash, expires_at = excluded.expires_at;
    return jsonb_build_object('code', code, 'expires_at', ends);
end
$$;
comment on function api.create_link_code is 'Definer: nobody has grants on the codes. Refuses already_linked.';
grant execute on function api.create_link_code() to authenticated;

-- Whatever row points to a person is their history, also one of a table that is made tomorrow; only
-- the private chat is no more than a way to reach them, and goes along.
create function private.merge_user(nobody uuid, somebody uuid) returns boolean
language plpgsql set search_path = pg_catalog, pg_temp
as $$
begin
    update public.chats as c set user_id = somebody where c.user_id = nobody;
    delete from private.users as u where u.id = nobody;
    return true;
exception when foreign_key_violation then
    return false;
end
$$;
comment on function private.merge_user is 'Removes a person without history and gives their chat to another; false, and nothing done, for one who has any.';

create function api.redeem_link_code(code text) returns jsonb
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    caller uuid := private.require_user();
    other uuid;
    in_telegram private.users;
    at_supabase private.users;
    person uuid;
begin
    select l.user_id into other from public.link_codes as l
    where l.code_hash = private.hash_of_code(code) and l.expires_at > now() for update;
    perform u.id from private.users as u where u.id in (caller, other) order by u.id for update;
    select u.* into in_telegram from private.users as u where u.id = caller;
    select u.* into at_supabase from private.users as u where u.id = other;
    if at_supabase.id is null or in_telegram.telegram_id is null then
        perform private.refuse('link_invalid');
    elsif other = caller then
        return private.me_json(caller); -- the answer was lost, and is asked for again
    elsif in_telegram.auth_user_id is not null or at_supabase.telegram_id is not null then
        perform private.refuse('already_linked');
    elsif private.merge_user(other, caller) then
        person := caller;
    elsif private.merge_user(caller, other) then
        person := other;
    else
        perform private.refuse('both_have_history');
    end if;
    update private.users as u
    set auth_user_id = at_supabase.auth_user_id, telegram_id = in_telegram.telegram_id
    where u.id = person;
    update public.link_codes as l set user_id = person where l.user_id = other;
    insert into private.linked_people (user_id, history_of)
    values (person, case when person = caller then 'telegram' else 'supabase' end);
    perform private.audit(m.organization_id, 'person_linked', jsonb_build_object('user_id', person))
    from private.users as u
    left join public.memberships as m on u.id = m.user_id
    where u.id = person;
    return private.me_json(person);
end
$$;
comment on function api.redeem_link_code is 'Definer: nobody has grants to write people. Refuses link_invalid, already_linked and both_have_history, and changes nothing then.';
grant execute on function api.redeem_link_code(text) to authenticated;

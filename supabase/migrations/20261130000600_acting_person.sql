-- Who acts: a person, through the bot or through Supabase, or the service.

-- The acting person, for row-level security and for functions, and for both kinds of caller. `telegram_id`
-- is a top-level claim of tokens that only the backend signs; a Supabase user cannot add one.
create function private.current_user_id() returns uuid
language sql stable security definer set search_path = ''
as $$
    with caller as (
        select nullif(current_setting('request.jwt.claims', true), '')::jsonb as claims
    )
    select u.id
    from caller
    inner join public.users as u
        on case
            when caller.claims ? 'telegram_id' then u.telegram_id = (caller.claims ->> 'telegram_id')::bigint
            else u.auth_user_id = (caller.claims ->> 'sub')::uuid
        end
$$;
comment on function private.current_user_id is 'Definer: must find the caller before any policy can. Null for nobody we know.';
grant execute on function private.current_user_id() to authenticated;

create function private.acts_in_chat() returns boolean
language sql stable set search_path = ''
return coalesce(nullif(current_setting('request.jwt.claims', true), '')::jsonb ? 'telegram_id', false);
comment on function private.acts_in_chat is 'Whether the caller speaks through the bot, which knows who and where.';

-- For what concerns nobody but the caller: their user id, or a refusal.
create function private.require_user() returns uuid
language plpgsql stable set search_path = ''
as $$
declare
    caller uuid := private.current_user_id();
begin
    if caller is null then
        perform private.refuse('unauthorized');
    end if;
    return caller;
end
$$;

-- The bot is in the group and knows that the person is: nobody else's word about a group counts.
create function private.require_telegram() returns void
language plpgsql stable set search_path = ''
as $$
begin
    if not private.acts_in_chat() then
        perform private.refuse('unauthorized');
    end if;
end
$$;

-- The role check of every definer function that only the backend may call. The grant says the same; both
-- are there, because these functions write money.
create function private.require_service() returns void
language plpgsql stable set search_path = ''
as $$
begin
    if current_setting('role') <> 'service_role' then
        perform private.refuse('role_too_low', jsonb_build_object('role', 'service_role'));
    end if;
end
$$;

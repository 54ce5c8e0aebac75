-- Who acts: a person, through the bot or through Supabase, or the service.

create function private.acting_claims() returns jsonb
language sql stable set search_path = pg_catalog, pg_temp
return nullif(current_setting('request.jwt.claims', true), '')::jsonb;

-- A token with a `sub` is that Supabase user, whatever else a hook put into it. The claim of a Telegram
-- user is of our own name and in tokens that only the backend signs, without a `sub`.
create function private.acts_in_chat() returns boolean
language sql stable set search_path = pg_catalog, pg_temp
return coalesce(private.acting_claims() ? 'pursebot_telegram_id' and not private.acting_claims() ? 'sub', false);
comment on function private.acts_in_chat is 'Whether the caller speaks through the bot, which knows who and where.';

create function private.named_user_id() returns uuid
language sql stable set search_path = pg_catalog, pg_temp
as $$
    with caller as (
        select
            case
                when c.claims ->> 'sub' ~* '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' then (c.claims ->> 'sub')::uuid
            end as auth_user_id,
            case
                when c.claims ? 'sub' then null
                when c.claims ->> 'pursebot_telegram_id' ~ '^[0-9]{1,16}$' then (c.claims ->> 'pursebot_telegram_id')::bigint
            end as telegram_id
        from (select private.acting_claims() as claims) as c
    )
    select u.id from caller as c inner join private.users as u on u.auth_user_id = c.auth_user_id
    union all
    select u.id from caller as c inner join private.users as u on u.telegram_id = c.telegram_id
$$;
comment on function private.named_user_id is 'Whoever the token names, also one who is kept out.';

create function private.is_anonymous_refused() returns boolean
language sql stable set search_path = pg_catalog, pg_temp
return coalesce(private.acting_claims() -> 'is_anonymous' = 'true'::jsonb, false)
    and not (select p.anonymous_users from private.sign_in_policy as p);
comment on function private.is_anonymous_refused is 'Whether the caller signed in anonymously, and that does not count.';

-- The acting person, for row-level security and for functions, and for both kinds of caller.
create function private.current_user_id() returns uuid
language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
    select named.id from (select private.named_user_id() as id) as named
    where not private.is_anonymous_refused()
    and not exists (select from private.blocked_people as b where b.user_id = named.id)
$$;
comment on function private.current_user_id is 'Definer: must find the caller before any policy can. Null for nobody we know, and for whoever is kept out.';
grant execute on function private.current_user_id() to authenticated;

create function private.refuse_unknown_caller() returns void
language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
begin
    if private.is_anonymous_refused() then
        perform private.refuse('anonymous_not_allowed');
    elsif exists (select from private.blocked_people as b where b.user_id = private.named_user_id()) then
        perform private.refuse('person_blocked');
    end if;
    perform private.refuse('unauthorized');
end
$$;
comment on function private.refuse_unknown_caller is 'For a caller for whom private.current_user_id is null. Refuses anonymous_not_allowed, person_blocked, or else unauthorized.';

-- For what concerns nobody but the caller: their user id, or a refusal.
create function private.require_user() returns uuid
language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
declare
    caller uuid := private.current_user_id();
begin
    if caller is null then
        perform private.refuse_unknown_caller();
    end if;
    return caller;
end
$$;

-- Telegram knows no such levels: whoever acts in the chat has their phone, or its second factor, already.
create function private.require_second_factor() returns void
language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
begin
    if private.acting_claims() ? 'sub' and private.acting_claims() ->> 'aal' is distinct from 'aal2'
        and (select p.second_factor_for_money from private.sign_in_policy as p) then
        perform private.refuse('second_factor_needed');
    end if;
end
$$;
comment on function private.require_second_factor is 'For what moves money: refuses a Supabase user whose token is not of the level aal2, where the operator asks for it.';

-- The bot is in the group and knows that the person is: nobody else's word about a group counts.
create function private.require_telegram() returns void
language plpgsql stable set search_path = pg_catalog, pg_temp
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
language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
begin
    if current_setting('role') <> 'service_role' then
        perform private.refuse('role_too_low', jsonb_build_object('role', 'service_role'));
    end if;
    -- Over REST nobody else sets it; the direct adapter does, when it opens a connection.
    if current_setting('request.method', true) is not null then
        perform set_config('lock_timeout', '500ms', true);
    end if;
end
$$;

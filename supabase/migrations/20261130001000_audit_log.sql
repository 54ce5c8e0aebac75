-- Who changed what: a line for each act that somebody may have to answer for later.
create table public.audit_log (
    id bigint generated always as identity primary key,
    organization_id uuid references public.organizations (id),
    user_id uuid references private.users (id),
    through text not null,
    action text not null,
    facts jsonb not null default '{}',
    created_at timestamptz not null default now(),
    constraint audit_log_through_is_listed check (through in ('telegram', 'supabase', 'service', 'operator')),
    constraint audit_log_action_is_a_code check (action ~ '^[a-z]+(_[a-z]+)*$'),
    -- No name and no sentence: people's words can be erased, these lines cannot.
    constraint audit_log_facts_are_ids_and_codes check (
        jsonb_typeof(facts) = 'object'
        and not jsonb_path_exists(facts, '$.** ? (@.type() == "string" && !(@ like_regex "^[A-Za-z0-9_:./+-]{1,255}$"))')
    ),
    -- As private.money_json writes it: no number without its unit and its currency.
    constraint audit_log_money_is_whole check (
        not facts ?| array['amount', 'amount_minor', 'currency'] or coalesce(
            jsonb_typeof(facts -> 'amount') = 'string' and jsonb_typeof(facts -> 'amount_minor') = 'number'
            and facts ->> 'currency' ~ '^[a-z]{3}$', false
        )
    )
);
comment on table public.audit_log is 'Who (user_id, none for the service and an operator) changed what, and whose word we have for it: through is the bot for a Telegram user, Supabase for one of its users, the service itself, or an operator at the command line. Append-only. Facts are ids, codes, and at most one amount of money, in the form of private.money_json.';
revoke all on public.audit_log from public, anon, authenticated, service_role;
revoke all on sequence public.audit_log_id_seq from public, anon, authenticated, service_role;
create index audit_log_organization on public.audit_log (organization_id, id);
create index audit_log_user on public.audit_log (user_id, created_at);
alter table public.audit_log enable row level security;
grant select on public.audit_log to authenticated;
create policy "owners see what was done in their organizations" on public.audit_log
for select to authenticated using (organization_id in (select private.owned_organization_ids()));
create trigger audit_log_is_append_only before update or delete or truncate on public.audit_log
for each statement execute function private.forbid_change();

-- Who acts and through whom is read from the claims, never taken from an argument. Only a function
-- that nothing but the command line calls says 'operator' instead.
create function private.audit(
    organization_id uuid, action text, facts jsonb default '{}', through text default null
) returns void
language plpgsql set search_path = pg_catalog, pg_temp
as $$
declare
    by_person boolean := current_setting('role') = 'authenticated';
    caller uuid := case when by_person then private.current_user_id() end;
begin
    -- Nobody can delete these lines, so that nobody may write thousands of them.
    perform private.require_rate((
        select a.created_at from public.audit_log as a where a.user_id = caller
        order by a.created_at desc offset 299 limit 1
    ));
    insert into public.audit_log (organization_id, user_id, through, action, facts)
    values (
        audit.organization_id,
        caller,
        case
            when not by_person then coalesce(audit.through, 'service')
            when private.acts_in_chat() then 'telegram'
            else 'supabase'
        end,
        audit.action,
        audit.facts
    );
end
$$;
comment on function private.audit is 'Writes a line of the audit log, in the transaction of the act itself; refuses too_many_requests from 300 of one person in ten minutes on. For definer functions that have checked the caller.';

create function api.list_audit_log(organization_id uuid, cursor text default null, max_rows integer default null) returns jsonb
language plpgsql stable security definer set search_path = pg_catalog, pg_temp
as $$
declare
    page jsonb;
    oldest bigint;
begin
    perform private.require_role(organization_id, 'owner');
    if cursor !~ '^[0-9]{1,18}$' then
        perform private.refuse('bad_cursor');
    end if;
    select jsonb_agg(to_jsonb(listed) - 'organization_id' order by listed.id desc), min(listed.id) into page, oldest
    from (
        select a.*, u.name, (
            select about.name from private.users as about where about.id::text = a.facts ->> 'user_id'
        ) as about
        from public.audit_log as a
        left join private.users as u on a.user_id = u.id
        where a.organization_id = list_audit_log.organization_id
        and a.id < coalesce(cursor::bigint, 9223372036854775807)
        order by a.id desc limit private.page_size(max_rows)
    ) as listed;
    return jsonb_build_object(
        'entries', coalesce(page, '[]'),
        'next_cursor', case when exists (
            select from public.audit_log as a
            where a.organization_id = list_audit_log.organization_id and a.id < oldest
        ) then oldest::text end
    );
end
$$;
comment on function api.list_audit_log is 'Definer: who left is named as well. Newest first; the cursor is the last entry''s id. Refuses bad_cursor.';
grant execute on function api.list_audit_log(uuid, text, integer) to authenticated;

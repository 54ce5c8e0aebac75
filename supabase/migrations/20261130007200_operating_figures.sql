-- What the engineer who runs it looks at: /metrics, /ready and python -m backend doctor.
create function private.outbox_figures() returns jsonb
language sql stable set search_path = pg_catalog, pg_temp
as $$
    select jsonb_build_object(
        'waiting', count(*),
        'due', count(*) filter (where c.reachable and greatest(n.due_at, c.paused_until) <= now()),
        'oldest_due_seconds', coalesce(extract(epoch from now() - min(greatest(n.due_at, c.paused_until)) filter (
            where c.reachable and greatest(n.due_at, c.paused_until) <= now()
        )), 0),
        'unreachable_chats', count(distinct c.id) filter (where not c.reachable)
    )
    from public.notifications as n
    inner join public.chats as c on n.chat_id = c.id
    where n.state in ('pending', 'claimed')
$$;

-- Numbers only: no names, no ids, and no more rows than there are states and decline codes.
create function api.get_operating_figures() returns jsonb
language plpgsql stable security definer set search_path = pg_catalog, pg_temp
as $$
begin
    perform private.require_service();
    return jsonb_build_object(
        'livemode', (select i.livemode from private.installation as i),
        'stripe_account_id', (select i.stripe_account_id from private.installation as i),
        'payments', (
            select coalesce(jsonb_agg(to_jsonb(counted)), '[]')
            from (
                select p.status, coalesce(p.last_decline, '') as decline, count(*) as number
                from public.payments as p group by p.status, p.last_decline
                order by count(*) desc limit 200
            ) as counted
        ),
        -- The reconciler asks about each of these every minute, so ten are plenty. A bank debit
        -- takes at most 14 days: https://docs.stripe.com/payments/bank-debits
        'overdue_payments', (
            select count(*) from public.payments as p
            where (p.status in ('created', 'pending') and p.expires_at < now() - interval '10 minutes')
            or (p.status = 'processing' and p.created_at < now() - interval '14 days')
        ),
        'events', (
            select jsonb_build_object(
                'failed', count(*) filter (where e.state = 'failed' and e.unanswered_since is null),
                'dead_letters', count(*) filter (where e.state = 'dead_letter'),
                'unanswered', count(*) filter (where e.state = 'failed' and e.unanswered_since is not null),
                'oldest_unanswered_seconds', coalesce(extract(epoch from now() - min(e.unanswered_since) filter (
                    where e.state = 'failed'
                )), 0)
            )
            from public.stripe_events as e where e.state in ('failed', 'dead_letter')
        ),
        'oldest_dead_letter_seconds', (
            select coalesce(extract(epoch from now() - min(e.received_at)), 0)
            from public.stripe_events as e
            where e.state = 'dead_letter'
            or e.state = 'failed' and e.unanswered_since is null and e.received_at < now() - interval '1 hour'
        ),
        'events_cursor_age_seconds', (
            select greatest(extract(epoch from now() - i.events_read_until), 0) from private.installation as i
        ),
        'outbox', private.outbox_figures(),
        'updates', (
            select jsonb_build_object(
                'waiting', count(*) filter (where u.state <> 'abandoned'),
                'oldest_seconds', coalesce(
                    extract(epoch from now() - min(u.received_at) filter (where u.state <> 'abandoned')), 0
                ),
                'abandoned', count(*) filter (where u.state = 'abandoned')
            )
            from public.telegram_updates as u where u.state <> 'handled'
        )
    );
end
$$;
comment on function api.get_operating_figures is 'Definer: counts over tables that nobody has grants on.';
grant execute on function api.get_operating_figures() to service_role;

create function api.list_applied_migrations() returns jsonb
language plpgsql stable security definer set search_path = pg_catalog, pg_temp
as $$
begin
    perform private.require_service();
    return (
        select coalesce(jsonb_agg(m.version order by m.version), '[]')
        from supabase_migrations.schema_migrations as m
    );
end
$$;
comment on function api.list_applied_migrations is 'Definer: Supabase''s own bookkeeping, which nobody else may read.';
grant execute on function api.list_applied_migrations() to service_role;

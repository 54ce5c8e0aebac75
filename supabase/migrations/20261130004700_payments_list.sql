-- The payments of an organization, page by page.
-- The cursors of a page: whether an older payment than its oldest is there, and a newer than its newest.
create function private.payment_cursors(
    oldest public.payments, newest public.payments, organization_id uuid, status text []
) returns jsonb
language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
begin
    return jsonb_build_object(
        'next_cursor', case when exists (
            select from public.payments as o
            where o.organization_id = payment_cursors.organization_id
            and (o.created_at, o.id) < (oldest.created_at, oldest.id)
            and (payment_cursors.status is null or o.status = any(payment_cursors.status))
        ) then 'o' || replace(oldest.id::text, '-', '') end,
        'previous_cursor', case when exists (
            select from public.payments as n
            where n.organization_id = payment_cursors.organization_id
            and (n.created_at, n.id) > (newest.created_at, newest.id)
            and (payment_cursors.status is null or n.status = any(payment_cursors.status))
        ) then 'n' || replace(newest.id::text, '-', '') end
    );
end
$$;

create function api.list_payments(
    organization_id uuid,
    status text [] default null,
    cursor text default null,
    max_rows integer default null
) returns jsonb
language plpgsql stable security definer set search_path = pg_catalog, pg_temp
as $$
declare
    position public.payments;
    oldest public.payments;
    newest public.payments;
    page jsonb;
    ids uuid [];
begin
    perform private.require_role(organization_id, 'owner', 'admin', 'member');
    perform private.require_cursor(cursor, '[0-9a-f]{32}');
    select p.* into position from public.payments as p
    where p.id = substr(cursor, 2)::uuid and p.organization_id = list_payments.organization_id;
    if cursor is not null and position.id is null then
        perform private.refuse('bad_cursor');
    end if;
    with listed as (
        (
            select o as payment from public.payments as o
            where coalesce(cursor, 'o') like 'o%' and o.organization_id = list_payments.organization_id
            and (cursor is null or (o.created_at, o.id) < (position.created_at, position.id))
            and (list_payments.status is null or o.status = any(list_payments.status))
            order by o.created_at desc, o.id desc limit private.page_size(max_rows)
        )
        union all
        (
            select n as payment from public.payments as n
            where cursor like 'n%' and n.organization_id = list_payments.organization_id
            and (n.created_at, n.id) > (position.created_at, position.id)
            and (list_payments.status is null or n.status = any(list_payments.status))
            order by n.created_at, n.id limit private.page_size(max_rows)
        )
    )

    select
        jsonb_agg(private.payment_json(l.payment) order by (l.payment).created_at desc, (l.payment).id desc),
        array_agg((l.payment).id order by (l.payment).created_at, (l.payment).id)
    into page, ids
    from listed as l;
    select p.* into oldest from public.payments as p where p.id = ids [1];
    select p.* into newest from public.payments as p where p.id = ids [cardinality(ids)];
    return jsonb_build_object('payments', coalesce(page, '[]'))
        || private.payment_cursors(oldest, newest, organization_id, status);
end
$$;
comment on function api.list_payments is 'Definer: a payment has columns that members do not see. Every state, as api.get_payment shows one.';
grant execute on function api.list_payments(uuid, text [], text, integer) to authenticated;

-- How a payment is found again: by what it is called, by an amount, a person, or the end of a card's number.

-- What names one payment, whosever it is: the caller leaves out what may not be seen. The reference is the
-- beginning of our id, so that its index finds both. Texts are compared as they are: none of them is a pattern.
create function private.payments_named(search_text text) returns setof uuid
language sql stable set search_path = pg_catalog, pg_temp
as $$
    with typed as (
        select search_text as name, lower(regexp_replace(search_text, '^\s*[Pp]-?|[-\s]', '', 'g')) as digits
    ),

    ours as (
        select rpad(t.digits, 32, '0')::uuid as lowest, rpad(t.digits, 32, 'f')::uuid as highest
        from typed as t where t.digits ~ '^[0-9a-f]{6,32}$'
    )

    select p.id from ours as o inner join public.payments as p on p.id between o.lowest and o.highest
    union
    select p.id from typed as t inner join public.payments as p on p.stripe_checkout_session_id = t.name
    union
    select p.id from typed as t inner join public.payments as p on p.stripe_payment_intent_id = t.name
    union
    select p.id from typed as t inner join public.payments as p on p.stripe_invoice_id = t.name
    union
    select r.payment_id from typed as t inner join public.refunds as r on r.stripe_refund_id = t.name
    union
    select d.payment_id from typed as t inner join public.disputes as d on d.stripe_dispute_id = t.name
    union
    select e.payment_id from typed as t inner join public.stripe_events as e on e.id = t.name
    where e.payment_id is not null
$$;
comment on function private.payments_named is 'Payments by our id, its beginning (six characters or more, as in the reference), or an id of Stripe''s: of the page, the intent, the invoice, a refund, a dispute, an event.';

-- What of an organization's payments a text can mean. amounts = [{currency, amount}]: its readings as an amount.
create function private.matching_payments(organization_id uuid, search_text text, amounts jsonb) returns setof uuid
language sql stable set search_path = pg_catalog, pg_temp
as $$
    select p.id from private.payments_named(search_text) as n (id)
    inner join public.payments as p on p.id = n.id and p.organization_id = matching_payments.organization_id
    union
    select p.id from public.payments as p
    where p.organization_id = matching_payments.organization_id and p.order_reference is not null
    and starts_with(lower(p.order_reference), lower(search_text))
    union
    select p.id from jsonb_to_recordset(amounts) as a (currency text, amount bigint)
    inner join public.payments as p
        on p.organization_id = matching_payments.organization_id and p.currency = a.currency
        and a.amount in (p.amount, p.requested_amount, p.received_amount)
    union
    select p.id from public.payments as p
    inner join private.users as u on u.id = p.created_by
    where p.organization_id = matching_payments.organization_id and length(search_text) >= 2
    and strpos(lower(u.name), lower(search_text)) > 0
    union
    select p.id from public.payments as p
    inner join public.payment_methods as m
        on m.id = p.payment_method_id or m.stripe_payment_method_id = p.stripe_payment_method_id
    where p.organization_id = matching_payments.organization_id and m.last_four = search_text
    union
    select p.id from private.payment_cards as c
    inner join public.payments as p on p.id = c.payment_id
    where p.organization_id = matching_payments.organization_id and c.last_four = search_text
$$;

create function api.find_payments(
    organization_id uuid,
    search_text text,
    amounts jsonb,
    cursor text default null,
    max_rows integer default null
) returns jsonb
language plpgsql stable security definer set search_path = pg_catalog, pg_temp
as $$
declare
    caller uuid := private.require_role(organization_id, 'owner', 'admin', 'member');
    whose uuid := case when not private.can_pay(organization_id) then caller end;
    matches uuid [];
    page jsonb;
    ids uuid [];
    before bigint;
begin
    perform private.require_cursor(cursor, '[0-9a-f]{32}');
    matches := array(
        select p.id from private.matching_payments(organization_id, btrim(left(search_text, 255)), amounts) as m (id)
        inner join public.payments as p on p.id = m.id and (whose is null or p.created_by = whose)
        order by p.created_at desc, p.id desc
    );
    before := case
        when cursor is null then 0
        when left(cursor, 1) = 'o' then array_position(matches, substr(cursor, 2)::uuid)
        else greatest(array_position(matches, substr(cursor, 2)::uuid) - 1 - private.page_size(max_rows), 0)
    end;
    if before is null then
        perform private.refuse('bad_cursor');
    end if;
    ids := matches [before + 1:before + private.page_size(max_rows)];
    select jsonb_agg(private.payment_json(p) order by p.created_at desc, p.id desc) into page
    from public.payments as p where p.id = any(ids);
    return jsonb_build_object(
        'payments', coalesce(page, '[]'),
        'count', cardinality(matches),
        'next_cursor', case
            when before + cardinality(ids) < cardinality(matches) then 'o' || replace(ids [cardinality(ids)]::text, '-', '')
        end,
        'previous_cursor', case when before > 0 and cardinality(ids) > 0 then 'n' || replace(ids [1]::text, '-', '') end
    );
end
$$;
comment on function api.find_payments is 'Definer, as api.list_payments. Of a member only the payments that they began themselves; of an owner or admin all of the organization. Refuses bad_cursor, also for a payment that is not among the matches.';
grant execute on function api.find_payments(uuid, text, jsonb, text, integer) to authenticated;

-- The operator's: whosever it is, but by its names only.
create function api.list_payments_named(search_text text, max_rows integer) returns jsonb
language plpgsql stable security definer set search_path = pg_catalog, pg_temp
as $$
begin
    perform private.require_service();
    return (
        select coalesce(jsonb_agg(listed.id order by listed.created_at desc, listed.id), '[]')
        from (
            select p.id, p.created_at from public.payments as p
            where p.id in (select n.id from private.payments_named(btrim(search_text)) as n (id))
            or p.order_reference = btrim(search_text)
            order by p.created_at desc, p.id limit max_rows
        ) as listed
    );
end
$$;
comment on function api.list_payments_named is 'Definer: nobody has grants on payments of all organizations. Ids, the newest first.';
grant execute on function api.list_payments_named(text, integer) to service_role;

-- What people are told of their organization's payment methods.
create function private.notify_payment_method_changed(
    method public.payment_methods, happened text, roles text [], but uuid default null, about uuid default null
) returns void
language sql set search_path = pg_catalog, pg_temp
as $$
    select private.notify_users(
        array(
            select m.user_id from public.memberships as m
            where m.organization_id = method.organization_id and m.role = any(roles) and m.user_id is distinct from but
        ),
        'method_news', method.organization_id,
        jsonb_strip_nulls(jsonb_build_object(
            'happened', happened, 'method_id', method.id, 'organization_id', method.organization_id,
            'card', private.display_name(method),
            'name', (select u.name from private.users as u where u.id = about)
        )),
        'payment method ' || method.id
    )
$$;
comment on function private.notify_payment_method_changed is 'Tells an organization''s people in these roles, `but` one; `about` is who did it.';

-- Whoever added a card and leaves may not want it charged any more: owners are asked.
create function private.notify_leaver_payment_methods() returns trigger
language plpgsql set search_path = pg_catalog, pg_temp
as $$
begin
    perform private.notify_payment_method_changed(m, 'left', '{owner}', null, old.user_id)
    from public.payment_methods as m
    where m.organization_id = old.organization_id and m.added_by = old.user_id and m.is_active;
    return null;
end
$$;
create trigger memberships_notify_payment_methods after delete on public.memberships
for each row execute function private.notify_leaver_payment_methods();

create function api.notify_expiring_payment_methods(max_rows integer) returns jsonb
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    method public.payment_methods;
    notified integer := 0;
begin
    perform private.require_service();
    for method in
        select m.* from public.payment_methods as m
        inner join private.payment_method_details as k on m.id = k.payment_method_id
        where m.is_active and private.payment_method_expiry(m) = 'expiring'
        and k.expiry_notified_for is distinct from make_date(m.exp_year, m.exp_month, 1)
        order by m.id limit max_rows for update of k skip locked
    loop
        update private.payment_method_details as k set expiry_notified_for = make_date(method.exp_year, method.exp_month, 1)
        where k.payment_method_id = method.id;
        perform private.notify_payment_method_changed(method, 'expiring', '{owner,admin}');
        notified := notified + 1;
    end loop;
    return to_jsonb(notified);
end
$$;
comment on function api.notify_expiring_payment_methods is 'Definer. Tells owners and admins, once and a month ahead, that a card is about to expire; how many were told.';
grant execute on function api.notify_expiring_payment_methods(integer) to service_role;

-- What members may see and do with what is saved, and what its people are told without asking.
create function api.list_payment_methods(organization_id uuid) returns jsonb
language plpgsql stable security definer set search_path = ''
as $$
declare
    caller uuid := private.require_role(organization_id, 'owner', 'admin', 'member');
    pays boolean := organization_id in (select private.manageable_organization_ids());
begin
    return (
        select coalesce(jsonb_agg(private.payment_method_json(m, pays) order by m.is_default desc, m.created_at, m.id), '[]')
        from public.payment_methods as m
        where m.organization_id = list_payment_methods.organization_id and m.is_active and (pays or m.is_default)
    );
end
$$;
comment on function api.list_payment_methods is 'Definer: members see no more than what the default one is called. The default first, then the oldest.';
grant execute on function api.list_payment_methods(uuid) to authenticated;

-- The same card is shown once, but Stripe may have it again, for a subscription that began with it.
create function private.duplicates_of(method public.payment_methods) returns jsonb
language sql stable set search_path = ''
as $$
    select coalesce(jsonb_agg(duplicate.stripe_payment_method_id), '[]')
    from private.payment_method_details as own_details
    inner join private.payment_method_details as duplicate_details on own_details.fingerprint = duplicate_details.fingerprint
    inner join public.payment_methods as duplicate on duplicate_details.method_id = duplicate.id
    where own_details.method_id = method.id and duplicate.id <> method.id and duplicate.organization_id = method.organization_id
    and (duplicate.exp_month, duplicate.exp_year) is not distinct from (method.exp_month, method.exp_year)
$$;

-- Before a card is added without a page: who tries out cards is stopped as with pages.
create function api.request_payment_method_addition(organization_id uuid) returns jsonb
language plpgsql security definer set search_path = ''
as $$
begin
    perform private.require_role(organization_id, 'owner', 'admin');
    if (
        select count(*) from public.audit_log as a
        where a.organization_id = request_payment_method_addition.organization_id and a.action = 'method_addition_ordered'
        and a.created_at > now() - interval '10 minutes'
    ) >= 20 then
        perform private.refuse('too_many_requests', jsonb_build_object('retry_after', 60));
    end if;
    perform private.audit(organization_id, 'method_addition_ordered');
    return '{}';
end
$$;
comment on function api.request_payment_method_addition is 'Definer: nobody has grants to write. Refuses too_many_requests.';
grant execute on function api.request_payment_method_addition(uuid) to authenticated;

-- What is done at Stripe first is ordered here: who may, and who did. Answers what Stripe knows it by.
create function api.request_payment_method_change(payment_method_id uuid, act text) returns jsonb
language plpgsql security definer set search_path = ''
as $$
declare
    method public.payment_methods := private.require_payment_method(payment_method_id, 'owner', 'admin');
begin
    if act not in ('removal', 'default') or act = 'default' and not method.is_active then
        perform private.refuse('not_found', jsonb_build_object('what', 'payment method'));
    end if;
    if method.is_active then
        update private.payment_method_details as k set removed_by = private.current_user_id()
        where k.method_id = method.id and act = 'removal';
        perform private.audit(method.organization_id, 'method_' || act || '_ordered', jsonb_build_object('method_id', method.id));
    end if;
    return private.payment_method_json(method) || (
        select jsonb_build_object('stripe_customer_id', o.stripe_customer_id, 'twins', private.duplicates_of(method))
        from public.organizations as o where o.id = method.organization_id
    );
end
$$;
comment on function api.request_payment_method_change is 'Definer: nobody has grants to write. What was removed already is ordered no more.';
grant execute on function api.request_payment_method_change(uuid, text) to authenticated;

create function api.get_payment_method(payment_method_id uuid) returns jsonb
language plpgsql stable security definer set search_path = ''
as $$
declare
    method public.payment_methods := private.require_active_payment_method(payment_method_id, 'owner', 'admin');
begin
    return private.payment_method_json(method);
end
$$;
comment on function api.get_payment_method is 'Definer: one call, one role check.';
grant execute on function api.get_payment_method(uuid) to authenticated;

create function api.set_payment_method_label(payment_method_id uuid, label text) returns jsonb
language plpgsql security definer set search_path = ''
as $$
declare
    method public.payment_methods := private.require_active_payment_method(payment_method_id, 'owner', 'admin');
begin
    update public.payment_methods as m set label = nullif(set_payment_method_label.label, '')
    where m.id = method.id returning * into method;
    perform private.audit(method.organization_id, 'method_labeled', jsonb_build_object('method_id', method.id));
    return private.payment_method_json(method);
end
$$;
comment on function api.set_payment_method_label is 'Definer: nobody has grants to write methods. An empty label is none.';
grant execute on function api.set_payment_method_label(uuid, text) to authenticated;

-- Whoever added a card and leaves may not want it charged any more: owners are asked.
create function private.notify_leaver_payment_methods() returns trigger
language plpgsql set search_path = ''
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
language plpgsql security definer set search_path = ''
as $$
declare
    method public.payment_methods;
    notified integer := 0;
begin
    perform private.require_service();
    for method in
        select m.* from public.payment_methods as m
        inner join private.payment_method_details as k on m.id = k.method_id
        where m.is_active and private.payment_method_expiry(m) = 'expiring'
        and k.expiry_notified_for is distinct from make_date(m.exp_year, m.exp_month, 1)
        order by m.id limit max_rows for update of k skip locked
    loop
        update private.payment_method_details as k set expiry_notified_for = make_date(method.exp_year, method.exp_month, 1)
        where k.method_id = method.id;
        perform private.notify_payment_method_changed(method, 'expiring', '{owner,admin}');
        notified := notified + 1;
    end loop;
    return to_jsonb(notified);
end
$$;
comment on function api.notify_expiring_payment_methods is 'Definer. Tells owners and admins, once and a month ahead, that a card is about to expire; how many were told.';
grant execute on function api.notify_expiring_payment_methods(integer) to service_role;

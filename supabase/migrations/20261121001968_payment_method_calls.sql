-- What members may see and do with what is saved, and what its people are told without asking.
create function api.list_payment_methods(organization_id uuid) returns jsonb
language plpgsql stable security definer set search_path = ''
as $$
declare
    caller uuid := private.require_role(organization_id, 'owner', 'admin', 'member');
    pays boolean := organization_id in (select private.paying_organization_ids());
begin
    return (
        select coalesce(jsonb_agg(private.method_json(m, pays) order by m.is_default desc, m.created_at, m.id), '[]')
        from public.payment_methods as m
        where m.organization_id = list_payment_methods.organization_id and m.is_active and (pays or m.is_default)
    );
end
$$;
comment on function api.list_payment_methods is 'Definer: members see no more than what the default one is called. The default first, then the oldest.';
grant execute on function api.list_payment_methods(uuid) to authenticated;

-- The same card is shown once, but Stripe may have it again, for a subscription that began with it.
create function private.twins_of(method public.payment_methods) returns jsonb
language sql stable set search_path = ''
as $$
    select coalesce(jsonb_agg(twin.stripe_payment_method_id), '[]')
    from private.method_marks as mark
    inner join private.method_marks as its on mark.fingerprint = its.fingerprint
    inner join public.payment_methods as twin on its.method_id = twin.id
    where mark.method_id = method.id and twin.id <> method.id and twin.organization_id = method.organization_id
    and (twin.exp_month, twin.exp_year) is not distinct from (method.exp_month, method.exp_year)
$$;

-- Before a card is added without a page: who tries out cards is stopped as with pages.
create function api.order_addition(organization_id uuid) returns jsonb
language plpgsql security definer set search_path = ''
as $$
begin
    perform private.require_role(organization_id, 'owner', 'admin');
    if (
        select count(*) from public.audit_log as a
        where a.organization_id = order_addition.organization_id and a.action = 'method_addition_ordered'
        and a.created_at > now() - interval '10 minutes'
    ) >= 20 then
        perform private.refuse('too_many_requests', jsonb_build_object('retry_after', 60));
    end if;
    perform private.audit(organization_id, 'method_addition_ordered');
    return '{}';
end
$$;
comment on function api.order_addition is 'Definer: nobody has grants to write. Refuses too_many_requests.';
grant execute on function api.order_addition(uuid) to authenticated;

-- What is done at Stripe first is ordered here: who may, and who did. Answers what Stripe knows it by.
create function api.order_method(method_id uuid, act text) returns jsonb
language plpgsql security definer set search_path = ''
as $$
declare
    method public.payment_methods := private.require_method(method_id, 'owner', 'admin');
begin
    if act not in ('removal', 'default') or act = 'default' and not method.is_active then
        perform private.refuse('not_found', jsonb_build_object('what', 'payment method'));
    end if;
    if method.is_active then
        update private.method_marks as k set removed_by = private.current_user_id()
        where k.method_id = method.id and act = 'removal';
        perform private.audit(method.organization_id, 'method_' || act || '_ordered', jsonb_build_object('method_id', method.id));
    end if;
    return private.method_json(method) || (
        select jsonb_build_object('stripe_customer_id', o.stripe_customer_id, 'twins', private.twins_of(method))
        from public.organizations as o where o.id = method.organization_id
    );
end
$$;
comment on function api.order_method is 'Definer: nobody has grants to write. What was removed already is ordered no more.';
grant execute on function api.order_method(uuid, text) to authenticated;

create function api.get_payment_method(method_id uuid) returns jsonb
language plpgsql stable security definer set search_path = ''
as $$
declare
    method public.payment_methods := private.require_active_method(method_id, 'owner', 'admin');
begin
    return private.method_json(method);
end
$$;
comment on function api.get_payment_method is 'Definer: one call, one role check.';
grant execute on function api.get_payment_method(uuid) to authenticated;

create function api.label_method(method_id uuid, label text) returns jsonb
language plpgsql security definer set search_path = ''
as $$
declare
    method public.payment_methods := private.require_active_method(method_id, 'owner', 'admin');
begin
    update public.payment_methods as m set label = nullif(label_method.label, '')
    where m.id = method.id returning * into method;
    perform private.audit(method.organization_id, 'method_labeled', jsonb_build_object('method_id', method.id));
    return private.method_json(method);
end
$$;
comment on function api.label_method is 'Definer: nobody has grants to write methods. An empty label is none.';
grant execute on function api.label_method(uuid, text) to authenticated;

-- Whoever added a card and leaves may not want it charged any more: owners are asked.
create function private.ask_about_methods() returns trigger
language plpgsql set search_path = ''
as $$
begin
    perform private.tell_of_method(m, 'left', '{owner}', null, old.user_id)
    from public.payment_methods as m
    where m.organization_id = old.organization_id and m.added_by = old.user_id and m.is_active;
    return null;
end
$$;
create trigger memberships_leave_cards_behind after delete on public.memberships
for each row execute function private.ask_about_methods();

create function api.tell_expiring_methods(most integer) returns jsonb
language plpgsql security definer set search_path = ''
as $$
declare
    method public.payment_methods;
    told integer := 0;
begin
    perform private.require_service();
    for method in
        select m.* from public.payment_methods as m
        inner join private.method_marks as k on m.id = k.method_id
        where m.is_active and private.method_standing(m) = 'expiring'
        and k.expiry_told is distinct from make_date(m.exp_year, m.exp_month, 1)
        order by m.id limit most for update of k skip locked
    loop
        update private.method_marks as k set expiry_told = make_date(method.exp_year, method.exp_month, 1)
        where k.method_id = method.id;
        perform private.tell_of_method(method, 'expiring', '{owner,admin}');
        told := told + 1;
    end loop;
    return to_jsonb(told);
end
$$;
comment on function api.tell_expiring_methods is 'Definer. Tells owners and admins, once and a month ahead, that a card is about to expire; how many were told.';
grant execute on function api.tell_expiring_methods(integer) to service_role;

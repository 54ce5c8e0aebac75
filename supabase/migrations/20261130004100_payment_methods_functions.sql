-- What owners and admins do with what is saved.

-- Before a card is added without a page: who tries out cards is stopped as with pages.
create function api.request_payment_method_addition(organization_id uuid) returns jsonb
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
    perform private.require_role(organization_id, 'owner', 'admin');
    perform private.require_second_factor();
    perform private.require_rate((
        select a.created_at from public.audit_log as a
        where a.organization_id = request_payment_method_addition.organization_id and a.action = 'method_addition_ordered'
        order by a.id desc offset 19 limit 1
    ));
    perform private.audit(organization_id, 'method_addition_ordered');
    return '{}';
end
$$;
comment on function api.request_payment_method_addition is 'Definer: nobody has grants to write. Refuses too_many_requests.';
grant execute on function api.request_payment_method_addition(uuid) to authenticated;

-- What is done at Stripe first is ordered here: who may, and who did. Answers what Stripe knows it by.
create function api.request_payment_method_change(payment_method_id uuid, act text) returns jsonb
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    method public.payment_methods := private.require_payment_method(payment_method_id, 'owner', 'admin');
begin
    perform private.require_second_factor();
    if act not in ('removal', 'default') or act = 'default' and not method.is_active then
        perform private.refuse('not_found', jsonb_build_object('what', 'payment method'));
    end if;
    if method.is_active then
        update private.payment_method_details as k set removed_by = private.current_user_id()
        where k.payment_method_id = method.id and act = 'removal';
        perform private.audit(method.organization_id, 'method_' || act || '_ordered', jsonb_build_object('method_id', method.id));
    end if;
    return private.payment_method_json(method) || (
        select jsonb_build_object('stripe_customer_id', o.stripe_customer_id, 'duplicates', private.duplicates_of(method))
        from public.organizations as o where o.id = method.organization_id
    );
end
$$;
comment on function api.request_payment_method_change is 'Definer: nobody has grants to write. What was removed already is ordered no more.';
grant execute on function api.request_payment_method_change(uuid, text) to authenticated;

create function api.set_payment_method_label(payment_method_id uuid, label text) returns jsonb
language plpgsql security definer set search_path = pg_catalog, pg_temp
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

-- The organization's customer at Stripe: one, made at first need.
create function private.customer_json(organization public.organizations) returns jsonb
language sql immutable set search_path = pg_catalog, pg_temp
return jsonb_build_object(
    'organization_id', organization.id,
    'name', organization.name,
    'stripe_customer_id', organization.stripe_customer_id
);

create function api.get_customer(organization_id uuid) returns jsonb
language plpgsql stable security definer set search_path = pg_catalog, pg_temp
as $$
declare
    caller uuid := private.require_role(organization_id, 'owner', 'admin');
begin
    return (select private.customer_json(o) || jsonb_build_object('user_id', caller) from public.organizations as o where o.id = organization_id);
end
$$;
comment on function api.get_customer is 'Definer: who may not pay for the organization needs no customer of it.';
grant execute on function api.get_customer(uuid) to authenticated;

-- Two who made one at the same time keep the first; the other stays at Stripe, without a card.
create function api.set_stripe_customer(organization_id uuid, stripe_customer_id text) returns jsonb
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    organization public.organizations;
begin
    perform private.require_service();
    update public.organizations as o
    set stripe_customer_id = coalesce(o.stripe_customer_id, set_stripe_customer.stripe_customer_id)
    where o.id = organization_id returning * into strict organization;
    return private.customer_json(organization);
end
$$;
comment on function api.set_stripe_customer is 'Definer: nobody has grants to write organizations. Answers the customer that counts.';
grant execute on function api.set_stripe_customer(uuid, text) to service_role;

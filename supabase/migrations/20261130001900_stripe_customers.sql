-- The organization's customer at Stripe: one, made at first need.

-- Whoever asks for it sends the same request under the same key, which has the attempt in it. It grows where Stripe
-- refused, and where the customer was deleted there: the old key would answer with that one.
create table private.customer_attempts (
    organization_id uuid primary key references public.organizations (id),
    attempt integer not null
);
comment on table private.customer_attempts is 'How often an organization''s customer had to be asked for anew at Stripe; no row: once.';

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

-- All who asked for it at the same time have made the same one; the first to come back writes it down.
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

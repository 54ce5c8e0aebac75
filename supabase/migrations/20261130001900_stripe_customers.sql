-- The organization's customer at Stripe: one, made at first need.

-- Whoever asks for it sends the same request under the same key, which has the attempt in it. It grows where Stripe
-- refused, and where the customer was deleted there: the old key would answer with that one.
create table private.customer_attempts (
    organization_id uuid primary key references public.organizations (id),
    attempt integer not null
);
comment on table private.customer_attempts is 'How often an organization''s customer had to be asked for anew at Stripe; no row: once.';

-- What an owner chose for Stripe's mails and pages. It may be a person's own, and members may not read it.
create table private.billing_emails (
    organization_id uuid primary key references public.organizations (id),
    email text not null,
    constraint billing_emails_address_is_no_card_number check (not private.has_card_number(email)),
    -- One plain address: no name beside it, no line break, nothing that is not ASCII.
    constraint billing_emails_address_is_plain check (
        length(email) <= 254
        and email ~ '^[A-Za-z0-9!#$%&''*+/=?^_`{|}~-]+(\.[A-Za-z0-9!#$%&''*+/=?^_`{|}~-]+)*@([A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z][A-Za-z0-9-]{0,61}[A-Za-z0-9]$'
    )
);
comment on table private.billing_emails is 'The e-mail address of an organization''s customer at Stripe, where an owner chose one; without a row it is the operator''s.';

create function private.customer_json(organization public.organizations) returns jsonb
language sql stable set search_path = pg_catalog, pg_temp
return jsonb_build_object(
    'organization_id', organization.id,
    'name', organization.name,
    'stripe_customer_id', organization.stripe_customer_id,
    'billing_email', (select b.email from private.billing_emails as b where b.organization_id = organization.id)
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

-- Stripe judges an address before it is stored: first a dry run says whose customer that is, and that the caller may.
create function api.set_billing_email(
    organization_id uuid, email text default null, dry_run boolean default false
) returns jsonb
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
    -- With the organization locked: whoever makes its customer meanwhile sees the address, or is seen here.
    perform private.require_role_alone(organization_id, 'owner');
    if dry_run then
        return api.get_customer(organization_id);
    elsif set_billing_email.email is null then
        delete from private.billing_emails as b where b.organization_id = set_billing_email.organization_id;
    else
        insert into private.billing_emails as b (organization_id, email)
        values (set_billing_email.organization_id, set_billing_email.email)
        on conflict on constraint billing_emails_pkey do update set email = excluded.email
        where b.email <> excluded.email;
    end if;
    if found then
        perform private.audit(organization_id, case
            when set_billing_email.email is null then 'billing_email_removed' else 'billing_email_changed'
        end);
    end if;
    return api.get_customer(organization_id);
end
$$;
comment on function api.set_billing_email is 'Definer: private.billing_emails has no grants. Null removes it. That it changed is audited, the address is not: those lines stay for ever.';
grant execute on function api.set_billing_email(uuid, text, boolean) to authenticated;

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

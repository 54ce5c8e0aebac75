-- What somebody began under a key of their own, whatever it was.
create function api.get_key_result(idempotency_key text) returns jsonb
language plpgsql stable security definer set search_path = pg_catalog, pg_temp
as $$
declare
    caller uuid := private.require_user();
begin
    return jsonb_build_object(
        'payment_id', (
            select p.payment_id from private.payment_requests as p
            where p.created_by = caller and p.idempotency_key = get_key_result.idempotency_key
        ),
        'refund_id', (
            select r.refund_id from private.refund_requests as r
            where r.created_by = caller and r.idempotency_key = get_key_result.idempotency_key
        ),
        'subscription_id', (
            select s.subscription_id from private.subscription_requests as s
            where s.created_by = caller and s.idempotency_key = get_key_result.idempotency_key
        )
    );
end
$$;
comment on function api.get_key_result is 'Definer: keys are for nobody to read. Only the caller''s own; a stranger''s key and one that began nothing give the same answer.';
grant execute on function api.get_key_result(text) to authenticated;

-- What began something is answered again whatever its caller has begun since.
create function api.is_key_used(idempotency_key text) returns jsonb
language plpgsql stable security definer set search_path = pg_catalog, pg_temp
as $$
declare
    caller uuid := private.require_user();
begin
    return to_jsonb(
        exists (select from private.payment_requests as p where p.created_by = caller and p.idempotency_key = is_key_used.idempotency_key)
        or exists (select from private.refund_requests as r where r.created_by = caller and r.idempotency_key = is_key_used.idempotency_key)
        or exists (select from private.subscription_requests as s where s.created_by = caller and s.idempotency_key = is_key_used.idempotency_key)
        or exists (select from public.setup_links as l where l.user_id = caller and l.idempotency_key = is_key_used.idempotency_key)
        or exists (select from private.foundings as f where f.user_id = caller and f.idempotency_key = is_key_used.idempotency_key)
    );
end
$$;
comment on function api.is_key_used is 'Definer: keys are for nobody to read. Whether a key of the caller''s own began a payment, a refund, a subscription, a link or an organization.';
grant execute on function api.is_key_used(text) to authenticated;

-- What Stripe is asked to make, word by word, from the first time on: a later release, another PUBLIC_URL, a renamed
-- organization or another product would make a different request of the same row, which Stripe refuses under its key.
create table private.stripe_requests (
    subject_id uuid not null,
    attempt integer not null,
    purpose text not null,
    organization_id uuid not null references public.organizations (id),
    parameters jsonb not null,
    first_sent_at timestamptz not null default now(),
    primary key (subject_id, attempt),
    constraint stripe_requests_purpose_is_listed check (
        purpose in ('checkout', 'intent', 'charge', 'refund', 'subscription', 'setup', 'customer')
    )
);
comment on table private.stripe_requests is 'Requests to Stripe that make something, by the row that it is for (a payment, refund, subscription or link; of a customer the organization) and its attempt. They name the organization, and no person.';
create index stripe_requests_organization on private.stripe_requests (organization_id);

create function api.freeze_stripe_request(
    subject_id uuid, attempt integer, purpose text, organization_id uuid, parameters jsonb
) returns jsonb
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
    perform private.require_service();
    insert into private.stripe_requests (subject_id, attempt, purpose, organization_id, parameters)
    values (
        freeze_stripe_request.subject_id, freeze_stripe_request.attempt, freeze_stripe_request.purpose,
        freeze_stripe_request.organization_id, freeze_stripe_request.parameters
    )
    on conflict on constraint stripe_requests_pkey do nothing;
    return (
        select r.parameters from private.stripe_requests as r
        where (r.subject_id, r.attempt) = (freeze_stripe_request.subject_id, freeze_stripe_request.attempt)
    );
end
$$;
comment on function api.freeze_stripe_request is 'Definer: private.stripe_requests has no grants. Answers the parameters of whoever came first.';
grant execute on function api.freeze_stripe_request(uuid, integer, text, uuid, jsonb) to service_role;

-- Stripe forgets a key after a day. What it was asked for before is then looked for in its list first, as is what a
-- restored database may lack.
create function api.get_customer_for_service(organization_id uuid) returns jsonb
language plpgsql stable security definer set search_path = pg_catalog, pg_temp
as $$
declare
    current_attempt integer;
    first_sent timestamptz;
begin
    perform private.require_service();
    select c.attempt into current_attempt from private.customer_attempts as c
    where c.organization_id = get_customer_for_service.organization_id;
    current_attempt := coalesce(current_attempt, 1);
    select r.first_sent_at into first_sent from private.stripe_requests as r
    where r.subject_id = get_customer_for_service.organization_id and r.attempt = current_attempt;
    return (
        select private.customer_json(o) || jsonb_build_object(
            'attempt', current_attempt,
            'created_at', coalesce(first_sent, now()),
            'search_start', least(
                private.search_start(o.id), case when first_sent < now() - interval '20 hours' then first_sent end
            )
        )
        from public.organizations as o where o.id = get_customer_for_service.organization_id
    );
end
$$;
comment on function api.get_customer_for_service is 'Definer: private.stripe_requests has no grants. What Stripe is asked with for an organization''s customer: created_at is when it was first asked, search_start since when it may have one that is not known here; null where it cannot.';
grant execute on function api.get_customer_for_service(uuid) to service_role;

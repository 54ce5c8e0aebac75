-- What somebody began under a key of their own, whatever it was.
create function api.get_attempt(idempotency_key text) returns jsonb
language plpgsql stable security definer set search_path = pg_catalog, pg_temp
as $$
declare
    caller uuid := private.require_user();
begin
    return jsonb_build_object(
        'payment_id', (
            select p.payment_id from private.payment_requests as p
            where p.created_by = caller and p.idempotency_key = get_attempt.idempotency_key
        ),
        'refund_id', (
            select r.refund_id from private.refund_requests as r
            where r.created_by = caller and r.idempotency_key = get_attempt.idempotency_key
        ),
        'subscription_id', (
            select s.subscription_id from private.subscription_requests as s
            where s.created_by = caller and s.idempotency_key = get_attempt.idempotency_key
        )
    );
end
$$;
comment on function api.get_attempt is 'Definer: keys are for nobody to read. Only the caller''s own; a stranger''s key and one that began nothing give the same answer.';
grant execute on function api.get_attempt(text) to authenticated;

-- What began something is answered again whatever its caller has begun since.
create function api.has_attempt(idempotency_key text) returns jsonb
language plpgsql stable security definer set search_path = pg_catalog, pg_temp
as $$
declare
    caller uuid := private.require_user();
begin
    return to_jsonb(
        exists (select from private.payment_requests as p where p.created_by = caller and p.idempotency_key = has_attempt.idempotency_key)
        or exists (select from private.refund_requests as r where r.created_by = caller and r.idempotency_key = has_attempt.idempotency_key)
        or exists (select from private.subscription_requests as s where s.created_by = caller and s.idempotency_key = has_attempt.idempotency_key)
        or exists (select from public.setup_links as l where l.user_id = caller and l.idempotency_key = has_attempt.idempotency_key)
        or exists (select from private.foundings as f where f.user_id = caller and f.idempotency_key = has_attempt.idempotency_key)
    );
end
$$;
comment on function api.has_attempt is 'Definer: keys are for nobody to read. Whether a key of the caller''s own began a payment, a refund, a subscription, a link or an organization.';
grant execute on function api.has_attempt(text) to authenticated;

-- How a dead letter moves the wallet: what Stripe has of it is accepted as it is, in one transaction.
-- at_stripe = {stripe_customer_id, metadata_organization_id, stripe_checkout_session_id, stripe_invoice_id, refunds: [fact], disputes: [fact],
-- intents: [{stripe_payment_intent_id, received_minor, tax_minor, currency, stripe_payment_method_id}]}, all as Stripe
-- answered them just now.

-- Whose money it is: its payment's organization, else that of Stripe's customer, else the one that is named.
-- What the metadata says of the amount counts for nothing here; the organization that it names is only shown.
create function private.organization_of_stripe_objects(payment public.payments, at_stripe jsonb, organization_id uuid) returns uuid
language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
declare
    owner_id uuid := coalesce(payment.organization_id, (
        select o.id from public.organizations as o where o.stripe_customer_id = at_stripe ->> 'stripe_customer_id'
    ));
begin
    if owner_id <> organization_of_stripe_objects.organization_id then
        perform private.refuse('cannot_be_accepted', jsonb_build_object('reason', 'it belongs to another organization'));
    elsif owner_id is null and not exists (select from public.organizations as o where o.id = organization_of_stripe_objects.organization_id) then
        perform private.refuse('organization_needed', jsonb_build_object(
            'customer', coalesce(at_stripe ->> 'stripe_customer_id', 'none'),
            'metadata', coalesce(at_stripe ->> 'metadata_organization_id', 'none')
        ));
    end if;
    return coalesce(owner_id, organization_of_stripe_objects.organization_id);
end
$$;

-- A payment for money that has none: paid twice, in another currency, or lost with a database that was restored.
create function private.create_missing_payment(
    organization_id uuid, like_payment public.payments, id uuid, at_stripe jsonb, intent jsonb
) returns public.payments
language plpgsql set search_path = pg_catalog, pg_temp
as $$
declare
    payment public.payments;
    invoice text := at_stripe ->> 'stripe_invoice_id';
    session text := at_stripe ->> 'stripe_checkout_session_id';
begin
    perform private.require_currency(intent ->> 'currency');
    -- Of several intents the first has the invoice or the page, and so has the payment that is there.
    if like_payment.id is not null or exists (
        select from public.payments as p where p.stripe_invoice_id = invoice or p.stripe_checkout_session_id = session
    ) then
        invoice := null;
        session := null;
    end if;
    insert into public.payments (
        id, organization_id, wallet_id, currency, amount, flow, created_by,
        stripe_customer_id, stripe_checkout_session_id, stripe_invoice_id, expires_at
    ) values (
        create_missing_payment.id, create_missing_payment.organization_id,
        private.open_wallet(create_missing_payment.organization_id, intent ->> 'currency'),
        intent ->> 'currency', private.credit_of(intent),
        case when invoice is not null then 'invoice' when session is not null then 'checkout' else 'intent' end,
        like_payment.created_by, at_stripe ->> 'stripe_customer_id', session, invoice, now()
    ) returning * into payment;
    return payment;
end
$$;

create function private.accept_intent(
    event public.stripe_events, organization_id uuid, at_stripe jsonb, intent jsonb, adopting boolean
) returns void
language plpgsql set search_path = pg_catalog, pg_temp
as $$
declare
    payment public.payments;
begin
    select p.* into payment from public.payments as p where p.stripe_payment_intent_id = intent ->> 'stripe_payment_intent_id' for update;
    if payment.status = 'succeeded' or private.credit_of(intent) = 0 then
        return; -- it is credited already, or nothing came
    end if;
    if payment.id is null then
        select p.* into payment from public.payments as p where p.id = private.payment_of(event.fact) for update;
    end if;
    if payment.id is null or payment.status = 'succeeded' or payment.currency <> intent ->> 'currency' then
        if payment.id is null and not adopting then
            perform private.refuse('not_found', jsonb_build_object('what', 'payment of this event: adopt it'));
        end if;
        payment := private.create_missing_payment(
            organization_id, payment, coalesce(
                case when payment.id is null then (event.fact ->> 'payment_id')::uuid end, gen_random_uuid()
            ), at_stripe, intent
        );
    elsif payment.amount <> private.credit_of(intent) then
        update public.payments as p set requested_amount = p.amount, amount = private.credit_of(intent)
        where p.id = payment.id returning * into payment;
    end if;
    perform private.credit_payment(payment, intent ->> 'stripe_payment_intent_id', (intent ->> 'received_minor')::bigint, private.happened_at(intent));
    perform private.record_payment_method_used(payment, intent ->> 'stripe_payment_method_id');
end
$$;

create function private.require_applied(verdict private.verdict) returns void
language plpgsql set search_path = pg_catalog, pg_temp
as $$
begin
    if verdict.state <> 'done' then
        perform private.refuse('cannot_be_accepted', jsonb_build_object('reason', verdict.reason));
    end if;
end
$$;

create function private.accept_stripe_objects(
    event public.stripe_events, at_stripe jsonb, organization_id uuid, adopting boolean
) returns jsonb
language plpgsql set search_path = pg_catalog, pg_temp
as $$
declare
    last_transfer_id bigint := (select coalesce(max(t.id), 0) from public.transfers as t);
    payment public.payments;
    organization uuid;
    part jsonb;
    verdict private.verdict;
begin
    select p.* into payment from public.payments as p where p.id = private.payment_of(event.fact);
    organization := private.organization_of_stripe_objects(payment, at_stripe, accept_stripe_objects.organization_id);
    if (select coalesce(sum((i.intent ->> 'received_minor')::bigint), 0) from jsonb_array_elements(at_stripe -> 'intents') as i (intent)) = 0 then
        perform private.refuse('cannot_be_accepted', jsonb_build_object('reason', 'Stripe received nothing'));
    end if;
    for part in select i.intent from jsonb_array_elements(at_stripe -> 'intents') with ordinality as i (intent, position) order by i.position
    loop
        perform private.accept_intent(event, organization, at_stripe, part, adopting);
    end loop;
    for part in select r.fact from jsonb_array_elements(at_stripe -> 'refunds') as r (fact)
    loop
        verdict := private.apply_refund(part || '{"payment_id": null}');
        perform private.require_applied(verdict);
    end loop;
    for part in select d.fact from jsonb_array_elements(at_stripe -> 'disputes') as d (fact)
    loop
        verdict := private.apply_dispute(part || '{"payment_id": null}');
        perform private.require_applied(verdict);
    end loop;
    -- Its money came in another way: nobody shall pay it again.
    select p.* into payment from public.payments as p where p.id = payment.id;
    if payment.status <> 'succeeded' then
        perform private.move_payment(payment, 'canceled');
    end if;
    update public.stripe_events as e
    set state = 'done', reason = case when adopting then 'adopted' else 'accepted' end, handled_at = now(),
        payment_id = private.payment_of(e.fact)
    where e.id = event.id returning * into event;
    perform private.audit(organization, case when adopting then 'event_adopted' else 'event_accepted' end, jsonb_build_object(
        'event_id', event.id, 'payment_id', event.payment_id
    ), 'operator');
    perform private.end_review(payment.id);
    perform private.end_review(event.payment_id);
    return jsonb_build_object('payment_id', event.payment_id, 'entries', private.entries_since(last_transfer_id, organization));
end
$$;

-- Accepts what Stripe moved; adopting makes the payment that this database does not have.
create function api.accept_event(
    event_id text, at_stripe jsonb, adopting boolean default false, organization_id uuid default null, dry_run boolean default false
) returns jsonb
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    event public.stripe_events;
    result jsonb;
begin
    perform private.require_service();
    select e.* into event from public.stripe_events as e where e.id = event_id and e.state in ('failed', 'dead_letter') for update;
    if event.id is null then
        perform private.refuse('not_found', jsonb_build_object('what', 'open event'));
    end if;
    perform private.lock_events(array[event_id], array[event.fact]);
    result := private.accept_stripe_objects(event, at_stripe, organization_id, adopting) || jsonb_build_object('posted', not dry_run);
    if dry_run then
        perform private.end_preview(result);
    end if;
    return result;
exception when sqlstate 'PB900' then
    get stacked diagnostics result = pg_exception_detail;
    return result;
end
$$;
comment on function api.accept_event is 'Definer: money tables have no write grants. Refuses not_found, cannot_be_accepted, organization_needed.';
grant execute on function api.accept_event(text, jsonb, boolean, uuid, boolean) to service_role;

-- Makes the recurring top-up that this database does not have, because it was restored to before it began. Its events
-- are applied again then, each invoice by itself. at_stripe = {id (ours), stripe_subscription_id, stripe_customer_id,
-- metadata_organization_id, amount, currency, interval, stripe_payment_method_id}.
create function api.adopt_subscription(at_stripe jsonb, organization_id uuid default null, dry_run boolean default false) returns jsonb
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    organization uuid;
    subscription public.subscriptions;
    event_ids text [];
    result jsonb;
begin
    perform private.require_service();
    organization := private.organization_of_stripe_objects(null, at_stripe, adopt_subscription.organization_id);
    perform private.require_currency(at_stripe ->> 'currency');
    if at_stripe ->> 'interval' is distinct from 'week' and at_stripe ->> 'interval' is distinct from 'month' then
        perform private.refuse('cannot_be_accepted', '{"reason": "its interval is neither a week nor a month"}');
    end if;
    event_ids := private.reopen_unknown_events((at_stripe ->> 'id')::uuid);
    insert into public.subscriptions (
        id, organization_id, wallet_id, currency, amount, quoted, interval,
        stripe_subscription_id, stripe_payment_method_id, expires_at
    ) values (
        (at_stripe ->> 'id')::uuid, organization, private.open_wallet(organization, at_stripe ->> 'currency'),
        at_stripe ->> 'currency', (at_stripe ->> 'amount')::bigint, array[(at_stripe ->> 'amount')::bigint], at_stripe ->> 'interval',
        at_stripe ->> 'stripe_subscription_id', at_stripe ->> 'stripe_payment_method_id', now()
    ) returning * into subscription;
    perform private.audit(organization, 'subscription_adopted', jsonb_build_object(
        'subscription_id', subscription.id, 'interval', subscription.interval
    ) || private.money_json(subscription.amount, subscription.currency), 'operator');
    result := jsonb_build_object(
        'subscription_id', subscription.id, 'organization_id', organization, 'event_ids', event_ids, 'posted', not dry_run
    );
    if dry_run then
        perform private.end_preview(result);
    end if;
    return result;
exception when sqlstate 'PB900' then
    get stacked diagnostics result = pg_exception_detail;
    return result;
end
$$;
comment on function api.adopt_subscription is 'Definer: money tables have no write grants. Refuses organization_needed, cannot_be_accepted, currency_unknown.';
grant execute on function api.adopt_subscription(jsonb, uuid, boolean) to service_role;

-- What members and the backend may do with payments.
create function private.require_payment_role(payment_id uuid, variadic roles text []) returns uuid
language plpgsql stable set search_path = ''
as $$
declare
    organization uuid;
begin
    select p.organization_id into organization from public.payments as p where p.id = payment_id;
    -- A payment that is not there and one that is not yours give the same answer.
    if organization is null or not exists (
        select from public.memberships as m
        where m.organization_id = organization and m.user_id = private.current_user_id()
    ) then
        perform private.refuse('not_found', jsonb_build_object('what', 'payment'));
    end if;
    return private.require_role(organization, variadic roles);
end
$$;

create function private.move_payment(inout payment public.payments, to_status text)
language plpgsql set search_path = ''
as $$
begin
    if exists (
        select from private.payment_transitions as t
        where t.from_status = payment.status and t.to_status = move_payment.to_status
    ) then
        update public.payments as p
        set status = move_payment.to_status,
            succeeded_at = case when move_payment.to_status = 'succeeded' then now() end
        where p.id = payment.id returning * into payment;
        perform private.notify_payment_shown(payment);
    end if;
end
$$;
comment on function private.move_payment is 'Moves a locked payment forward and tells its chat; a move that is not forward changes nothing.';

create function api.create_payment(
    organization_id uuid,
    amount bigint,
    currency text,
    idempotency_key text default null,
    telegram_chat_id bigint default null,
    message_id bigint default null,
    flow text default 'checkout',
    payment_method_id uuid default null,
    order_reference text default null
) returns jsonb
language plpgsql security definer set search_path = ''
as $$
declare
    caller uuid := private.require_role(organization_id, 'owner', 'admin');
    key text := coalesce(create_payment.idempotency_key, gen_random_uuid()::text);
    request bytea := sha256(convert_to(
        jsonb_build_array(
            organization_id, amount, currency, telegram_chat_id, message_id, flow, payment_method_id, order_reference
        )::text, 'UTF8'
    ));
    chat bigint;
    card uuid;
    payment public.payments;
begin
    if private.acts_in_chat() and exists (select from private.installation as i where not i.topups_in_chat) then
        perform private.refuse('topups_off');
    end if;
    perform private.require_amount(create_payment.amount, create_payment.currency);
    -- A page costs a call to Stripe and a row for ever: more than a shop's rush hour is abuse.
    if (
        select count(*) from public.payments as p
        where p.organization_id = create_payment.organization_id and p.created_at > now() - interval '10 minutes'
    ) >= 60 then
        perform private.refuse('too_many_requests', jsonb_build_object('retry_after', 60));
    end if;
    -- A payment is shown in the caller's own private chat and nowhere else; there is no link to an intent.
    select c.id into chat from public.chats as c
    where c.user_id = caller and create_payment.flow <> 'intent'
    and c.telegram_chat_id = coalesce(create_payment.telegram_chat_id, c.telegram_chat_id);
    if create_payment.telegram_chat_id is not null and chat is null then
        perform private.refuse('not_found', jsonb_build_object('what', 'chat'));
    end if;
    if create_payment.flow = 'charge' then
        card := private.payment_method_to_charge(create_payment.organization_id, create_payment.payment_method_id, caller, key);
        -- Two orders of one reference come one after the other.
        perform pg_advisory_xact_lock(hashtextextended(organization_id::text || create_payment.order_reference, 0));
    end if;
    insert into public.payments (
        organization_id, wallet_id, currency, amount, created_by, idempotency_key, request_hash,
        chat_id, message_id, language, flow, payment_method_id, order_reference, stripe_customer_id, expires_at
    ) values (
        create_payment.organization_id,
        private.open_wallet(create_payment.organization_id, create_payment.currency),
        create_payment.currency, create_payment.amount, caller, key, request,
        chat, case when create_payment.telegram_chat_id is not null then create_payment.message_id end,
        (select private.language_of(u) from public.users as u where u.id = caller),
        create_payment.flow, card, create_payment.order_reference,
        (
            select o.stripe_customer_id from public.organizations as o
            where o.id = create_payment.organization_id and create_payment.flow <> 'intent'
        ),
        date_trunc('second', now()) + interval '60 minutes'
    )
    on conflict on constraint payments_one_per_key do nothing returning * into payment;
    if found and create_payment.flow = 'charge' then
        perform private.require_new_order(payment);
        perform private.notify_payment_shown(payment);
        perform private.audit(payment.organization_id, 'card_charged', jsonb_build_object(
            'payment_id', payment.id, 'payment_method_id', card
        ));
    end if;
    select p.* into strict payment from public.payments as p where p.created_by = caller and p.idempotency_key = key;
    if payment.request_hash <> request then
        -- A command that Telegram sent again has a new message; without a link yet it shows there.
        update public.payments as p
        set request_hash = request, chat_id = chat, message_id = create_payment.message_id
        where p.id = payment.id and p.status = 'created'
        and (p.organization_id, p.amount, p.currency, p.flow)
        = (create_payment.organization_id, create_payment.amount, create_payment.currency, create_payment.flow)
        and p.payment_method_id is not distinct from coalesce(create_payment.payment_method_id, p.payment_method_id)
        and p.order_reference is not distinct from create_payment.order_reference
        returning * into payment;
        if not found then
            perform private.refuse('idempotency_key_reused');
        end if;
    end if;
    return private.payment_json(payment);
end
$$;
comment on function api.create_payment is 'Definer: money tables have no write grants. Same key and same input: the same payment.';
grant execute on function api.create_payment(uuid, bigint, text, text, bigint, bigint, text, uuid, text) to authenticated;

create function api.get_payment(payment_id uuid) returns jsonb
language plpgsql stable security definer set search_path = ''
as $$
declare
    payment public.payments;
begin
    perform private.require_payment_role(payment_id, 'owner', 'admin', 'member');
    select p.* into payment from public.payments as p where p.id = payment_id;
    return private.payment_json(payment);
end
$$;
comment on function api.get_payment is 'Definer: a payment has columns that members do not see.';
grant execute on function api.get_payment(uuid) to authenticated;

-- Canceling begins here and ends when Stripe says that the page is closed.
create function api.request_payment_cancel(payment_id uuid) returns jsonb
language plpgsql security definer set search_path = ''
as $$
declare
    caller uuid;
    payment public.payments;
begin
    caller := private.require_payment_role(payment_id, 'owner', 'admin');
    select p.* into payment from public.payments as p where p.id = payment_id for update;
    if payment.status not in ('created', 'pending', 'canceled') then
        perform private.refuse('payment_closed', jsonb_build_object('status', payment.status));
    end if;
    update public.payments as p set cancel_requested_at = coalesce(p.cancel_requested_at, now()), cancel_requested_by = caller
    where p.id = payment_id returning * into payment;
    -- Of a charge that was sent, Stripe says first what became of it: the order would be free to be paid again.
    if private.opened_at_stripe(payment) is null and not private.charge_is_unclear(payment) then
        payment := private.move_payment(payment, 'canceled');
    end if;
    return private.payment_json(payment);
end
$$;
comment on function api.request_payment_cancel is 'Definer: money tables have no write grants. Ends at once what Stripe was not asked for; of the rest Stripe is asked, and from here on it is asked for nothing new.';
grant execute on function api.request_payment_cancel(uuid) to authenticated;

create function api.get_payment_for_service(payment_id uuid) returns jsonb
language plpgsql security definer set search_path = ''
as $$
declare
    payment public.payments;
begin
    perform private.require_service();
    select p.* into strict payment from public.payments as p where p.id = payment_id;
    return private.service_payment_json(payment);
end
$$;
comment on function api.get_payment_for_service is 'Definer: what the backend sends to Stripe is rebuilt from this row alone.';
grant execute on function api.get_payment_for_service(uuid) to service_role;

create function api.mark_payment_opened(
    payment_id uuid, session_id text default null, url text default null, intent_id text default null
) returns jsonb
language plpgsql security definer set search_path = ''
as $$
declare
    payment public.payments;
begin
    perform private.require_service();
    update public.payments as p
    set stripe_checkout_session_id = coalesce(p.stripe_checkout_session_id, session_id),
        stripe_payment_intent_id = coalesce(p.stripe_payment_intent_id, intent_id),
        url = coalesce(p.url, mark_payment_opened.url)
    where p.id = payment_id returning * into strict payment;
    payment := private.move_payment(payment, 'pending');
    return private.service_payment_json(payment);
end
$$;
comment on function api.mark_payment_opened is 'Definer. Stripe made the session or the intent: it can be paid, unless the payment went on meanwhile.';
grant execute on function api.mark_payment_opened(uuid, text, text, text) to service_role;

-- A definite error of Stripe's is remembered by its idempotency key; the next try needs a new one.
-- Where it refused the customer, who may be gone there, the payment goes on without one.
create function api.increase_attempt(payment_id uuid, attempt integer, without_customer boolean default false) returns jsonb
language plpgsql security definer set search_path = ''
as $$
begin
    perform private.require_service();
    update public.payments as p
    set attempt = increase_attempt.attempt + 1,
        stripe_customer_id = case when not without_customer then p.stripe_customer_id end
    where p.id = payment_id and p.attempt = increase_attempt.attempt;
    update public.subscriptions as s set attempt = increase_attempt.attempt + 1
    where s.id = payment_id and s.attempt = increase_attempt.attempt;
    return '{}';
end
$$;
comment on function api.increase_attempt is 'Definer. Grows the attempt of a payment, or of the subscription with this id, once, however many callers saw the same error.';
grant execute on function api.increase_attempt(uuid, integer, boolean) to service_role;

-- Stripe was asked to charge the card, and nobody heard what came of it.
create function private.charge_is_unclear(payment public.payments) returns boolean
language sql stable set search_path = ''
return payment.flow = 'charge' and payment.status = 'created' and payment.sent_at is not null;

-- Stripe is asked about a payment at most every three seconds, however many people ask us.
create function api.claim_payment_check(payment_id uuid) returns jsonb
language plpgsql security definer set search_path = ''
as $$
declare
    payment public.payments;
    due boolean;
begin
    perform private.require_service();
    update public.payments as p set checked_at = now()
    where p.id = payment_id
    and p.status <> 'succeeded'
    and (private.opened_at_stripe(p) is not null or p.flow = 'charge' and p.status = 'created')
    and (p.checked_at is null or p.checked_at <= now() - interval '3 seconds')
    returning * into payment;
    due := found;
    if not due then
        select p.* into payment from public.payments as p where p.id = payment_id;
    end if;
    if payment.id is null then
        perform private.refuse('not_found', jsonb_build_object('what', 'payment'));
    end if;
    return private.service_payment_json(payment) || jsonb_build_object('due', due);
end
$$;
comment on function api.claim_payment_check is 'Definer. due says whether Stripe may be asked now.';
grant execute on function api.claim_payment_check(uuid) to service_role;

-- What the reconciler asks Stripe about: open payments not checked for a while, oldest check first.
create function api.list_payments_to_reconcile(max_rows integer) returns jsonb
language plpgsql security definer set search_path = ''
as $$
begin
    perform private.require_service();
    return (
        select coalesce(jsonb_agg(due.id), '[]')
        from (
            select p.id from public.payments as p
            where p.status in ('created', 'pending', 'processing')
            and (private.opened_at_stripe(p) is not null or p.flow = 'charge' and p.status = 'created')
            and p.created_at < now() - interval '1 minute'
            and (
                p.checked_at is null or p.checked_at < now() - interval '5 minutes'
                -- Whoever opens its page again and again puts off neither of these.
                or p.flow = 'charge' and p.status = 'created'
                or p.status = 'pending' and private.is_revoked(p)
            )
            order by p.checked_at nulls first limit max_rows
        ) as due
    );
end
$$;
comment on function api.list_payments_to_reconcile is 'Definer. Ids of payments whose webhook may have been lost.';
grant execute on function api.list_payments_to_reconcile(integer) to service_role;

-- How a payment is made.
create function private.require_payment_role(payment_id uuid, variadic roles text []) returns uuid
language plpgsql stable set search_path = pg_catalog, pg_temp
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

create function private.payment_of_key(payer uuid, key text) returns setof public.payments
language sql stable set search_path = pg_catalog, pg_temp
as $$
    select p.*
    from private.payment_requests as r
    inner join public.payments as p on p.id = r.payment_id
    where r.created_by = payer and r.idempotency_key = key
$$;
comment on function private.payment_of_key is 'The payment that somebody asked for by an Idempotency-Key, or no row.';

-- The card that is meant: the named one or the default, which the organization still has. A repeat
-- of a charge goes on with the card that it began with.
create function private.payment_method_to_charge(
    organization_id uuid, payment_method_id uuid, payer uuid, key text
) returns uuid
language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
declare
    card uuid;
begin
    select p.payment_method_id into card from private.payment_of_key(payer, key) as p;
    if card is null then
        select m.id into card from public.payment_methods as m
        where m.organization_id = payment_method_to_charge.organization_id and m.is_active
        and (m.id = payment_method_to_charge.payment_method_id or payment_method_to_charge.payment_method_id is null and m.is_default);
    end if;
    if card is null then
        perform private.refuse('not_found', jsonb_build_object('what', 'payment method'));
    end if;
    return card;
end
$$;

-- An order is paid once; one that was declined, canceled or left may be tried again. No unique index
-- says so, because money that arrives late must not be refused.
create function private.require_new_order(payment public.payments) returns void
language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
declare
    other uuid;
begin
    select p.id into other from public.payments as p
    where p.organization_id = payment.organization_id and p.order_reference = payment.order_reference
    and p.id <> payment.id and (
        p.status in ('created', 'pending', 'processing', 'succeeded')
        -- It was ended while nobody knew: what Stripe was doing then is done by now.
        or p.status in ('canceled', 'expired') and p.sent_at > now() - interval '2 minutes'
    )
    limit 1;
    if other is not null then
        perform private.refuse('reference_used', jsonb_build_object('payment', other));
    end if;
end
$$;

-- A page costs a call to Stripe and a row for ever: more than the busiest organization pays is abuse.
create function private.require_payment_rate(organization_id uuid) returns void
language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
begin
    perform private.require_rate((
        select p.created_at from public.payments as p where p.organization_id = require_payment_rate.organization_id
        order by p.created_at desc offset 59 limit 1
    ));
end
$$;
comment on function private.require_payment_rate is 'Refuses too_many_requests after 60 payments of an organization in 10 minutes.';

create function private.require_payment_allowed(
    organization_id uuid, amount bigint, currency text, payer uuid, key text
) returns void
language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
begin
    if not exists (select from private.payment_requests as r where r.created_by = payer and r.idempotency_key = key) then
        perform private.require_amount(amount, currency), private.require_payment_rate(organization_id);
    end if;
end
$$;
comment on function private.require_payment_allowed is 'Refuses an amount that is none, and too many; a key that began a payment before is not counted.';

-- A payment is shown in the caller's own private chat and nowhere else; there is no link to an intent.
create function private.chat_of_new_payment(payer uuid, telegram_chat_id bigint, flow text) returns bigint
language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
declare
    chat bigint;
begin
    select c.id into chat from public.chats as c
    where c.user_id = payer and chat_of_new_payment.flow <> 'intent'
    and c.telegram_chat_id = coalesce(chat_of_new_payment.telegram_chat_id, c.telegram_chat_id);
    if chat_of_new_payment.telegram_chat_id is not null and chat is null then
        perform private.refuse('not_found', jsonb_build_object('what', 'chat'));
    end if;
    return chat;
end
$$;

create function private.begin_payment(payment public.payments) returns void
language plpgsql set search_path = pg_catalog, pg_temp
as $$
begin
    perform private.reopen_unknown_events(payment.id);
    if payment.flow = 'charge' then
        perform private.require_new_order(payment);
        perform private.notify_payment_shown(payment);
        perform private.audit(payment.organization_id, 'card_charged', jsonb_build_object(
            'payment_id', payment.id, 'payment_method_id', payment.payment_method_id
        ) || private.money_json(payment.amount, payment.currency));
    end if;
end
$$;
comment on function private.begin_payment is 'For a payment that was just inserted, while the caller holds the lock on its order_reference. Refuses reference_used.';

-- What the operator adopted nobody asked for, as far as this database knows: whoever has the key that its id comes
-- from did.
create function private.claim_adopted_payment(
    caller uuid, key text, request bytea, organization_id uuid, amount bigint, currency text
) returns void
language plpgsql set search_path = pg_catalog, pg_temp
as $$
declare
    payment public.payments;
begin
    select p.* into payment from public.payments as p
    where p.id = private.id_of_key('payment', caller, key) and p.created_by is null for update;
    if payment.id is null then
        return;
    elsif (payment.organization_id, coalesce(payment.requested_amount, payment.amount), payment.currency) <> (
        claim_adopted_payment.organization_id, claim_adopted_payment.amount, claim_adopted_payment.currency
    ) then
        perform private.refuse('idempotency_key_reused');
    end if;
    insert into private.payment_requests (payment_id, created_by, idempotency_key, request_hash)
    values (payment.id, caller, key, request);
    update public.payments as p set created_by = caller where p.id = payment.id;
end
$$;

-- The same key with another request: a command that Telegram sent again has a new message; without a link
-- yet it shows there. Where the money, the card or the order differs, the key was used for something else.
create function private.repeated_payment(
    payer uuid,
    key text,
    request bytea,
    organization_id uuid,
    amount bigint,
    currency text,
    flow text,
    payment_method_id uuid,
    order_reference text,
    chat_id bigint,
    message_id bigint
) returns public.payments
language plpgsql set search_path = pg_catalog, pg_temp
as $$
declare
    payment public.payments;
begin
    select p.* into strict payment from private.payment_of_key(payer, key) as p;
    if exists (select from private.payment_requests as r where r.payment_id = payment.id and r.request_hash = request) then
        return payment;
    end if;
    select p.* into payment from public.payments as p
    where p.id = payment.id and p.status = 'created'
    and (p.organization_id, p.amount, p.currency, p.flow) = (
        repeated_payment.organization_id, repeated_payment.amount, repeated_payment.currency,
        repeated_payment.flow
    )
    and p.payment_method_id is not distinct from coalesce(repeated_payment.payment_method_id, p.payment_method_id)
    and p.order_reference is not distinct from repeated_payment.order_reference
    for update;
    if not found then
        perform private.refuse('idempotency_key_reused');
    end if;
    update private.payment_requests as r
    set request_hash = request, chat_id = repeated_payment.chat_id, message_id = repeated_payment.message_id
    where r.payment_id = payment.id;
    return payment;
end
$$;
comment on function private.repeated_payment is 'The payment that a key began, as it is then. Refuses idempotency_key_reused.';

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
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    caller uuid := private.require_role(organization_id, 'owner', 'admin');
    key text := coalesce(create_payment.idempotency_key, gen_random_uuid()::text);
    request bytea := sha256(convert_to(jsonb_build_array(
        organization_id, amount, currency, telegram_chat_id, message_id, flow, payment_method_id, order_reference
    )::text, 'UTF8'));
    chat bigint;
    card uuid;
    new_id uuid;
    payment public.payments;
begin
    perform private.require_topups_in_chat(), private.require_second_factor();
    perform private.claim_adopted_payment(caller, key, request, organization_id, amount, currency);
    perform private.require_payment_allowed(organization_id, amount, currency, caller, key);
    chat := private.chat_of_new_payment(caller, telegram_chat_id, flow);
    if flow = 'charge' then
        card := private.payment_method_to_charge(organization_id, payment_method_id, caller, key);
        -- Two orders of one reference come one after the other.
        perform pg_advisory_xact_lock(hashtextextended(organization_id::text || order_reference, 0));
    end if;
    insert into private.payment_requests (payment_id, created_by, idempotency_key, request_hash, language, chat_id, message_id)
    values (
        private.id_of_key('payment', caller, key), caller, key, request,
        (select private.language_of(u) from private.users as u where u.id = caller),
        chat, case when create_payment.telegram_chat_id is not null then create_payment.message_id end
    )
    on conflict do nothing returning payment_id into new_id;
    if new_id is null then
        return private.payment_json(private.repeated_payment(
            caller, key, request, organization_id, amount, currency, flow, payment_method_id, order_reference, chat, message_id
        ));
    end if;
    insert into public.payments (
        id, organization_id, wallet_id, currency, amount, created_by, flow, payment_method_id, order_reference,
        stripe_customer_id, expires_at
    ) values (
        new_id, create_payment.organization_id, private.open_wallet(create_payment.organization_id, create_payment.currency),
        create_payment.currency, create_payment.amount, caller, create_payment.flow, card, create_payment.order_reference,
        (select o.stripe_customer_id from public.organizations as o where o.id = create_payment.organization_id and flow <> 'intent'),
        date_trunc('second', now()) + interval '60 minutes'
    ) returning * into payment;
    perform private.begin_payment(payment);
    return private.payment_json(payment);
end
$$;
comment on function api.create_payment is 'Definer: money tables have no write grants. Same key and same input: the same payment.';
grant execute on function api.create_payment(uuid, bigint, text, text, bigint, bigint, text, uuid, text) to authenticated;

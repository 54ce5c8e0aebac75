-- Payments: one row a top-up, made before Stripe is asked, moved forward by what Stripe tells.
create table public.payments (
    id uuid primary key default gen_random_uuid(),
    organization_id uuid not null,
    wallet_id uuid not null,
    currency text not null,
    amount bigint not null,
    requested_amount bigint,
    received_amount bigint,
    clawed_back_amount bigint not null default 0,
    clawbacks integer not null default 0,
    flow text not null default 'checkout',
    payment_method_id uuid,
    order_reference text,
    status text not null default 'created',
    created_by uuid references public.users (id),
    idempotency_key text not null,
    request_hash bytea not null,
    attempt integer not null default 1,
    stripe_customer_id text,
    stripe_checkout_session_id text unique,
    stripe_payment_intent_id text unique,
    stripe_payment_method_id text,
    stripe_invoice_id text unique,
    url text,
    expires_at timestamptz not null,
    last_decline text,
    under_review text,
    cancel_requested_at timestamptz,
    cancel_requested_by uuid references public.users (id),
    sent_at timestamptz,
    sending_until timestamptz,
    checked_at timestamptz,
    chat_id bigint references public.chats (id),
    message_id bigint,
    language text not null default 'en',
    created_at timestamptz not null default now(),
    succeeded_at timestamptz,
    constraint payments_amount_is_positive check (amount > 0),
    constraint payments_received_amount_is_positive check (received_amount > 0),
    constraint payments_clawed_back_amount_fits check (clawed_back_amount between 0 and amount),
    constraint payments_flow_is_listed check (flow in ('checkout', 'intent', 'charge', 'invoice')),
    constraint payments_invoice_has_its_id check ((flow = 'invoice') = (stripe_invoice_id is not null)),
    constraint payments_charge_has_its_payment_method check ((flow = 'charge') = (payment_method_id is not null)),
    constraint payments_order_is_charged check (order_reference is null or flow = 'charge'),
    constraint payments_order_reference_fits check (length(order_reference) between 1 and 100),
    constraint payments_key_fits check (length(idempotency_key) between 1 and 255),
    constraint payments_one_per_key unique (created_by, idempotency_key),
    constraint payments_status_is_listed check (
        status in ('created', 'pending', 'processing', 'succeeded', 'failed', 'expired', 'canceled')
    ),
    constraint payments_succeeded_has_its_time check ((status = 'succeeded') = (succeeded_at is not null)),
    constraint payments_succeeded_received_money check ((status = 'succeeded') = (received_amount is not null)),
    constraint payments_wallet foreign key (wallet_id, organization_id, currency)
    references public.wallets (id, organization_id, currency)
);
comment on table public.payments is 'Top-ups. amount in minor units: what was asked for and, from then on, what was credited; requested_amount is what was asked for where they differ; received_amount is what the charge was, with tax; clawed_back_amount is what refunds and disputes have taken out of the wallet of it, in so many postings (clawbacks); created_by is null where the operator adopted what Stripe had; flow says how it is paid, and so which of Stripe''s ids is asked about: on Stripe''s page (checkout), on the payer''s own (intent), by a saved card (charge, payment_method_id); order_reference is what the payer calls it; stripe_customer_id is who Stripe was told that pays, stripe_payment_method_id what Stripe told that paid; language is the payer''s, for Stripe''s page and ours; attempt is part of the Idempotency-Key sent to Stripe; sent_at is when Stripe was last asked to charge the card, null while it never was, and until sending_until that request may still run; request_hash tells a repeat from another request under the same key.';
revoke all on public.payments from public, anon, authenticated, service_role;
create index payments_organization on public.payments (organization_id, created_at, id);
create index payments_wallet on public.payments (wallet_id, organization_id, currency);
create index payments_created_by on public.payments (created_by);
create index payments_cancel_requested_by on public.payments (cancel_requested_by);
create index payments_payment_method on public.payments (payment_method_id);
create index payments_stripe_payment_method on public.payments (stripe_payment_method_id) where stripe_payment_method_id is not null;
create index payments_order_reference on public.payments (organization_id, order_reference) where order_reference is not null;
create index payments_chat on public.payments (chat_id);
create index payments_unsettled on public.payments (checked_at) where status in ('created', 'pending', 'processing');
alter table public.payments enable row level security;
-- Not the key and the chat, which would tell colleagues the payer's Telegram id.
grant select (
    id, organization_id, wallet_id, currency, amount, flow, status, created_by, stripe_checkout_session_id,
    stripe_payment_intent_id, expires_at, last_decline, under_review, created_at, succeeded_at
) on public.payments to authenticated;
create policy "members see their organization's payments" on public.payments
for select to authenticated using (organization_id in (select private.member_organization_ids()));

-- States only move forward, and money that arrives always wins.
create table private.payment_transitions (
    from_status text,
    to_status text,
    primary key (from_status, to_status)
);
comment on table private.payment_transitions is 'The whole state machine of a payment.';
insert into private.payment_transitions (from_status, to_status) values
('created', 'pending'),
('created', 'processing'), ('pending', 'processing'), ('expired', 'processing'), ('canceled', 'processing'),
('created', 'failed'), ('pending', 'failed'), ('processing', 'failed'),
('created', 'expired'), ('pending', 'expired'),
('created', 'canceled'), ('pending', 'canceled'), ('processing', 'canceled'),
('created', 'succeeded'), ('pending', 'succeeded'), ('processing', 'succeeded'),
('failed', 'succeeded'), ('expired', 'succeeded'), ('canceled', 'succeeded');

create function private.guard_payment_status() returns trigger
language plpgsql set search_path = ''
as $$
begin
    if not exists (
        select from private.payment_transitions as t
        where t.from_status = old.status and t.to_status = new.status
    ) then
        perform private.refuse('illegal_transition', jsonb_build_object('from', old.status, 'to', new.status));
    end if;
    return new;
end
$$;
create trigger payments_move_forward before update of status on public.payments
for each row when (old.status is distinct from new.status)
execute function private.guard_payment_status();

create function private.payment_reference(payment_id uuid) returns text
language sql immutable set search_path = ''
return upper(left(replace(payment_id::text, '-', ''), 10));
comment on function private.payment_reference is 'The short name of a payment that people quote.';

-- What makes its credit happen once: an invoice's number at Stripe, else our own id.
create function private.posting_kind(payment public.payments) returns text
language sql immutable set search_path = ''
return case payment.flow when 'invoice' then 'invoice' else 'topup' end;

create function private.posting_reference(payment public.payments) returns text
language sql immutable set search_path = ''
return case payment.flow when 'invoice' then payment.stripe_invoice_id else payment.id::text end;

-- A page may offer the organization's saved cards, so a link to it is for those who may charge them.
create function private.can_pay(organization_id uuid) returns boolean
language sql stable set search_path = ''
return current_setting('role') <> 'authenticated' or exists (
    select from public.memberships as m
    where m.organization_id = can_pay.organization_id and m.user_id = private.current_user_id() and m.role <> 'member'
);
comment on function private.can_pay is 'Whether the caller may add money to an organization; the backend itself tells only those who do.';

-- Who asked for something may have lost the right to it before Stripe is asked, or asked again.
create function private.is_authorized_to_move_money(user_id uuid, organization_id uuid) returns boolean
language sql stable set search_path = ''
return exists (
    select from public.memberships as m
    where m.user_id = is_authorized_to_move_money.user_id and m.organization_id = is_authorized_to_move_money.organization_id
    and m.role in ('owner', 'admin')
);
comment on function private.is_authorized_to_move_money is 'Whether somebody is an owner or admin of the organization now; nobody (null) is not.';

create function private.is_revoked(payment public.payments) returns boolean
language sql stable set search_path = ''
return payment.flow <> 'invoice' and (
    not private.is_authorized_to_move_money(payment.created_by, payment.organization_id)
    or private.is_authorized_to_move_money(payment.cancel_requested_by, payment.organization_id)
);
comment on function private.is_revoked is 'Whether what waits for its payer is to be closed: who asked for it has lost the role, or who has it canceled it.';

-- What everybody who may see a payment is shown of it. In plpgsql, because cards and what went back come later.
create function private.payment_json(payment public.payments) returns jsonb
language plpgsql stable set search_path = ''
as $$
begin
    return (
    select jsonb_build_object(
        'id', payment.id,
        'reference', private.payment_reference(payment.id),
        'organization_id', payment.organization_id,
        'organization_name', o.name,
        'paid_by', u.name,
        'money', private.money_json(payment.amount, payment.currency),
        'status', payment.status,
        'flow', payment.flow,
        'order_reference', payment.order_reference,
        'paid_with', case when can_pay then private.payment_method_name(coalesce(payment.payment_method_id, (
            select m.id from public.payment_methods as m where m.stripe_payment_method_id = payment.stripe_payment_method_id
        ))) end,
        'url', case when can_pay and payment.status = 'pending' then payment.url end,
        'expires_at', payment.expires_at,
        'last_decline', payment.last_decline,
        'under_review', payment.under_review,
        'balance', (
            select private.money_json(e.balance_after, e.currency)
            from public.transfers as t
            inner join public.entries as e on t.id = e.transfer_id
            inner join public.accounts as a on e.account_id = a.id and a.kind = 'wallet'
            where (t.kind, t.reference) = (private.posting_kind(payment), private.posting_reference(payment))
        ),
        'created_at', payment.created_at,
        'succeeded_at', payment.succeeded_at
    ) || private.clawbacks_json(payment)
    from public.organizations as o
    left join public.users as u on u.id = payment.created_by
    cross join private.can_pay(o.id)
    where o.id = payment.organization_id
    );
end
$$;

-- What only the backend needs to talk to Stripe about it.
create function private.service_payment_json(payment public.payments) returns jsonb
language plpgsql stable set search_path = ''
as $$
begin
    return private.payment_json(payment) || jsonb_build_object(
        'amount_minor', payment.amount,
        'currency', payment.currency,
        'attempt', payment.attempt,
        'language', payment.language,
        'sent_at', payment.sent_at,
        'revoked', private.is_revoked(payment),
        'stripe_customer_id', payment.stripe_customer_id,
        'stripe_checkout_session_id', payment.stripe_checkout_session_id,
        'stripe_payment_intent_id', payment.stripe_payment_intent_id,
        'stripe_invoice_id', payment.stripe_invoice_id,
        'stripe_payment_method_id', (
            select m.stripe_payment_method_id from public.payment_methods as m where m.id = payment.payment_method_id
        )
    );
end
$$;

create function private.opened_at_stripe(payment public.payments) returns text
language sql immutable set search_path = ''
return case payment.flow
    when 'checkout' then payment.stripe_checkout_session_id
    when 'invoice' then payment.stripe_invoice_id
    else payment.stripe_payment_intent_id
end;
comment on function private.opened_at_stripe is 'The one session, intent or invoice that was opened for a payment, or null: nobody ever could pay.';

-- Payments: one row a top-up, made before Stripe is asked, moved forward by what Stripe tells.
create table public.payments (
    id uuid primary key default gen_random_uuid(),
    organization_id uuid not null,
    wallet_id uuid not null,
    currency text not null,
    amount bigint not null,
    requested_amount bigint,
    received_amount bigint,
    funded_amount bigint,
    clawed_back_amount bigint not null default 0,
    clawbacks integer not null default 0,
    flow text not null default 'checkout',
    payment_method_id uuid,
    order_reference text,
    status text not null default 'created',
    created_by uuid references private.users (id),
    attempt integer not null default 1,
    stripe_customer_id text,
    stripe_checkout_session_id text unique,
    stripe_payment_intent_id text unique,
    stripe_payment_method_id text,
    stripe_invoice_id text unique,
    opened_at timestamptz,
    expires_at timestamptz not null,
    last_decline text,
    under_review text,
    cancel_requested_at timestamptz,
    cancel_requested_by uuid references private.users (id),
    sent_at timestamptz,
    sending_until timestamptz,
    checked_at timestamptz,
    created_at timestamptz not null default now(),
    succeeded_at timestamptz,
    constraint payments_amount_is_positive check (amount > 0),
    constraint payments_received_amount_is_positive check (received_amount > 0),
    constraint payments_funded_amount_is_not_negative check (funded_amount >= 0),
    constraint payments_clawed_back_amount_fits check (clawed_back_amount between 0 and amount),
    constraint payments_flow_is_listed check (flow in ('checkout', 'intent', 'charge', 'invoice')),
    constraint payments_invoice_has_its_id check ((flow = 'invoice') = (stripe_invoice_id is not null)),
    constraint payments_charge_has_its_payment_method check ((flow = 'charge') = (payment_method_id is not null)),
    constraint payments_order_is_charged check (order_reference is null or flow = 'charge'),
    constraint payments_order_reference_is_no_card_number check (not private.has_card_number(order_reference)),
    constraint payments_order_reference_fits check (length(order_reference) between 1 and 100),
    constraint payments_status_is_listed check (
        status in ('created', 'pending', 'processing', 'succeeded', 'failed', 'expired', 'canceled')
    ),
    constraint payments_succeeded_has_its_time check ((status = 'succeeded') = (succeeded_at is not null)),
    constraint payments_succeeded_received_money check ((status = 'succeeded') = (received_amount is not null)),
    constraint payments_payment_method foreign key (payment_method_id) references public.payment_methods (id),
    constraint payments_wallet foreign key (wallet_id, organization_id, currency)
    references public.wallets (id, organization_id, currency)
);
comment on table public.payments is 'Top-ups. amount in minor units: what was asked for and, from then on, what was credited; requested_amount is what was asked for where they differ; received_amount is what the charge was, with tax; funded_amount is what has come of a bank transfer that is not whole yet; clawed_back_amount is what refunds and disputes have taken out of the wallet of it, in so many postings (clawbacks); created_by is null where the operator adopted what Stripe had; flow says how it is paid, and so which of Stripe''s ids is asked about: on Stripe''s page (checkout), on the payer''s own (intent), by a saved card (charge, payment_method_id); order_reference is what the payer calls it; opened_at is when Stripe''s page or intent for it was there; stripe_customer_id is who Stripe was told that pays, stripe_payment_method_id what Stripe told that paid; attempt is part of the Idempotency-Key sent to Stripe; sent_at is when Stripe was last asked to charge the card, null while it never was, and until sending_until that request may still run.';
revoke all on public.payments from public, anon, authenticated, service_role;
create index payments_organization on public.payments (organization_id, created_at, id);
create index payments_wallet on public.payments (wallet_id, organization_id, currency);
create index payments_created_by on public.payments (created_by);
create index payments_cancel_requested_by on public.payments (cancel_requested_by);
create index payments_payment_method on public.payments (payment_method_id);
create index payments_stripe_payment_method on public.payments (stripe_payment_method_id) where stripe_payment_method_id is not null;
create index payments_order_reference on public.payments (organization_id, order_reference) where order_reference is not null;
create index payments_unsettled on public.payments (checked_at) where status in ('created', 'pending', 'processing');
create index payments_outcome on public.payments (status, last_decline);
alter table public.payments enable row level security;
grant select on public.payments to authenticated;
create policy "members see their organization's payments" on public.payments
for select to authenticated using (organization_id in (select private.member_organization_ids()));

-- Not for colleagues: the key and the chat would tell them the payer's Telegram id, and the page may offer
-- the organization's cards. An invoice's payment, and one that an operator adopted, nobody asked for.
create table private.payment_requests (
    payment_id uuid primary key references public.payments (id) on delete cascade deferrable initially deferred,
    created_by uuid not null references private.users (id),
    idempotency_key text not null,
    request_hash bytea not null,
    language text not null default 'en',
    url text,
    chat_id bigint references public.chats (id),
    message_id bigint,
    constraint payment_requests_key_fits check (length(idempotency_key) between 1 and 255),
    constraint payment_requests_one_per_key unique (created_by, idempotency_key)
);
comment on table private.payment_requests is 'What a member is not shown of a payment. Written before it, in one transaction, so that one key makes one; request_hash tells a repeat from another request under the same key; language is the payer''s, for Stripe''s page and ours; chat_id and message_id are where it is shown.';
create index payment_requests_chat on private.payment_requests (chat_id);

-- What paid, also where it was not saved: no more of it than payers see on a receipt.
create table private.payment_cards (
    payment_id uuid primary key references public.payments (id),
    type text not null,
    brand text,
    last_four text,
    constraint payment_cards_last_four_is_four check (last_four ~ '^[0-9A-Za-z]{4}$')
);
comment on table private.payment_cards is 'With which kind of card or account a payment was paid, as Stripe''s charge says, and its last four digits.';
create index payment_cards_last_four on private.payment_cards (last_four);

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
-- Tried again on the same intent: https://docs.stripe.com/payments/paymentintents/lifecycle
('failed', 'processing'),
('created', 'failed'), ('pending', 'failed'), ('processing', 'failed'),
('created', 'expired'), ('pending', 'expired'),
('created', 'canceled'), ('pending', 'canceled'), ('processing', 'canceled'),
('created', 'succeeded'), ('pending', 'succeeded'), ('processing', 'succeeded'),
('failed', 'succeeded'), ('expired', 'succeeded'), ('canceled', 'succeeded');

create function private.guard_payment_status() returns trigger
language plpgsql set search_path = pg_catalog, pg_temp
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

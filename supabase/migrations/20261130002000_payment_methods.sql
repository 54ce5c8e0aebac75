-- Cards and other ways to pay that an organization has saved. Stripe has them; these rows are copies.
create table public.payment_methods (
    id uuid primary key default gen_random_uuid(),
    organization_id uuid not null references public.organizations (id),
    added_by uuid references private.users (id),
    stripe_payment_method_id text not null unique,
    type text not null,
    brand text,
    last_four text,
    exp_month integer,
    exp_year integer,
    country text,
    wallet text,
    label text,
    is_default boolean not null default false,
    is_active boolean not null default true,
    created_at timestamptz not null default now(),
    constraint payment_methods_last_four_is_four check (last_four ~ '^[0-9A-Za-z]{4}$'),
    constraint payment_methods_expires_in_a_month check (exp_month between 1 and 12),
    constraint payment_methods_label_is_no_card_number check (not private.has_card_number(label)),
    constraint payment_methods_label_fits check (
        length(label) between 1 and 50 and label !~ '[[:cntrl:]]' and private.can_be_seen(label)
    ),
    constraint payment_methods_default_is_active check (is_active or not is_default)
);
comment on table public.payment_methods is 'What an organization has saved to pay with, as Stripe says: never a number, a name or an address. added_by is null where it was saved at Stripe; what was removed stays, not active, as history.';
revoke all on public.payment_methods from public, anon, authenticated, service_role;
create unique index payment_methods_one_default on public.payment_methods (organization_id) where is_default;
create index payment_methods_organization on public.payment_methods (organization_id, created_at);
create index payment_methods_added_by on public.payment_methods (added_by);
alter table public.payment_methods enable row level security;
grant select on public.payment_methods to authenticated;
create policy "owners and admins see what their organization pays with" on public.payment_methods
for select to authenticated using (organization_id in (select private.manageable_organization_ids()));

-- What nobody reads: the fingerprint tells the same card from another, and can do so elsewhere too.
create table private.payment_method_details (
    payment_method_id uuid primary key references public.payment_methods (id),
    fingerprint text,
    removed_by uuid references private.users (id),
    expiry_notified_for date
);
comment on table private.payment_method_details is 'Stripe''s fingerprint of a method, who asked for its removal, and of which month''s end its people were told.';
create index payment_method_details_fingerprint on private.payment_method_details (fingerprint);
create index payment_method_details_removed_by on private.payment_method_details (removed_by);

-- When each organization's methods were last copied: the answer to an older question is never written.
create table private.payment_method_syncs (
    organization_id uuid primary key references public.organizations (id),
    refetched_at timestamptz not null,
    settled boolean not null default false
);
comment on table private.payment_method_syncs is 'When Stripe was asked for the answer that the rows show; settled: nothing was left to be changed at Stripe.';

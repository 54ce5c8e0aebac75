-- The inbox: what Stripe told us, each event applied once, in the transaction that records it.
create table public.stripe_events (
    id text primary key,
    type text not null,
    livemode boolean not null,
    account text,
    api_version text,
    stripe_created_at timestamptz not null,
    fact jsonb not null,
    state text not null default 'failed',
    tries integer not null default 0,
    reason text,
    payment_id uuid references public.payments (id),
    received_at timestamptz not null default now(),
    handled_at timestamptz,
    unanswered_since timestamptz,
    dismissed_at timestamptz,
    dismissed_by text,
    dismissed_reason text,
    constraint stripe_events_state_is_listed check (state in ('done', 'ignored', 'failed', 'dead_letter'))
);
comment on table public.stripe_events is 'Every event of Stripe''s and every answer to a check. fact holds ids, amounts, codes and the last four digits of a card that paid us, never a person. account is the connected account that it is about, api_version what its object is rendered in. unanswered_since is when Stripe first gave no answer about its object, until it gives one.';
revoke all on public.stripe_events from public, anon, authenticated, service_role;
create index stripe_events_payment on public.stripe_events (payment_id);
create index stripe_events_created on public.stripe_events (stripe_created_at);
create index stripe_events_ignored on public.stripe_events ((fact ->> 'stripe_payment_intent_id')) where state = 'ignored';
create index stripe_events_open on public.stripe_events (received_at) where state in ('failed', 'dead_letter');
create index stripe_events_to_reconcile on public.stripe_events (handled_at) where state = 'failed' or reason = 'needs_refetch';
create index stripe_events_unknown on public.stripe_events ((coalesce(fact ->> 'payment_id', fact ->> 'subscription_id')))
where payment_id is null and (state = 'dead_letter' or dismissed_at is not null);
alter table public.stripe_events enable row level security;

create type private.verdict as (state text, reason text);

create function private.payment_of(fact jsonb) returns uuid
language sql stable set search_path = pg_catalog, pg_temp
as $$
    select p.id
    from public.payments as p
    where p.id = (fact ->> 'payment_id')::uuid
    or p.stripe_checkout_session_id = fact ->> 'stripe_checkout_session_id'
    or p.stripe_payment_intent_id = fact ->> 'stripe_payment_intent_id'
    or p.stripe_invoice_id = fact ->> 'stripe_invoice_id'
    -- An intent that is credited is of the payment that it credited, whatever its metadata says: of one that was
    -- paid twice, the second is a payment of its own.
    order by
        p.stripe_payment_intent_id = fact ->> 'stripe_payment_intent_id' desc nulls last,
        p.id = (fact ->> 'payment_id')::uuid desc nulls last
    limit 1
$$;
comment on function private.payment_of is 'Which payment a fact is about: by its intent, by our id in the metadata, else by Stripe''s other ids.';

-- Whether Stripe may have something of a row that does not say so: where its event came before the row did, or where
-- nobody has read Stripe's events up to now, as in a database that was just restored.
create function private.search_start(id uuid) returns timestamptz
language sql stable set search_path = pg_catalog, pg_temp
as $$
    select least(
        (
            select min(e.stripe_created_at) - interval '1 day' from public.stripe_events as e
            where coalesce(e.fact ->> 'payment_id', e.fact ->> 'subscription_id') = search_start.id::text
            and e.payment_id is null and (e.state = 'dead_letter' or e.dismissed_at is not null)
        ),
        case when i.events_read_until < now() - interval '10 minutes' then i.events_read_until - interval '1 hour' end
    )
    from private.installation as i
$$;
comment on function private.search_start is 'Since when Stripe may have made something for a payment or a subscription that it was never asked for here; null where it cannot have.';

-- Events of what this database did not have are applied again once it has it.
create function private.reopen_unknown_events(id uuid) returns text []
language sql set search_path = pg_catalog, pg_temp
as $$
    with reopened as (
        update public.stripe_events as e set state = 'failed'
        where coalesce(e.fact ->> 'payment_id', e.fact ->> 'subscription_id') = reopen_unknown_events.id::text
        and e.payment_id is null and e.state = 'dead_letter'
        returning e.id, e.stripe_created_at
    )

    select coalesce(array_agg(r.id order by r.stripe_created_at, r.id), '{}') from reopened as r
$$;
comment on function private.reopen_unknown_events is 'The ids of the events, oldest first.';

create function private.event_result(event public.stripe_events, repeat boolean) returns jsonb
language sql immutable set search_path = pg_catalog, pg_temp
as $$
    select jsonb_build_object(
        'id', event.id, 'type', event.type, 'state', event.state, 'reason', event.reason,
        'repeat', repeat, 'payment_id', event.payment_id, 'api_version', event.api_version,
        'unanswered', event.unanswered_since is not null,
        'fact', case when event.reason = 'needs_refetch' then event.fact end
    )
$$;

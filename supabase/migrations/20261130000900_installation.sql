-- Which installation this database is, and what its operator has decided.

-- A database belongs to one Stripe account and mode, recorded at first use. Its installation id is in the
-- metadata of whatever we make at Stripe, where others may use the same account.
create table private.installation (
    only_row boolean primary key default true,
    id uuid not null default gen_random_uuid(),
    livemode boolean,
    stripe_account_id text,
    recorded_at timestamptz,
    events_read_until timestamptz not null default now(),
    signup_open boolean not null default false,
    topups_in_chat boolean not null default true,
    constraint installation_is_one_row check (only_row)
);
comment on table private.installation is 'Who this database is (id, made with it), which Stripe account and mode it belongs to, how far Stripe''s list of events was read, and whether everybody may found organizations.';
insert into private.installation default values;

-- Not ours by evidence: another installation's metadata. What carries none may still be ours.
create function private.of_another_installation(fact jsonb) returns boolean
language sql stable set search_path = pg_catalog, pg_temp
return coalesce((fact ->> 'installation')::uuid <> (select i.id from private.installation as i), false);

-- What an Idempotency-Key of a person's is known by outside this database. It tells nobody the key or the person, and
-- a database that was restored from a backup makes the same of the same.
create function private.key_hash(user_id uuid, idempotency_key text) returns text
language sql stable set search_path = pg_catalog, pg_temp
as $$
    select encode(sha256(convert_to(concat_ws(':', i.id, key_hash.user_id, key_hash.idempotency_key), 'UTF8')), 'hex')
    from private.installation as i
    where key_hash.user_id is not null
$$;

-- The id of what a key begins, of a kind: UUID version 8, https://www.rfc-editor.org/rfc/rfc9562#section-5.8
create function private.id_of_key(kind text, user_id uuid, idempotency_key text) returns uuid
language sql stable set search_path = pg_catalog, pg_temp
as $$
    select overlay(overlay(left(encode(sha256(convert_to(
        kind || ':' || private.key_hash(user_id, idempotency_key), 'UTF8'
    )), 'hex'), 32) placing '8' from 13) placing 'a' from 17)::uuid
$$;
comment on function private.id_of_key is 'The same key gives the same id, also in a database that was restored to before it was used: so Stripe''s idempotency key, and our id in its metadata, are the same again.';

create function api.claim_stripe_account(livemode boolean, stripe_account_id text default null) returns jsonb
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    installation private.installation;
begin
    perform private.require_service();
    update private.installation as i
    set livemode = coalesce(i.livemode, claim_stripe_account.livemode),
        stripe_account_id = coalesce(i.stripe_account_id, claim_stripe_account.stripe_account_id),
        recorded_at = coalesce(i.recorded_at, now())
    where i.only_row
    returning i.* into installation;
    if installation.livemode <> claim_stripe_account.livemode then
        perform private.refuse('wrong_stripe_mode', jsonb_build_object('livemode', installation.livemode));
    elsif installation.stripe_account_id <> claim_stripe_account.stripe_account_id then
        perform private.refuse('wrong_stripe_account', jsonb_build_object('account', installation.stripe_account_id));
    end if;
    return jsonb_build_object(
        'installation_id', installation.id,
        'livemode', installation.livemode,
        'stripe_account_id', installation.stripe_account_id
    );
end
$$;
comment on function api.claim_stripe_account is 'Definer: private.installation has no grants. Without an account, because the key may not read it, only the mode is compared. Refuses wrong_stripe_mode, wrong_stripe_account.';
grant execute on function api.claim_stripe_account(boolean, text) to service_role;

create function api.set_policy(signup_open boolean default null, topups_in_chat boolean default null) returns jsonb
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
    perform private.require_service();
    update private.installation as i
    set signup_open = coalesce(set_policy.signup_open, i.signup_open),
        topups_in_chat = coalesce(set_policy.topups_in_chat, i.topups_in_chat) where i.only_row;
    return '{}';
end
$$;
comment on function api.set_policy is 'Definer: private.installation has no grants. Whether everybody may found organizations and whether money is added in the chat, from now on; null leaves it.';
grant execute on function api.set_policy(boolean, boolean) to service_role;

create function private.require_topups_in_chat() returns void
language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
begin
    if private.acts_in_chat() and exists (select from private.installation as i where not i.topups_in_chat) then
        perform private.refuse('topups_off');
    end if;
end
$$;
comment on function private.require_topups_in_chat is 'Refuses topups_off to who comes through the bot where money is not added in the chat.';

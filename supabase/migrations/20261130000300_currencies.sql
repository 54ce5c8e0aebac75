-- Which money we take. Amounts are integers in Stripe's charge unit of the currency.
create table public.currencies (
    code text primary key,
    exponent smallint not null,
    step smallint not null,
    minimum bigint not null,
    maximum bigint not null,
    constraint currencies_code_is_lower_iso check (code ~ '^[a-z]{3}$'),
    constraint currencies_exponent_is_listed check (exponent in (0, 2, 3)),
    constraint currencies_step_is_listed check (step in (1, 10, 100)),
    constraint currencies_limits_are_ordered check (minimum > 0 and minimum <= maximum),
    constraint currencies_limits_are_in_steps check (minimum % step = 0 and maximum % step = 0)
);
comment on table public.currencies is 'Digits, steps and limits of one charge, in minor units; backend/schemas/amounts.py has the same digits and steps, and says what is strange about them.';
revoke all on public.currencies from public, anon, authenticated, service_role;
alter table public.currencies enable row level security;
grant select on public.currencies to authenticated, service_role;
-- https://docs.stripe.com/currencies. It names a minimum for currencies that it pays out in. The others
-- (twd, isk, ugx, krw and those with three decimals) must be worth the minimum of the account's own, about
-- EUR 0.50: theirs here are our own, a little above it. The maximum is the eight digits that Stripe takes.
insert into public.currencies (code, exponent, step, minimum, maximum) values
('eur', 2, 1, 50, 99999999),
('usd', 2, 1, 50, 99999999),
('gbp', 2, 1, 30, 99999999),
('chf', 2, 1, 50, 99999999),
('czk', 2, 1, 1500, 99999999),
('dkk', 2, 1, 250, 99999999),
('huf', 2, 1, 17500, 99999999),
('nok', 2, 1, 300, 99999999),
('pln', 2, 1, 200, 99999999),
('sek', 2, 1, 300, 99999999),
('twd', 2, 1, 2000, 99999999),
('isk', 2, 100, 10000, 99999900),
('ugx', 2, 100, 300000, 99999900),
('jpy', 0, 1, 50, 99999999),
('krw', 0, 1, 1000, 99999999),
('bhd', 3, 10, 250, 99999990),
('jod', 3, 10, 500, 99999990),
('kwd', 3, 10, 250, 99999990),
('omr', 3, 10, 250, 99999990),
('tnd', 3, 10, 2000, 99999990);
create policy "everyone signed in sees the currencies" on public.currencies
for select to authenticated using (true);

-- As many decimals as people write; more only where an amount has them nevertheless.
create function private.major_units(amount bigint, code text) returns text
language sql stable set search_path = pg_catalog, pg_temp
as $$
    select round(amount / 10::numeric ^ c.exponent, case
        when amount % c.step = 0 and c.step = 10 ^ c.exponent then 0 else c.exponent
    end)::text
    from public.currencies as c where c.code = major_units.code
$$;
comment on function private.major_units is '(1250, eur) -> 12.50, (1200, isk) -> 12; never rounded. backend/schemas/amounts.py does the same.';

create function private.money_json(amount bigint, code text) returns jsonb
language sql stable strict set search_path = pg_catalog, pg_temp
as $$
    select jsonb_build_object(
        'amount', private.major_units(amount, code),
        'amount_minor', amount,
        'currency', code
    )
$$;
comment on function private.money_json is 'An amount in both forms, as answers carry it; null for none.';

create function private.require_currency(code text) returns public.currencies
language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
declare
    taken public.currencies;
begin
    select c.* into taken from public.currencies as c where c.code = require_currency.code;
    if taken.code is null then
        perform private.refuse('currency_unknown', jsonb_build_object(
            'currencies', (select string_agg(c.code, ' ' order by c.code) from public.currencies as c)
        ));
    end if;
    return taken;
end
$$;

create function private.require_amount(amount bigint, currency text) returns void
language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
declare
    taken public.currencies := private.require_currency(currency);
begin
    if amount % taken.step <> 0 then
        perform private.refuse('amount_too_precise', jsonb_build_object('step', private.major_units(taken.step, taken.code), 'currency', taken.code));
    elsif coalesce(amount, 0) < taken.minimum then
        perform private.refuse('amount_too_small', jsonb_build_object('minimum', private.major_units(taken.minimum, taken.code), 'currency', taken.code));
    elsif amount > taken.maximum then
        perform private.refuse('amount_too_large', jsonb_build_object('maximum', private.major_units(taken.maximum, taken.code), 'currency', taken.code));
    end if;
end
$$;
comment on function private.require_amount is 'What every function that starts a payment asks of its amount.';

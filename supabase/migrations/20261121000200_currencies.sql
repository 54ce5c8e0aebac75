-- Which money we take. Amounts are integers in Stripe's charge unit of the currency.
create table public.currencies (
    code text primary key,
    exponent smallint not null,
    minimum bigint not null,
    maximum bigint not null,
    constraint currencies_code_is_lower_iso check (code ~ '^[a-z]{3}$'),
    constraint currencies_exponent_is_known check (exponent in (0, 2, 3)),
    constraint currencies_limits_are_ordered check (minimum > 0 and minimum <= maximum)
);
comment on table public.currencies is 'Digits and Stripe''s smallest and largest charge, in minor units; backend/money.py has the same rows.';
revoke all on public.currencies from public, anon, authenticated, service_role;
alter table public.currencies enable row level security;
grant select on public.currencies to authenticated, service_role;
create policy "everyone signed in sees the currencies" on public.currencies
for select to authenticated using (true);

-- https://docs.stripe.com/currencies#minimum-and-maximum-charge-amounts
insert into public.currencies (code, exponent, minimum, maximum) values ('eur', 2, 50, 99999999);

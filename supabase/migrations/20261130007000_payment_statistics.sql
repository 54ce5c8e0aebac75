-- How top-ups go, for those who see the payments themselves: each organization, currency and day.
create view public.payment_statistics with (security_invoker = true) as
with facts as (
    select
        p.organization_id,
        p.currency,
        (p.created_at at time zone 'utc')::date as day,
        p.status,
        p.amount,
        p.status in ('succeeded', 'failed') or p.last_decline is not null as tried,
        extract(epoch from p.succeeded_at - p.created_at) as seconds_to_pay,
        0::bigint as refunded
    from public.payments as p
    union all
    -- A reversal brings money back, so that its entry lowers the sum.
    select t.organization_id, t.currency, (t.created_at at time zone 'utc')::date, null, null, false, null, -e.amount
    from public.transfers as t
    inner join public.entries as e on t.id = e.transfer_id
    inner join public.accounts as a on e.account_id = a.id and a.kind = 'wallet'
    where t.kind in ('refund', 'refund_reversal')
)
select
    f.organization_id,
    f.currency,
    f.day,
    count(f.status) as attempts,
    count(*) filter (where f.status = 'succeeded') as succeeded,
    count(*) filter (where f.status = 'failed') as failed,
    count(*) filter (where f.status = 'expired') as expired,
    count(*) filter (where f.status = 'canceled') as canceled,
    coalesce(sum(f.amount) filter (where f.status = 'succeeded'), 0)::bigint as amount_succeeded,
    sum(f.refunded)::bigint as amount_refunded,
    round(count(*) filter (where f.status = 'succeeded')::numeric / nullif(count(*) filter (where f.tried), 0), 4)
        as success_rate,
    round(count(*) filter (where f.status = 'succeeded')::numeric / nullif(count(f.status), 0), 4) as conversion_rate,
    percentile_cont(0.5) within group (order by f.seconds_to_pay) as median_seconds_to_pay
from facts as f
group by f.organization_id, f.currency, f.day;
comment on view public.payment_statistics is 'Top-ups by the day (UTC) on which they were started, as they stand now. Amounts in minor units. Members see their organizations'' rows, as in payments.';
comment on column public.payment_statistics.attempts is 'Payments that were started.';
comment on column public.payment_statistics.succeeded is 'Of these: credited. failed, expired and canceled likewise; the rest is still open.';
comment on column public.payment_statistics.amount_refunded is 'What refunds took out of the wallet on this day, whenever it was paid, less what came back.';
comment on column public.payment_statistics.success_rate is 'Succeeded, of those in which somebody tried to pay: succeeded, failed, or declined and given up. Null if nobody tried.';
comment on column public.payment_statistics.conversion_rate is 'Succeeded, of all that were started.';
comment on column public.payment_statistics.median_seconds_to_pay is 'From the request to the credit, for half of those that succeeded.';
revoke all on public.payment_statistics from public, anon, authenticated, service_role;
grant select on public.payment_statistics to authenticated;

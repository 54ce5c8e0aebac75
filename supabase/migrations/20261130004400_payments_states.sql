-- How a payment moves forward, and how its payer hears that somebody looks at its money.
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

create function private.begin_review(payment_id uuid, why text) returns void
language plpgsql set search_path = ''
as $$
declare
    payment public.payments;
begin
    update public.payments as p set under_review = why where p.id = payment_id returning * into payment;
    if found then
        perform private.notify_payment_shown(payment);
    end if;
end
$$;
comment on function private.begin_review is 'Tells the payer that money came and somebody is looking at it.';

create function private.end_review(payment_id uuid) returns public.payments
language plpgsql set search_path = ''
as $$
declare
    payment public.payments;
begin
    update public.payments as p set under_review = null
    where p.id = end_review.payment_id and p.under_review is not null
    and not exists (
        select from public.stripe_events as e where e.payment_id = p.id and e.state = 'dead_letter'
    )
    returning * into payment;
    if found then
        perform private.notify_payment_shown(payment);
    end if;
    return payment;
end
$$;
comment on function private.end_review is 'Nobody looks at the payment any more, unless something else of it is a dead letter: the payment then, or null.';

"""Whatever Stripe sends, however often, in any order: money is credited once, or a dead letter."""

import asyncio
from typing import TYPE_CHECKING, Any

import asyncpg
import pytest

from backend.database.protocol import SERVICE
from backend.errors import WrongStripeMode
from tests.database.conftest import PaymentDriver, event, paid

if TYPE_CHECKING:
    Connection = asyncpg.Connection[Any]
else:
    Connection = asyncpg.Connection


async def balance(owner: Connection) -> int:
    return int(
        await owner.fetchval("select coalesce(sum(balance), 0) from accounts where kind = 'wallet'")
    )


async def test_the_same_event_100_times_from_16_connections_credits_once(
    driver: PaymentDriver, owner: Connection
) -> None:
    payment = await driver.payment()
    hands = asyncio.Semaphore(16)

    async def deliver() -> list[str]:
        async with hands:
            return await driver.receive(paid("evt_1", payment))

    states = await asyncio.gather(*(deliver() for _ in range(100)))
    assert states == [["done"]] * 100
    assert await balance(owner) == 5000
    assert await owner.fetchval("select count(*) from transfers") == 1
    assert await owner.fetchval("select tries from stripe_events") == 1


async def test_many_payments_at_once_in_batches_that_cross_neither_deadlock_nor_miscount(
    driver: PaymentDriver, owner: Connection
) -> None:
    payments = [await driver.payment(key=str(number)) for number in range(8)]
    batches = [
        [paid(f"evt_{batch}_{payment}", payment) for payment in payments[batch:] + payments[:batch]]
        for batch in range(8)
    ]
    await asyncio.gather(*(driver.receive(*batch) for batch in batches))
    assert await balance(owner) == 8 * 5000


@pytest.mark.parametrize("order", [("session", "intent"), ("intent", "session")])
async def test_both_event_families_in_either_order_credit_once(
    driver: PaymentDriver, owner: Connection, order: tuple[str, str]
) -> None:
    payment = await driver.payment()
    for source in order:
        assert await driver.receive(paid(f"evt_{source}", payment, source=source)) == ["done"]
    assert await balance(owner) == 5000
    assert (await driver.show(payment))["status"] == "succeeded"


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        ({"received_minor": 4999}, "amount_differs"),
        ({"currency": "usd"}, "currency_differs"),
        ({"received_minor": None}, "nothing_received"),
        ({"stripe_payment_intent_id": None}, "nothing_received"),
        ({"received_minor": 5950, "tax_minor": 951}, "amount_differs"),
    ],
)
async def test_money_that_differs_from_the_quote_is_a_dead_letter_and_notified(
    driver: PaymentDriver, owner: Connection, wrong: dict[str, Any], why: str
) -> None:
    payment = await driver.payment()
    assert await driver.receive(paid("evt_1", payment, **wrong)) == ["dead_letter"]
    assert await balance(owner) == 0
    shown = await driver.show(payment)
    assert (shown["status"], shown["under_review"]) == ("pending", why)
    notifications = await driver.database.call("claim_notifications", SERVICE, max_rows=10)
    assert notifications[0]["payment"]["under_review"] == why
    assert [collected["id"] for collected in await driver.database.call(
        "list_events", SERVICE, states=["dead_letter"], max_rows=10
    )] == ["evt_1"]  # fmt: skip


async def test_an_intent_that_differs_leaves_the_word_to_the_session(driver: PaymentDriver) -> None:
    payment = await driver.payment()
    results = await driver.database.call(
        "receive_events",
        SERVICE,
        events=[paid("evt_1", payment, received_minor=5950, source="intent", refetched=False)],
    )
    assert (results[0]["state"], results[0]["reason"]) == ("done", "needs_refetch")
    assert (await driver.show(payment))["under_review"] is None


async def test_a_second_paid_intent_is_a_dead_letter_not_dropped(
    driver: PaymentDriver, owner: Connection
) -> None:
    payment = await driver.payment()
    assert await driver.receive(paid("evt_1", payment)) == ["done"]
    assert await driver.receive(paid("evt_2", payment, stripe_payment_intent_id="pi_other")) == [
        "dead_letter"
    ]
    assert await balance(owner) == 5000
    shown = await driver.show(payment)
    assert (shown["status"], shown["under_review"]) == ("succeeded", "paid_twice")


async def test_what_is_not_ours_is_ignored(driver: PaymentDriver) -> None:
    stranger = event(
        "evt_1", outcome="paid", stripe_payment_intent_id="pi_x", amount_minor=2000, currency="usd"
    )
    assert await driver.receive(stranger, event("evt_2", outcome=None)) == ["ignored", "ignored"]


AN_HOUR_AGO = "update stripe_events set received_at = received_at - interval '1 hour'"


async def test_ours_but_unknown_waits_for_the_operator_at_once(driver: PaymentDriver) -> None:
    lost = paid("evt_1", "00000000-0000-4000-8000-000000000000")
    assert await driver.receive(lost) == ["dead_letter"]


async def test_what_another_installation_made_is_ignored(
    driver: PaymentDriver, owner: Connection
) -> None:
    payment = await driver.payment()
    other_installation = "00000000-0000-4000-8000-00000000beef"
    lost = paid("evt_1", "00000000-0000-4000-8000-000000000000", installation=other_installation)
    assert await driver.receive(lost, paid("evt_2", payment, installation=other_installation)) == [
        "ignored", "ignored",
    ]  # fmt: skip
    ours = str(await owner.fetchval("select id from private.installation"))
    assert await driver.receive(paid("evt_3", payment, installation=ours)) == ["done"]


async def test_what_fails_is_tried_five_times_and_for_an_hour_then_it_is_a_dead_letter(
    driver: PaymentDriver, owner: Connection
) -> None:
    odd = event("evt_1", outcome="unreadable")
    assert [(await driver.receive(odd))[0] for _ in range(6)] == ["failed"] * 6
    await owner.execute(AN_HOUR_AGO)
    assert [(await driver.receive(odd))[0] for _ in range(2)] == ["dead_letter"] * 2


async def test_five_tries_within_an_hour_or_an_hour_with_fewer_are_not_enough(
    driver: PaymentDriver, owner: Connection
) -> None:
    odd = event("evt_1", outcome="unreadable")
    await driver.receive(odd)
    await owner.execute(AN_HOUR_AGO)
    assert [(await driver.receive(odd))[0] for _ in range(4)] == ["failed"] * 3 + ["dead_letter"]


async def test_money_that_could_not_be_applied_for_an_hour_is_told_to_its_payer(
    driver: PaymentDriver, owner: Connection
) -> None:
    payment = await driver.payment()
    await owner.execute(
        "create function public.broken() returns trigger language plpgsql as"
        " $$ begin raise 'broken'; end $$;"
        "create trigger broken before insert on transfers execute function public.broken()"
    )
    for _ in range(5):
        await driver.receive(paid("evt_1", payment))
    await owner.execute(AN_HOUR_AGO)
    assert await driver.receive(paid("evt_1", payment)) == ["dead_letter"]
    assert (await driver.show(payment))["under_review"] == "not_applied"
    await owner.execute("drop trigger broken on transfers")
    retried = paid("evt_1", payment)["fact"]
    await driver.database.call("retry_event", SERVICE, event_id="evt_1", fact=retried)
    shown = await driver.show(payment)
    assert (shown["status"], shown["under_review"]) == ("succeeded", None)


async def test_an_unreadable_event_is_recorded_and_takes_no_other_with_it(
    driver: PaymentDriver,
) -> None:
    payment = await driver.payment()
    states = await driver.receive(event("evt_1", outcome="unreadable"), paid("evt_2", payment))
    assert states == ["failed", "done"]


async def test_an_old_decline_does_not_end_a_payment_that_is_running(driver: PaymentDriver) -> None:
    payment = await driver.payment()
    await driver.receive(event("evt_1", outcome="processing", payment_id=payment))
    late = event("evt_2", outcome="declined", payment_id=payment, source="intent")
    results = await driver.database.call("receive_events", SERVICE, events=[late])
    assert results[0]["reason"] == "needs_refetch"
    assert (await driver.show(payment))["status"] == "processing"


async def test_another_sessions_expiry_closes_nothing(driver: PaymentDriver) -> None:
    payment = await driver.payment()
    other = event(
        "evt_1", outcome="expired", payment_id=payment, stripe_checkout_session_id="cs_other"
    )
    assert await driver.receive(other) == ["ignored"]
    assert (await driver.show(payment))["status"] == "pending"


async def test_another_intents_end_ends_nothing(driver: PaymentDriver, owner: Connection) -> None:
    payment = await driver.payment(opened=False)
    await owner.execute("update payments set flow = 'intent'")
    await driver.database.call(
        "mark_payment_opened", SERVICE, payment_id=payment, stripe_payment_intent_id="pi_1"
    )
    ends = ("canceled", "declined", "processing")
    others = [
        event(f"evt_{o}", outcome=o, payment_id=payment, stripe_payment_intent_id="pi_0")
        for o in ends
    ]
    assert await driver.receive(*others) == ["ignored"] * 3
    assert (await driver.show(payment))["status"] == "pending"


async def test_one_event_that_fails_takes_no_other_with_it(
    driver: PaymentDriver, owner: Connection
) -> None:
    first, second = await driver.payment("1"), await driver.payment("2")
    lost = paid("evt_2", "00000000-0000-4000-8000-000000000000")
    states = await driver.receive(paid("evt_1", first), lost, paid("evt_3", second))
    assert states == ["done", "dead_letter", "done"]
    assert await balance(owner) == 10_000


async def test_the_other_mode_is_refused_and_leaves_nothing(
    driver: PaymentDriver, owner: Connection
) -> None:
    payment = await driver.payment()
    with pytest.raises(WrongStripeMode):
        await driver.receive({**paid("evt_1", payment), "livemode": True})
    assert await owner.fetchval("select count(*) from stripe_events") == 0


@pytest.mark.parametrize("ending", ["expired", "failed", "canceled", "processing"])
async def test_money_that_arrives_always_wins(
    driver: PaymentDriver, owner: Connection, ending: str
) -> None:
    payment = await driver.payment()
    await driver.receive(event("evt_1", outcome=ending, payment_id=payment))
    assert (await driver.show(payment))["status"] == ending
    await driver.receive(paid("evt_2", payment), event("evt_3", outcome=ending, payment_id=payment))
    assert (await driver.show(payment))["status"] == "succeeded"
    assert await balance(owner) == 5000


async def test_a_decline_is_a_fact_about_an_open_page(driver: PaymentDriver) -> None:
    payment = await driver.payment()
    await driver.receive(
        event("evt_1", outcome="declined", payment_id=payment, decline="insufficient_funds")
    )
    shown = await driver.show(payment)
    assert (shown["status"], shown["last_decline"]) == ("pending", "insufficient_funds")
    await driver.receive(paid("evt_2", payment))
    await driver.receive(event("evt_3", outcome="declined", payment_id=payment, decline="late"))
    shown = await driver.show(payment)
    assert (shown["status"], shown["last_decline"]) == ("succeeded", None)


async def test_a_dead_letter_can_be_dismissed_with_a_reason(
    driver: PaymentDriver, owner: Connection
) -> None:
    payment = await driver.payment()
    await driver.receive(paid("evt_1", payment, received_minor=1))
    closed = await driver.database.call(
        "dismiss_event", SERVICE, event_id="evt_1", dismissed_by="kim", reason="refunded by hand"
    )
    assert (closed["state"], closed["dismissed_by"]) == ("ignored", "kim")
    shown = await driver.show(payment)
    assert (shown["status"], shown["under_review"], shown["url"]) == ("canceled", None, None)
    assert await driver.receive(paid("evt_1", payment)) == ["ignored"]
    assert await balance(owner) == 0

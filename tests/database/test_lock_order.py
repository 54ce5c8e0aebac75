"""Whoever waits for a row holds none that comes after it, so that nobody waits in a circle.

The order is event, subscription, payment, account, notification; each sorted by id.
"""

import asyncio
from typing import TYPE_CHECKING, Any
from uuid import UUID

import asyncpg
import pytest

from backend.database.protocol import SERVICE
from backend.errors import PursebotError
from tests.database.conftest import PaymentDriver, event, paid
from tests.database.sessions import call, meet, session, waits
from tests.database.test_locks import credited, subscription

if TYPE_CHECKING:
    Connection = asyncpg.Connection[Any]
else:
    Connection = asyncpg.Connection

Json = dict[str, Any]


async def holds_nothing_else(
    driver: PaymentDriver, owner: Connection, url: str, gate: str, other: str, events: list[Json]
) -> None:
    """Receiving `events` waits at the row that `gate` locks, and holds none of those of `other`."""
    async with session(url) as first, session(url) as second:
        await first.fetch(gate)
        pid = await second.fetchval("select pg_backend_pid()")
        coming = asyncio.create_task(call(second, SERVICE, "receive_events", events=events))
        assert await waits(owner, pid, coming)
        async with owner.transaction():
            assert await owner.fetch(f"{other} nowait")
        await first.execute("commit")
        await first.execute("begin")
        assert [result["state"] for result in await coming] == ["done", "done"]


async def test_events_lock_payments_in_the_order_of_their_ids(
    driver: PaymentDriver, owner: Connection, database_url: str
) -> None:
    low, high = sorted([await driver.payment(key) for key in ("1", "2")])
    lock = "select from payments where id = '{}' for update"
    events = [
        event(
            f"evt_{place}",
            outcome="processing",
            payment_id=payment,
            stripe_payment_intent_id=f"pi_{place}",
        )
        for place, payment in enumerate((high, low))
    ]
    await holds_nothing_else(
        driver, owner, database_url, lock.format(low), lock.format(high), events
    )


async def test_events_are_locked_in_the_order_of_their_ids(
    driver: PaymentDriver, owner: Connection, database_url: str
) -> None:
    payment = await driver.payment()
    await owner.execute(
        "alter table payments add constraint x check (status <> 'succeeded') not valid"
    )
    events = [paid(f"evt_{number}", payment) for number in (2, 1)]
    assert await driver.receive(*events) == ["failed", "failed"]
    await owner.execute("alter table payments drop constraint x")
    lock = "select from stripe_events where id = '{}' for update"
    await holds_nothing_else(
        driver, owner, database_url, lock.format("evt_1"), lock.format("evt_2"), events
    )


async def test_events_lock_wallets_in_the_order_of_their_accounts(
    driver: PaymentDriver, owner: Connection, database_url: str
) -> None:
    payments = [
        (await driver.database.call(
            "create_payment", driver.world.ana, organization_id=driver.world.acme, amount=5000,
            currency=currency, idempotency_key=currency,
        ))["id"]
        for currency in ("eur", "usd")
    ]  # fmt: skip
    lock = (
        "select from accounts as a inner join wallets as w on a.wallet_id = w.id"
        " where w.currency = '{}' order by a.id for update of a"
    )
    last = await owner.fetchval("select currency from accounts order by id desc limit 1")
    first = {"eur": "usd", "usd": "eur"}[last]
    of = dict(zip(("eur", "usd"), payments, strict=True))
    events = [
        paid(f"evt_{currency}", of[currency], currency=currency) for currency in (last, first)
    ]
    await holds_nothing_else(
        driver, owner, database_url, lock.format(first), lock.format(last), events
    )


async def test_events_lock_recurring_top_ups_in_the_order_of_their_ids(
    driver: PaymentDriver, owner: Connection, database_url: str
) -> None:
    made = [UUID((await subscription(driver))["subscription_id"]) for _ in range(2)]
    low, high = sorted(made)
    lock = "select from subscriptions where id = '{}' for update"
    events = [
        event(
            f"evt_{place}", about="invoice", outcome="failed", stripe_invoice_id=f"in_{place}",
            stripe_payment_intent_id=None, refetched=True, intents=[], subscription_id=str(id),
            stripe_subscription_id=f"sub_{place}", amount_minor=5000, currency="eur",
            first=False, tries=1, url="https://i",
        )
        for place, id in enumerate((high, low))
    ]  # fmt: skip
    await holds_nothing_else(
        driver, owner, database_url, lock.format(low), lock.format(high), events
    )


async def test_a_report_of_a_message_waits_for_its_payment_and_holds_nothing(
    driver: PaymentDriver, owner: Connection, database_url: str
) -> None:
    await driver.payment()
    [notifications] = await driver.database.call("claim_notifications", SERVICE, max_rows=10)
    report = {
        "notification_id": notifications["id"],
        "claim": notifications["claim"],
        "outcome": "delivered",
    }
    async with session(database_url) as first, session(database_url) as second:
        await first.fetch("select from payments for update")
        pid = await second.fetchval("select pg_backend_pid()")
        coming = asyncio.create_task(
            call(second, SERVICE, "finish_notification", **report, message_id=7)
        )
        assert await waits(owner, pid, coming)
        async with owner.transaction():
            assert await owner.fetch("select from notifications for update nowait")
        await first.execute("commit")
        await first.execute("begin")
        assert (await coming)["accepted"]


@pytest.mark.parametrize("reconciled_noun", ["claim_refunds_to_reconcile", "expire_abandoned"])
async def test_a_second_reconciler_waits_for_none(
    driver: PaymentDriver, owner: Connection, database_url: str, reconciled_noun: str
) -> None:
    payment = await credited(driver, "1")
    await driver.database.call(
        "create_refund", driver.world.ana, payment_id=payment, idempotency_key="r"
    )
    await driver.payment("2", opened=False)
    for table in ("payments", "refunds"):
        await owner.execute(f"update {table} set created_at = now() - interval '2 hours'")  # noqa: S608
    await owner.execute("update payments set expires_at = now() - interval '1 hour'")
    calls = (SERVICE, reconciled_noun, {"max_rows": 10})
    met = await meet(database_url, owner, calls, calls)
    assert not met.waited
    assert not isinstance(met.second, PursebotError)
    assert not met.second


@pytest.mark.parametrize(
    ("function", "held"), [("create_refund", "accounts"), ("refuse_refund", "refunds")]
)
async def test_who_changes_a_refund_waits_for_its_payment_and_holds_nothing(
    driver: PaymentDriver, owner: Connection, database_url: str, function: str, held: str
) -> None:
    payment = await credited(driver, "1")
    order = {"payment_id": payment, "idempotency_key": "r", "amount": 1000}
    made = await driver.database.call("create_refund", driver.world.ana, **order)
    refusal = {"refund_id": made["id"], "attempt": 1, "failure": "x"}
    second_order = {**order, "idempotency_key": "r2"}
    requests: Json = {"create_refund": second_order, "refuse_refund": refusal}[function]
    who = driver.world.ana if function == "create_refund" else SERVICE
    async with session(database_url) as first, session(database_url) as second:
        await first.fetch("select from payments for update")
        pid = await second.fetchval("select pg_backend_pid()")
        coming = asyncio.create_task(call(second, who, function, **requests))
        assert await waits(owner, pid, coming)
        async with owner.transaction():
            assert await owner.fetch(f"select from {held} for update nowait")
        await first.execute("commit")
        await first.execute("begin")
        assert not isinstance(await coming, PursebotError)

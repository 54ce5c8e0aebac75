"""Two callers at the same moment: the second waits, and then sees what the first did.

Each test fails without one lock; what is written is the same whoever is first.
"""

import asyncio
from typing import TYPE_CHECKING, Any
from uuid import UUID

import asyncpg
import pytest

from backend.database import SERVICE
from backend.errors import (
    NothingToRefund,
    PaymentClosed,
    PursebotError,
    ReferenceUsed,
    SubscriptionOver,
)
from tests.database.conftest import Till, event, paid
from tests.database.sessions import call, meet, session, waits
from tests.database.test_charges import card
from tests.database.test_subscriptions import TERMS

if TYPE_CHECKING:
    Connection = asyncpg.Connection[Any]
else:
    Connection = asyncpg.Connection

Json = dict[str, Any]


async def credited(till: Till, key: str) -> str:
    payment = await till.payment(key=key)
    await till.receive(paid(f"evt_{payment}", payment))
    return payment


async def test_two_refunds_of_a_wallet_send_no_more_back_than_it_has(
    till: Till, owner: Connection, database_url: str
) -> None:
    payments = [await credited(till, key) for key in ("1", "2")]
    # Half of it was spent.
    await owner.execute(
        "select private.post_transfer(id, 'refund', 'spent', 'wallet', 'stripe', 5000) from wallets"
    )
    asked = [
        (till.world.ana, "create_refund", {"payment_id": payment, "idempotency_key": payment})
        for payment in payments
    ]
    met = await meet(database_url, owner, *asked)
    assert met.waited
    assert met.first["money"]["amount_minor"] == 5000
    assert isinstance(met.second, NothingToRefund)


async def test_an_order_is_charged_once_by_two_admins_at_once(
    till: Till, owner: Connection, database_url: str
) -> None:
    await card(till, owner)
    order = {
        "organization_id": till.world.acme, "amount": 5000, "currency": "eur", "flow": "charge",
        "order_reference": "order 17",
    }  # fmt: skip
    asked = [
        (till.world.ana, "create_payment", {**order, "idempotency_key": key}) for key in ("1", "2")
    ]
    met = await meet(database_url, owner, *asked)
    assert met.waited
    assert met.first["status"] == "created"
    assert isinstance(met.second, ReferenceUsed)


async def test_two_bots_keep_telegrams_limit_together(
    till: Till, owner: Connection, database_url: str
) -> None:
    await owner.execute("delete from notifications")
    await owner.execute(
        "with made as (insert into chats (telegram_chat_id, kind)"
        " select -n, 'group' from generate_series(1, 40) as n returning id)"
        " insert into notifications (kind, chat_id) select 'wallet_credited', id from made"
    )
    await owner.execute(
        "update chats set organization_id = $1, announces_credits = true where kind = 'group'",
        till.world.acme,
    )
    claims = (SERVICE, "claim_notifications", {"most": 20})
    met = await meet(database_url, owner, claims, claims)
    assert met.waited
    claimed = await owner.fetchval("select count(*) from notifications where state = 'claimed'")
    assert claimed == 30


async def test_a_cancel_that_comes_while_it_is_paid_is_refused(
    till: Till, owner: Connection, database_url: str
) -> None:
    payment = await till.payment()
    met = await meet(
        database_url, owner,
        (SERVICE, "receive_events", {"events": [paid("evt_1", payment)]}),
        (till.world.ana, "request_cancel", {"payment_id": payment}),
    )  # fmt: skip
    assert met.waited
    assert isinstance(met.second, PaymentClosed)
    assert await owner.fetchval("select cancel_requested_at from payments") is None


async def unsent(till: Till, owner: Connection) -> Json:
    """A charge that Stripe was not asked for yet."""
    await card(till, owner)
    made = await till.database.call(
        "create_payment", till.world.ana, organization_id=till.world.acme, amount=5000,
        currency="eur", idempotency_key="key", flow="charge",
    )  # fmt: skip
    return {"payment_id": made["id"]}


async def test_a_charge_that_is_being_canceled_is_not_claimed(
    till: Till, owner: Connection, database_url: str
) -> None:
    which = await unsent(till, owner)
    met = await meet(
        database_url, owner,
        (till.world.ana, "request_cancel", which), (SERVICE, "claim_charge", which),
    )  # fmt: skip
    assert met.waited
    assert (met.first["status"], met.second["claimed"]) == ("canceled", False)
    assert await owner.fetchval("select sent_at from payments") is None


async def test_a_cancel_knows_of_a_charge_that_is_being_claimed(
    till: Till, owner: Connection, database_url: str
) -> None:
    which = await unsent(till, owner)
    met = await meet(
        database_url, owner,
        (SERVICE, "claim_charge", which), (till.world.ana, "request_cancel", which),
    )  # fmt: skip
    assert met.waited
    assert (met.first["claimed"], met.second["status"]) == (True, "created")


async def subscription(till: Till, **seen: Any) -> Json:
    """A recurring top-up as Stripe is found to say."""
    made = await till.database.call(
        "create_subscription", till.world.ana, organization_id=till.world.acme, terms=TERMS
    )
    which = {"subscription_id": made["id"]}
    if seen:
        await till.database.call(
            "note_subscription", SERVICE, **which, seen=await at(till, which, **seen)
        )
    return which


async def at(till: Till, which: Json, **seen: Any) -> Json:
    row = await till.database.call("start_subscription", SERVICE, **which)
    return {"asked_at": row["asked_at"], "stripe_subscription_id": "sub_1", **seen}


async def test_a_recurring_top_up_that_is_ending_is_not_changed(
    till: Till, owner: Connection, database_url: str
) -> None:
    which = await subscription(till, status="active")
    ended = await at(till, which, status="canceled")
    met = await meet(
        database_url, owner,
        (SERVICE, "note_subscription", {**which, "seen": ended}),
        (till.world.ana, "request_change", {**which, "changes": {"amount": 7000}}),
    )  # fmt: skip
    assert met.waited
    assert isinstance(met.second, SubscriptionOver)


async def test_that_a_recurring_top_up_began_is_told_once(
    till: Till, owner: Connection, database_url: str
) -> None:
    which = await subscription(till)
    asked = [
        (SERVICE, "note_subscription", {**which, "seen": await at(till, which, status="active")})
        for _ in range(2)
    ]
    met = await meet(database_url, owner, *asked)
    assert met.waited
    told = await owner.fetch(
        "select chat_id, count(*) from notifications where kind = 'recurring' group by chat_id"
    )
    assert {row["count"] for row in told} <= {1}
    assert met.second["status"] == "active"


async def test_an_event_that_is_applied_by_two_at_once_is_a_repeat_for_the_second(
    till: Till, owner: Connection, database_url: str
) -> None:
    payment = await till.payment()
    await owner.execute(
        "alter table payments add constraint x check (status <> 'succeeded') not valid"
    )
    assert await till.receive(paid("evt_1", payment)) == ["failed"]
    await owner.execute("alter table payments drop constraint x")
    again = (SERVICE, "receive_events", {"events": [paid("evt_1", payment)]})
    met = await meet(database_url, owner, again, again)
    assert met.waited
    assert [answer[0]["repeat"] for answer in (met.first, met.second)] == [False, True]


async def holds_nothing_else(
    till: Till, owner: Connection, url: str, gate: str, other: str, events: list[Json]
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
    till: Till, owner: Connection, database_url: str
) -> None:
    low, high = sorted([await till.payment(key) for key in ("1", "2")])
    lock = "select from payments where id = '{}' for update"
    events = [
        event(f"evt_{place}", outcome="processing", payment_id=payment, intent_id=f"pi_{place}")
        for place, payment in enumerate((high, low))
    ]
    await holds_nothing_else(till, owner, database_url, lock.format(low), lock.format(high), events)


async def test_events_are_locked_in_the_order_of_their_ids(
    till: Till, owner: Connection, database_url: str
) -> None:
    payment = await till.payment()
    await owner.execute(
        "alter table payments add constraint x check (status <> 'succeeded') not valid"
    )
    events = [paid(f"evt_{number}", payment) for number in (2, 1)]
    assert await till.receive(*events) == ["failed", "failed"]
    await owner.execute("alter table payments drop constraint x")
    lock = "select from stripe_events where id = '{}' for update"
    await holds_nothing_else(
        till, owner, database_url, lock.format("evt_1"), lock.format("evt_2"), events
    )


async def test_events_lock_wallets_in_the_order_of_their_accounts(
    till: Till, owner: Connection, database_url: str
) -> None:
    payments = [
        (await till.database.call(
            "create_payment", till.world.ana, organization_id=till.world.acme, amount=5000,
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
        till, owner, database_url, lock.format(first), lock.format(last), events
    )


async def test_events_lock_recurring_top_ups_in_the_order_of_their_ids(
    till: Till, owner: Connection, database_url: str
) -> None:
    made = [UUID((await subscription(till))["subscription_id"]) for _ in range(2)]
    low, high = sorted(made)
    lock = "select from subscriptions where id = '{}' for update"
    events = [
        event(
            f"evt_{place}", about="invoice", outcome="failed", invoice_id=f"in_{place}",
            intent_id=None, asked=True, intents=[], subscription_id=str(id),
            stripe_subscription_id=f"sub_{place}", amount_minor=5000, currency="eur",
            first=False, tries=1, url="https://i",
        )
        for place, id in enumerate((high, low))
    ]  # fmt: skip
    await holds_nothing_else(till, owner, database_url, lock.format(low), lock.format(high), events)


async def test_a_report_of_a_message_waits_for_its_payment_and_holds_nothing(
    till: Till, owner: Connection, database_url: str
) -> None:
    await till.payment()
    [told] = await till.database.call("claim_notifications", SERVICE, most=10)
    report = {"notification_id": told["id"], "claim": told["claim"], "outcome": "delivered"}
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


@pytest.mark.parametrize("looks_for", ["unsettled_refunds", "end_abandoned"])
async def test_a_second_reconciler_waits_for_none(
    till: Till, owner: Connection, database_url: str, looks_for: str
) -> None:
    payment = await credited(till, "1")
    await till.database.call(
        "create_refund", till.world.ana, payment_id=payment, idempotency_key="r"
    )
    await till.payment("2", opened=False)
    for table in ("payments", "refunds"):
        await owner.execute(f"update {table} set created_at = now() - interval '2 hours'")  # noqa: S608
    await owner.execute("update payments set expires_at = now() - interval '1 hour'")
    asked = (SERVICE, looks_for, {"most": 10})
    met = await meet(database_url, owner, asked, asked)
    assert not met.waited
    assert not isinstance(met.second, PursebotError)
    assert not met.second

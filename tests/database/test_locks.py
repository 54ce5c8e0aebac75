"""Two callers at the same moment: the second waits, and then sees what the first did.

Each test fails without one lock; what is written is the same whoever is first.
"""

from typing import TYPE_CHECKING, Any

import asyncpg

from backend.database.protocol import SERVICE
from backend.errors import (
    NothingToRefund,
    PaymentClosed,
    ReferenceUsed,
    SubscriptionOver,
)
from tests.database.conftest import PaymentDriver, paid
from tests.database.sessions import meet
from tests.database.test_charges import card
from tests.database.test_subscriptions import TERMS

if TYPE_CHECKING:
    Connection = asyncpg.Connection[Any]
else:
    Connection = asyncpg.Connection

Json = dict[str, Any]


async def credited(driver: PaymentDriver, key: str) -> str:
    payment = await driver.payment(key=key)
    await driver.receive(paid(f"evt_{payment}", payment))
    return payment


async def test_two_refunds_of_a_wallet_send_no_more_back_than_it_has(
    driver: PaymentDriver, owner: Connection, database_url: str
) -> None:
    payments = [await credited(driver, key) for key in ("1", "2")]
    # Half of it was spent.
    await owner.execute(
        "select private.post_transfer(id, 'refund', 'spent', 'wallet', 'stripe', 5000) from wallets"
    )
    calls = [
        (driver.world.ana, "create_refund", {"payment_id": payment, "idempotency_key": payment})
        for payment in payments
    ]
    met = await meet(database_url, owner, *calls)
    assert met.waited
    assert met.first["money"]["amount_minor"] == 5000
    assert isinstance(met.second, NothingToRefund)


async def test_an_order_is_charged_once_by_two_admins_at_once(
    driver: PaymentDriver, owner: Connection, database_url: str
) -> None:
    await card(driver, owner)
    await driver.payment()  # makes the wallet, for which they would wait as well
    order = {
        "organization_id": driver.world.acme, "amount": 5000, "currency": "eur", "flow": "charge",
        "order_reference": "order 17",
    }  # fmt: skip
    calls = [
        (driver.world.ana, "create_payment", {**order, "idempotency_key": key})
        for key in ("1", "2")
    ]
    met = await meet(database_url, owner, *calls)
    assert met.waited
    assert met.first["status"] == "created"
    assert isinstance(met.second, ReferenceUsed)


async def test_two_bots_keep_telegrams_limit_together(
    driver: PaymentDriver, owner: Connection, database_url: str
) -> None:
    await owner.execute("delete from notifications")
    await owner.execute(
        "with made as (insert into chats (telegram_chat_id, kind)"
        " select -n, 'group' from generate_series(1, 40) as n returning id)"
        " insert into notifications (kind, chat_id) select 'wallet_credited', id from made"
    )
    await owner.execute(
        "update chats set organization_id = $1, announces_credits = true where kind = 'group'",
        driver.world.acme,
    )
    claims = (SERVICE, "claim_notifications", {"max_rows": 20})
    met = await meet(database_url, owner, claims, claims)
    assert met.waited
    claimed = await owner.fetchval("select count(*) from notifications where state = 'claimed'")
    assert claimed == 30


async def test_a_cancel_that_comes_while_it_is_paid_is_refused(
    driver: PaymentDriver, owner: Connection, database_url: str
) -> None:
    payment = await driver.payment()
    met = await meet(
        database_url, owner,
        (SERVICE, "receive_events", {"events": [paid("evt_1", payment)]}),
        (driver.world.ana, "request_payment_cancel", {"payment_id": payment}),
    )  # fmt: skip
    assert met.waited
    assert isinstance(met.second, PaymentClosed)
    assert await owner.fetchval("select cancel_requested_at from payments") is None


async def unsent(driver: PaymentDriver, owner: Connection) -> Json:
    """A charge that Stripe was not asked for yet."""
    await card(driver, owner)
    made = await driver.database.call(
        "create_payment", driver.world.ana, organization_id=driver.world.acme, amount=5000,
        currency="eur", idempotency_key="key", flow="charge",
    )  # fmt: skip
    return {"payment_id": made["id"]}


async def test_a_charge_that_is_being_canceled_is_not_claimed(
    driver: PaymentDriver, owner: Connection, database_url: str
) -> None:
    which = await unsent(driver, owner)
    met = await meet(
        database_url, owner,
        (driver.world.ana, "request_payment_cancel", which), (SERVICE, "claim_charge", which),
    )  # fmt: skip
    assert met.waited
    assert (met.first["status"], met.second["claimed"]) == ("canceled", False)
    assert await owner.fetchval("select sent_at from payments") is None


async def test_a_cancel_knows_of_a_charge_that_is_being_claimed(
    driver: PaymentDriver, owner: Connection, database_url: str
) -> None:
    which = await unsent(driver, owner)
    met = await meet(
        database_url, owner,
        (SERVICE, "claim_charge", which), (driver.world.ana, "request_payment_cancel", which),
    )  # fmt: skip
    assert met.waited
    assert (met.first["claimed"], met.second["status"]) == (True, "created")


async def subscription(driver: PaymentDriver, **seen: Any) -> Json:
    """A recurring top-up as Stripe is found to say."""
    made = await driver.database.call(
        "create_subscription", driver.world.ana, organization_id=driver.world.acme, terms=TERMS
    )
    which = {"subscription_id": made["id"]}
    if seen:
        await driver.database.call(
            "record_subscription_state", SERVICE, **which, state=await at(driver, which, **seen)
        )
    return which


async def at(driver: PaymentDriver, which: Json, **seen: Any) -> Json:
    row = await driver.database.call("get_subscription_for_service", SERVICE, **which)
    return {"refetched_at": row["refetched_at"], "stripe_subscription_id": "sub_1", **seen}


async def test_a_recurring_top_up_that_is_ending_is_not_changed(
    driver: PaymentDriver, owner: Connection, database_url: str
) -> None:
    which = await subscription(driver, status="active")
    ended = await at(driver, which, status="canceled")
    met = await meet(
        database_url, owner,
        (SERVICE, "record_subscription_state", {**which, "state": ended}),
        (driver.world.ana, "request_subscription_change", {**which, "changes": {"amount": 7000}}),
    )  # fmt: skip
    assert met.waited
    assert isinstance(met.second, SubscriptionOver)


async def test_that_a_recurring_top_up_began_is_told_once(
    driver: PaymentDriver, owner: Connection, database_url: str
) -> None:
    which = await subscription(driver)
    calls = [
        (
            SERVICE,
            "record_subscription_state",
            {**which, "state": await at(driver, which, status="active")},
        )
        for _ in range(2)
    ]
    met = await meet(database_url, owner, *calls)
    assert met.waited
    notifications = await owner.fetch(
        "select chat_id, count(*) from notifications where kind = 'recurring' group by chat_id"
    )
    assert {row["count"] for row in notifications} <= {1}
    assert met.second["status"] == "active"


async def test_an_event_that_is_applied_by_two_at_once_is_a_repeat_for_the_second(
    driver: PaymentDriver, owner: Connection, database_url: str
) -> None:
    payment = await driver.payment()
    await owner.execute(
        "alter table payments add constraint x check (status <> 'succeeded') not valid"
    )
    assert await driver.receive(paid("evt_1", payment)) == ["failed"]
    await owner.execute("alter table payments drop constraint x")
    again = (SERVICE, "receive_events", {"events": [paid("evt_1", payment)]})
    met = await meet(database_url, owner, again, again)
    assert met.waited
    assert [answer[0]["repeat"] for answer in (met.first, met.second)] == [False, True]


async def test_a_message_is_reported_once(
    driver: PaymentDriver, owner: Connection, database_url: str
) -> None:
    await driver.receive(paid("evt_1", await driver.payment()))
    await owner.execute("update notifications set payment_id = null where kind <> 'payment_shown'")
    claimed = await driver.database.call("claim_notifications", SERVICE, max_rows=10)
    [notifications] = [one for one in claimed if one["kind"] != "payment_shown"]
    report = {"notification_id": notifications["id"], "claim": notifications["claim"]}
    met = await meet(
        database_url, owner,
        (SERVICE, "finish_notification", {**report, "outcome": "delivered"}),
        (SERVICE, "finish_notification", {**report, "outcome": "retry", "retry_after": 0.0}),
    )  # fmt: skip
    assert met.waited
    assert (met.first["accepted"], met.second["accepted"]) == (True, False)
    state = await owner.fetchval(
        "select state from notifications where id = $1", notifications["id"]
    )
    assert state == "delivered"

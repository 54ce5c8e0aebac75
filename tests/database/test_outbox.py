"""Nothing to tell is lost, Telegram's limits hold, and nothing goes where it must not."""

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import asyncpg

from backend.database.protocol import SERVICE
from tests.database.conftest import PaymentDriver, event, paid
from tests.waiting import until_blocked

Json = dict[str, Any]

if TYPE_CHECKING:
    Connection = asyncpg.Connection[Any]
else:
    Connection = asyncpg.Connection


async def claim(driver: PaymentDriver, most: int = 30) -> list[Json]:
    notifications: list[Json] = await driver.database.call(
        "claim_notifications", SERVICE, max_rows=most
    )
    return notifications


async def finish(driver: PaymentDriver, notification: Json, outcome: str, **facts: Any) -> bool:
    answer = await driver.database.call(
        "finish_notification", SERVICE,
        notification_id=notification["id"], claim=notification["claim"], outcome=outcome, **facts,
    )  # fmt: skip
    return bool(answer["accepted"])


async def later(owner: Connection, wait: timedelta) -> None:
    """Time passes: everything that was is `wait` ago."""
    await owner.execute(
        "update notifications set due_at = due_at - $1::interval,"
        " claimed_at = claimed_at - $1::interval, claimed_until = claimed_until - $1::interval",
        wait,
    )
    await owner.execute("update chats set paused_until = paused_until - $1::interval", wait)


async def test_a_credit_shows_the_payer_and_tells_the_other_members(driver: PaymentDriver) -> None:
    await driver.receive(paid("evt_1", await driver.payment()))
    notifications = await claim(driver)
    assert {(one["kind"], one["chat_id"]) for one in notifications} == {
        ("payment_shown", 1001),
        ("wallet_credited", 1002),
    }
    assert all(one["payment"]["balance"]["amount_minor"] == 5000 for one in notifications)


async def test_many_changes_that_wait_are_told_as_one_with_the_newest_state(
    driver: PaymentDriver,
) -> None:
    payment = await driver.payment()
    await driver.receive(event("evt_1", outcome="declined", payment_id=payment, decline="x"))
    await driver.receive(paid("evt_2", payment))
    mine = [one for one in await claim(driver) if one["chat_id"] == 1001]
    assert [one["payment"]["status"] for one in mine] == ["succeeded"]


async def test_a_change_during_delivery_is_told_after_it(driver: PaymentDriver) -> None:
    payment = await driver.payment()
    [link] = await claim(driver)
    await driver.receive(paid("evt_1", payment))
    assert [one["chat_id"] for one in await claim(driver)] == [
        1002
    ]  # Ana's chat is being written to
    assert await finish(driver, link, "delivered", message_id=70)
    [news] = await claim(driver)
    assert (news["payment"]["status"], news["message_id"]) == ("succeeded", 70)


async def test_a_bot_that_died_with_a_claim_gets_it_again_marked_as_a_repeat(
    driver: PaymentDriver, owner: Connection
) -> None:
    await driver.payment()
    [first] = await claim(driver)
    assert await claim(driver) == []
    await later(owner, timedelta(seconds=31))
    [again] = await claim(driver)
    assert (again["id"], again["repeat"]) == (first["id"], True)
    assert not await finish(driver, first, "delivered", message_id=1)  # the late report of the dead
    assert await finish(driver, again, "delivered", message_id=1)
    assert await claim(driver) == []


async def test_an_hour_without_the_bot_loses_nothing(
    driver: PaymentDriver, owner: Connection
) -> None:
    for number in range(3):
        await driver.receive(paid(f"evt_{number}", await driver.payment(key=str(number))))
    await later(owner, timedelta(hours=1))
    delivered = []
    for _ in range(10):
        for notifications in await claim(driver):
            delivered.append((notifications["kind"], notifications["payment"]["id"]))
            await finish(driver, notifications, "delivered", message_id=1)
        await later(owner, timedelta(seconds=3))
    assert len(delivered) == len(set(delivered)) == 6


async def test_retry_after_pauses_the_chat_and_tries_again(
    driver: PaymentDriver, owner: Connection
) -> None:
    await driver.payment("1")
    [notifications] = await claim(driver)
    await driver.payment("2")
    await finish(driver, notifications, "retry", retry_after=20.0)
    await later(owner, timedelta(seconds=10))
    assert await claim(driver) == []
    await later(owner, timedelta(seconds=11))
    assert len(await claim(driver)) == 1


async def test_backoff_grows_with_each_try(driver: PaymentDriver, owner: Connection) -> None:
    await driver.payment()
    waits = []
    for _ in range(12):
        [notifications] = await claim(driver)
        await finish(driver, notifications, "retry")
        waits.append(
            await owner.fetchval(
                "select extract(epoch from due_at - clock_timestamp())::int from notifications"
            )
        )
        await later(owner, timedelta(minutes=6))
    assert waits[:4] == [2, 4, 8, 16]
    assert max(waits) == 300


async def test_an_ambiguous_send_is_repeated_and_says_so(
    driver: PaymentDriver, owner: Connection
) -> None:
    await driver.payment()
    [notifications] = await claim(driver)
    await finish(driver, notifications, "ambiguous")
    await later(owner, timedelta(seconds=5))
    [again] = await claim(driver)
    assert again["repeat"]


async def test_who_blocked_the_bot_is_left_alone_until_they_write_again(
    driver: PaymentDriver, owner: Connection
) -> None:
    payment = await driver.payment()
    [notifications] = await claim(driver)
    await finish(driver, notifications, "blocked")
    await later(owner, timedelta(minutes=6))
    assert await claim(driver) == []
    await driver.receive(paid("evt_1", payment))
    await driver.database.call(
        "upsert_telegram_user", SERVICE, telegram_id=1001, name="Ana", language="en", chat_id=1001
    )
    assert [one["payment"]["status"] for one in await claim(driver) if one["chat_id"] == 1001] == [
        "succeeded"
    ]


async def test_a_migrated_chat_is_written_to_under_its_new_id(driver: PaymentDriver) -> None:
    await driver.payment()
    [notifications] = await claim(driver)
    await finish(driver, notifications, "migrated", new_chat_id=-100_1)
    [again] = await claim(driver)
    assert again["chat_id"] == -100_1


async def test_a_deleted_message_is_sent_anew(driver: PaymentDriver, owner: Connection) -> None:
    await driver.payment()
    await owner.execute("update private.payment_requests set message_id = 7")
    [notifications] = await claim(driver)
    assert notifications["message_id"] == 7
    await finish(driver, notifications, "gone")
    [again] = await claim(driver)
    assert again["message_id"] is None


async def test_what_telegram_will_never_take_is_kept_with_its_reason(
    driver: PaymentDriver, owner: Connection
) -> None:
    await driver.payment()
    [notifications] = await claim(driver)
    await finish(driver, notifications, "refused", reason="Bad Request: something")
    row = await owner.fetchrow("select state, reason from notifications")
    assert row is not None
    assert tuple(row) == ("refused", "Bad Request: something")


async def test_a_report_and_an_event_about_the_same_payment_wait_for_each_other(
    driver: PaymentDriver, owner: Connection, database_url: str
) -> None:
    payment = await driver.payment()
    [notifications] = await claim(driver)
    other = await asyncpg.connect(database_url)
    transaction = other.transaction()
    await transaction.start()
    await other.execute("select from payments where id = $1::uuid for update", payment)
    report = asyncio.create_task(finish(driver, notifications, "gone"))
    await until_blocked(other)
    await other.execute("select private.notify_payment_shown(p) from payments as p")
    await transaction.commit()
    await other.close()
    assert await report


async def test_a_payment_that_is_being_changed_holds_up_nobody_else(
    driver: PaymentDriver, owner: Connection, database_url: str
) -> None:
    payment = await driver.payment()
    await owner.execute(
        "insert into notifications (kind, chat_id, payment_id)"
        " select 'wallet_credited', id, $1::uuid from chats where telegram_chat_id = 1002",
        payment,
    )
    other = await asyncpg.connect(database_url)
    transaction = other.transaction()
    await transaction.start()
    await other.execute("select private.notify_payment_shown(p) from payments as p")
    assert [one["chat_id"] for one in await claim(driver)] == [1002]
    await transaction.commit()
    await other.close()
    assert [one["chat_id"] for one in await claim(driver)] == [1001]


async def test_who_leaves_is_told_nothing_more(driver: PaymentDriver, owner: Connection) -> None:
    payment = await driver.payment()
    await driver.receive(paid("evt_1", payment))
    await owner.execute("delete from memberships")
    assert await claim(driver) == []
    await owner.execute("select private.notify_payment_shown(p) from payments as p")
    assert await claim(driver) == []


async def test_one_chat_gets_at_most_three_in_three_seconds(
    driver: PaymentDriver, owner: Connection
) -> None:
    for number in range(6):
        await driver.payment(key=str(number))
    got = 0
    for _ in range(10):
        for notifications in await claim(driver):
            got += 1
            await finish(driver, notifications, "delivered", message_id=1)
    assert got == 3
    await later(owner, timedelta(seconds=3))
    assert len(await claim(driver)) == 1


async def test_all_chats_together_get_at_most_thirty_a_second(
    driver: PaymentDriver, owner: Connection
) -> None:
    payment = await driver.payment(opened=False)
    await owner.execute(
        "with crowd as (insert into private.users (name, telegram_id)"
        " select 'P' || n, n from generate_series(5001, 5040) as n returning id, telegram_id),"
        " chats as (insert into chats (telegram_chat_id, kind, user_id)"
        " select telegram_id, 'private', id from crowd returning id)"
        " insert into notifications (kind, chat_id, payment_id)"
        " select 'wallet_credited', id, $1 from chats",
        payment,
    )
    assert len(await claim(driver, most=100)) == 30
    assert await claim(driver, most=100) == []
    await later(owner, timedelta(seconds=1))
    assert len(await claim(driver, most=100)) == 10


async def test_a_group_gets_at_most_twenty_a_minute(
    driver: PaymentDriver, owner: Connection
) -> None:
    payment = await driver.payment(opened=False)
    group = await owner.fetchval(
        "insert into chats (telegram_chat_id, kind, organization_id, announces_credits)"
        " values (-1001, 'group', $1, true) returning id",
        driver.world.acme,
    )
    got = 0
    for _ in range(30):
        await owner.execute(
            "insert into notifications (kind, chat_id, payment_id)"
            " values ('wallet_credited', $1, $2) on conflict do nothing",
            group,
            payment,
        )
        for notifications in await claim(driver):
            got += 1
            await finish(driver, notifications, "delivered", message_id=1)
        await later(owner, timedelta(seconds=1.5))
    assert got == 20

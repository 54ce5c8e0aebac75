"""News that wait for one person: one of each subject, money first, old ones dated."""

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import asyncpg
import pytest

from backend.database.postgres import PostgresDatabase
from tests.bot.conftest import Person, ana, backend, backend_url, ben, bot, client, telegram
from tests.bot.fake_backend import BEN, NOON, FakeBackend, notification, payment
from tests.conftest import World
from tests.database.conftest import PaymentDriver, driver, paid
from tests.database.test_clawbacks import refund
from tests.database.test_organizations import give, id_of
from tests.database.test_outbox import claim, finish, later
from tests.database.test_subscriptions import invoice, note, subscription

if TYPE_CHECKING:
    Connection = asyncpg.Connection[Any]
else:
    Connection = asyncpg.Connection

__all__ = [
    "ana", "backend", "backend_url", "ben", "bot", "client", "driver", "subscription", "telegram",
]  # fmt: skip
Json = dict[str, Any]
IN_CHAT = "select kind from notifications as n join chats as c on c.id = n.chat_id"


async def of_ben(driver: PaymentDriver) -> Json | None:
    """What Ben is told next; it is delivered."""
    for each in await claim(driver):
        await finish(driver, each, "delivered", message_id=1)
        if each["chat_id"] == 1002:
            return each
    return None


async def test_a_role_that_is_toggled_200_times_is_one_notification_behind_the_money(
    driver: PaymentDriver, database: PostgresDatabase, world: World, owner: Connection
) -> None:
    ben = await id_of(owner, world.ben)
    change = {"organization_id": world.acme, "user_id": ben}
    for number in range(200):
        role = "member" if number % 2 else "admin"
        await database.call("change_role", world.ana, **change, role=role)
        if number == 150:
            await driver.receive(paid("evt_1", await driver.payment()))
    first, second, third = await of_ben(driver), await of_ben(driver), await of_ben(driver)
    assert first is not None
    assert (first["kind"], first["payment"]["money"]["amount"]) == ("wallet_credited", "50.00")
    assert second is not None
    assert (second["kind"], second["facts"]["role"]) == ("role_changed", "member")
    assert third is None


async def test_news_of_different_subjects_and_every_movement_of_money_are_all_told(
    driver: PaymentDriver, database: PostgresDatabase, world: World, owner: Connection
) -> None:
    ben = await give(owner, world, world.ben, "admin")
    payment = await driver.payment()
    await driver.receive(paid("evt_1", payment))
    await driver.receive(refund(payment, "succeeded", 1000, "re_1"))
    await driver.receive({**refund(payment, "succeeded", 2000, "re_2"), "id": "evt_again"})
    change = {"organization_id": world.acme, "user_id": ben}
    await database.call("change_role", world.ana, **change, role="member")
    await owner.execute(
        "select private.notify_users(array[$1::uuid], 'member_joined', $2,"
        " jsonb_build_object('name', n, 'role', 'member'), 'member ' || n)"
        " from unnest(array['Zoe', 'Max', 'Zoe']) as n", ben, world.acme,
    )  # fmt: skip
    kinds = []
    while (following := await of_ben(driver)) is not None:
        kinds.append(following["kind"])
        await later(owner, timedelta(seconds=3))
    assert kinds == [
        "wallet_credited", "refund_made", "refund_made", "role_changed", "member_joined",
        "member_joined",
    ]  # fmt: skip


async def test_what_could_not_be_delivered_is_not_told_after_newer_news_of_its_subject(
    driver: PaymentDriver, database: PostgresDatabase, world: World, owner: Connection
) -> None:
    change = {"organization_id": world.acme, "user_id": await id_of(owner, world.ben)}
    await database.call("change_role", world.ana, **change, role="admin")
    [on_its_way] = await claim(driver)
    await database.call("change_role", world.ana, **change, role="owner")
    await finish(driver, on_its_way, "retry", retry_after=1.0)
    await later(owner, timedelta(seconds=5))
    newest = await of_ben(driver)
    assert newest is not None
    assert newest["facts"]["role"] == "owner"
    assert await of_ben(driver) is None


async def test_news_that_are_older_than_a_minute_say_when_it_happened(
    driver: PaymentDriver, owner: Connection
) -> None:
    await driver.receive(paid("evt_1", await driver.payment()))
    await owner.execute("update notifications set created_at = created_at - interval '1 hour'")
    news = await claim(driver)
    for each in news:
        await finish(driver, each, "delivered", message_id=1)
    dates = {each["kind"]: each["happened_at"] for each in news}
    assert dates["payment_shown"] is None  # it is the payment's message, and shows what is so now
    created = await owner.fetchval(
        "select created_at from notifications where kind = 'wallet_credited'"
    )
    assert datetime.fromisoformat(dates["wallet_credited"]) == created
    await driver.receive(paid("evt_2", await driver.payment("2")))
    await later(owner, timedelta(minutes=1))
    assert {each["happened_at"] for each in await claim(driver)} == {None}


@pytest.mark.parametrize(("happened_at", "dated"), [(NOON, True), (None, False)])
async def test_the_reader_sees_when_old_news_happened(
    ben: Person, backend: FakeBackend, happened_at: datetime | None, dated: bool
) -> None:
    await ben.writes("/start")
    credited = payment(status="succeeded", url=None, balance=payment().money)
    facts = {"kind": "wallet_credited", "chat_id": BEN, "time_zone": "Europe/Berlin"}
    backend.outbox.put_nowait(notification(credited, **facts, happened_at=happened_at))
    message = await ben.sees("Ana added €50.00 to Acme.")
    assert ("This happened on May 17, 2026 at 14:00." in message["text"]) is dated


async def credited_by_subscription(driver: PaymentDriver, number: int) -> None:
    event = invoice(f"evt_{number}", stripe_invoice_id=f"in_{number}")
    assert await driver.receive(event) == ["done"]


async def test_colleagues_hear_of_subscription_credits_if_they_want_to_and_who_began_it_always(
    driver: PaymentDriver, database: PostgresDatabase, world: World, owner: Connection,
    subscription: str,
) -> None:  # fmt: skip
    await owner.execute("delete from notifications")
    await credited_by_subscription(driver, 1)
    readers = (
        "select c.telegram_chat_id from notifications as n join chats as c on c.id = n.chat_id"
    )
    readers += " where n.kind = 'wallet_credited'"
    assert [row[0] for row in await owner.fetch(readers)] == [1001]
    settings = await database.call("get_settings", world.ben)
    assert (settings["credits"], settings["subscription_credits"]) == (True, False)
    await database.call("change_settings", world.ben, changes={"subscription_credits": True})
    await owner.execute("delete from notifications")
    await credited_by_subscription(driver, 2)
    assert sorted(row[0] for row in await owner.fetch(readers)) == [1001, 1002]
    await database.call("change_settings", world.ben, changes={"subscription_credits": False})
    assert [row[0] for row in await owner.fetch(readers)] == [1001]  # what waits already neither


async def test_how_a_recurring_topup_stands_replaces_no_request_to_pay_it(
    driver: PaymentDriver, database: PostgresDatabase, owner: Connection, subscription: str
) -> None:
    await owner.execute("delete from notifications")
    await driver.receive(invoice("evt_1", "failed"))
    for paused in (True, False, True):
        await note(database, subscription, status="active", paused=paused)
    news = await owner.fetch("select facts ->> 'news' from notifications order by id")
    assert [row[0] for row in news] == ["failed", "held"]


async def test_subscription_credits_are_switched_on_in_the_settings(
    ana: Person, backend: FakeBackend
) -> None:
    await ana.writes("/settings")
    menu = await ana.sees("Settings")
    await ana.taps(menu, "✗ Recurring top-ups by others")
    menu = await ana.sees("Settings")
    assert backend.settings[1001] == {"subscription_credits": True}
    await ana.taps(menu, "✓ Recurring top-ups by others")
    menu = await ana.sees("Settings")
    assert backend.settings[1001] == {"subscription_credits": False}
    await ana.writes("/settings recurring on")
    assert (await ana.sees("Settings"))["message_id"] != menu["message_id"]
    assert backend.settings[1001] == {"subscription_credits": True}

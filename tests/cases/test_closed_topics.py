"""Where a topic is closed or deleted, news go to the general one, and owners hear of it once."""

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import asyncpg

from backend.database.protocol import SERVICE
from sandbox.personas import GROUP
from tests.backend.conftest import System
from tests.bot.conftest import Person, system
from tests.bot.payments.test_charges import ana, ben
from tests.database.conftest import PaymentDriver, driver, paid
from tests.database.test_groups import TEAM, Group, group
from tests.database.test_outbox import claim, finish

if TYPE_CHECKING:
    Connection = asyncpg.Connection[Any]
else:
    Connection = asyncpg.Connection

__all__ = ["ana", "ben", "driver", "group", "system"]
Json = dict[str, Any]


async def delivered(driver: PaymentDriver) -> list[tuple[int, int | None, str, Json]]:
    """Everything that waits, delivered to whoever can be written to."""
    shown = []
    for each in await claim(driver):
        if each["chat_id"] == TEAM:
            await finish(driver, each, "topic_closed")
        else:
            await finish(driver, each, "delivered", message_id=1)
        shown.append((each["chat_id"], each["message_thread_id"], each["kind"], each["facts"]))
    return shown


async def test_a_closed_topic_is_left_once_and_a_closed_general_one_ends_announcements(
    group: Group, driver: PaymentDriver, owner: Connection
) -> None:
    await group.tied(announces_credits=True, message_thread_id=7)
    await driver.receive(paid("evt_1", await driver.payment()))
    assert (TEAM, 7) in [each[:2] for each in await delivered(driver)]
    owners = [(1001, None, "topic_closed", {"organization_name": "Acme", "announced": "general"})]
    second = await delivered(driver)  # to the general topic, which is closed, too
    assert [each for each in second if each[2] == "topic_closed"] == owners
    assert (TEAM, None) in [each[:2] for each in second]
    nowhere = owners[0][3] | {"announced": "nowhere"}
    assert await delivered(driver) == [(1001, None, "topic_closed", nowhere)]
    await owner.execute("update notifications set claimed_at = now() - interval '1 hour'")
    await driver.receive(paid("evt_2", await driver.payment("2")))
    assert {each[0] for each in await delivered(driver)} == {1001, 1002}
    seen = await group.call("get_group", driver.world.ana)
    assert (seen["tied"], seen["announces_credits"]) == (True, False)
    state = "select state, reason from notifications where chat_id = (select id from chats"
    state += " where kind = 'group')"
    assert [tuple(row) for row in await owner.fetch(state)] == [("refused", "topic closed")]


async def test_owners_are_told_once_however_many_announcements_wait(
    group: Group, driver: PaymentDriver, owner: Connection
) -> None:
    await group.tied(announces_credits=True, message_thread_id=7)
    for number in range(3):
        await driver.receive(paid(f"evt_{number}", await driver.payment(str(number))))
    [announcement] = [each for each in await claim(driver) if each["chat_id"] == TEAM]
    await finish(driver, announcement, "topic_closed")
    for _ in range(3):
        for each in await claim(driver):
            await finish(driver, each, "delivered", message_id=1)
        await owner.execute("update notifications set claimed_at = now() - interval '1 hour'")
    topics = await owner.fetchval("select count(*) from notifications where kind = 'topic_closed'")
    assert topics == 1


async def test_a_topic_that_is_closed_and_one_that_is_deleted_in_the_chat(
    system: System, ana: Person
) -> None:
    async def topic(event: str, topic: int | None = None) -> int:
        answer = await system.sandbox("POST", "/telegram/topics", event=event, topic=topic)
        return int(answer["topic"] or 0)

    team, top_ups = replace(ana, place=GROUP), 0
    await ana.writes("/start")
    for event in ("add_bot", "migrate"):
        await system.sandbox("POST", "/telegram/groups", user="ana", event=event)
    for ending in ("close", "delete"):
        top_ups = await topic("open")
        where = {"user": "ana", "chat": GROUP, "topic": top_ups}
        await system.sandbox("POST", "/telegram/send", **where, text="/group@pursebot_sandbox_bot")
        if ending == "close":
            offer: Json = {}
            while "message_thread_id" not in offer:  # the first came with the bot
                offer = await team.sees("An owner of an organization")
            await team.taps(offer, "Tie to an organization")
        settings = await team.sees("This group is tied to Acme.")
        assert settings["message_thread_id"] == top_ups
        if ending == "delete":  # announced in this topic from the next tap on
            await team.taps(settings, "✓ Announce top-ups here")
            settings = await team.sees("This group is tied to Acme.")
        await team.taps(settings, "✗ Announce top-ups here")
        await team.sees("This group is tied to Acme.")
        await topic(ending, top_ups)
        await system.pay(await system.topup(key=ending))
        announced = await team.sees("Ana added €50.00 to Acme.")
        assert "message_thread_id" not in announced
        await ana.sees("so they are announced in the general topic of the group now")
        if ending == "close":  # what is written there is answered all the same
            await system.sandbox("POST", "/telegram/send", **where, text="/balance")
            answered = await team.sees("I talk about money only in private.")
            assert "message_thread_id" not in answered
    waiting = await system.services.database.call("claim_notifications", SERVICE, max_rows=30)
    assert waiting == []

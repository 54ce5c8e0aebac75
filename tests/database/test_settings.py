"""What a person chose for themselves decides what they are told, how, and in whose language."""

from typing import TYPE_CHECKING, Any

import asyncpg
import pytest

from backend.database.protocol import SERVICE, TelegramUser
from backend.errors import TimeZoneUnknown, Unauthorized
from tests.database.conftest import PaymentDriver, paid
from tests.database.test_outbox import claim

if TYPE_CHECKING:
    Connection = asyncpg.Connection[Any]
else:
    Connection = asyncpg.Connection


async def change(driver: PaymentDriver, who: TelegramUser, **changes: Any) -> Any:
    return await driver.database.call("change_settings", who, changes=changes)


async def greet(driver: PaymentDriver, who: TelegramUser, language: str) -> Any:
    return await driver.database.call(
        "upsert_telegram_user", SERVICE, telegram_id=who.telegram_id, name="Ana", language=language,
        chat_id=who.telegram_id,
    )  # fmt: skip


async def test_what_is_not_named_stays_as_it_was(driver: PaymentDriver) -> None:
    hours = {"begin": "22:00:00", "end": "07:30:00"}
    await change(driver, driver.world.ben, quiet_hours=hours, time_zone="europe/berlin")
    await change(driver, driver.world.ben, credits=False, chosen_language="ru")
    assert await driver.database.call("get_settings", driver.world.ben) == {
        "language": "ru", "chosen_language": "ru", "time_zone": "Europe/Berlin",
        "quiet_hours": hours, "credits": False, "subscription_credits": False, "members": True,
    }  # fmt: skip
    after = await change(driver, driver.world.ben, quiet_hours=None, chosen_language=None)
    assert (after["quiet_hours"], after["language"], after["credits"]) == (None, "en", False)


@pytest.mark.parametrize("zone", ["Mars/Phobos", "", "UTC+3;", None])
async def test_a_time_zone_that_is_none_is_refused(driver: PaymentDriver, zone: str | None) -> None:
    with pytest.raises(TimeZoneUnknown):
        await change(driver, driver.world.ben, time_zone=zone)


async def test_settings_are_the_callers_own(driver: PaymentDriver) -> None:
    await change(driver, driver.world.ana, credits=False)
    assert (await driver.database.call("get_settings", driver.world.ben))["credits"]
    with pytest.raises(Unauthorized):
        await change(driver, TelegramUser(999_999), credits=False)
    with pytest.raises(Unauthorized):
        await driver.database.call("get_settings", TelegramUser(999_999))


async def test_the_chosen_language_wins_over_the_clients_everywhere(driver: PaymentDriver) -> None:
    assert (await greet(driver, driver.world.ana, "de"))["language"] == "de"
    await change(driver, driver.world.ana, chosen_language="ru", time_zone="Asia/Tokyo")
    me = await greet(driver, driver.world.ana, "en")
    assert (me["language"], me["time_zone"]) == ("ru", "Asia/Tokyo")
    payment = await driver.payment()
    [notifications] = await claim(driver)
    assert (notifications["language"], notifications["time_zone"]) == ("ru", "Asia/Tokyo")
    row = await driver.database.call("get_payment_for_service", SERVICE, payment_id=payment)
    assert row["language"] == "ru"  # for Stripe's page and the one after it
    await change(driver, driver.world.ana, chosen_language=None)
    assert (await greet(driver, driver.world.ana, "de"))["language"] == "de"


async def test_who_switched_credits_off_hears_only_of_their_own(driver: PaymentDriver) -> None:
    for person in (driver.world.ana, driver.world.ben):
        await change(driver, person, credits=False)
    await driver.receive(paid("evt_1", await driver.payment()))
    assert [(one["kind"], one["chat_id"]) for one in await claim(driver)] == [
        ("payment_shown", 1001)
    ]


async def test_what_waits_when_it_is_switched_off_is_not_told_any_more(
    driver: PaymentDriver,
) -> None:
    await driver.receive(paid("evt_1", await driver.payment()))
    await change(driver, driver.world.ana, credits=False)
    await change(driver, driver.world.ben, credits=False)
    await change(driver, driver.world.ben, credits=True)
    assert [(one["kind"], one["chat_id"]) for one in await claim(driver)] == [
        ("payment_shown", 1001)
    ]


QUIET = [  # zone, from, until, the moment (UTC), whether it is quiet then
    ("UTC", "22:00", "08:00", "2026-03-01 21:59:59Z", False),
    ("UTC", "22:00", "08:00", "2026-03-01 22:00Z", True),
    ("UTC", "22:00", "08:00", "2026-03-02 00:30Z", True),
    ("UTC", "22:00", "08:00", "2026-03-02 08:00Z", False),
    ("UTC", "13:00", "14:00", "2026-03-02 13:30Z", True),
    ("UTC", "13:00", "14:00", "2026-03-02 23:30Z", False),
    ("UTC", "13:00", "13:00", "2026-03-02 04:00Z", True),
    # Berlin's clocks went forward on 29 March 2026 at 01:00 UTC and back on 25 October.
    ("Europe/Berlin", "22:00", "07:00", "2026-03-28 05:30Z", True),
    ("Europe/Berlin", "22:00", "07:00", "2026-03-29 05:30Z", False),
    ("Europe/Berlin", "22:00", "07:00", "2026-10-25 05:30Z", True),
    ("Asia/Kolkata", "22:00", "08:00", "2026-03-01 16:30Z", True),
]


@pytest.mark.parametrize(("zone", "begin", "end", "moment", "quiet"), QUIET)
async def test_quiet_hours_are_by_the_persons_own_clock(
    driver: PaymentDriver,
    owner: Connection,
    zone: str,
    begin: str,
    end: str,
    moment: str,
    quiet: bool,
) -> None:
    hours = {"begin": begin, "end": end}
    await change(driver, driver.world.ben, time_zone=zone, quiet_hours=hours)
    for kind, silent in (("wallet_credited", quiet), ("payment_shown", False)):
        value = await owner.fetchval(
            f"select private.is_silent(u, $1, '{moment}') from private.users as u"  # noqa: S608
            " where u.telegram_id = 1002",
            kind,
        )
        assert value is silent, kind


async def test_in_quiet_hours_nothing_is_late_and_only_ones_own_payment_rings(
    driver: PaymentDriver,
) -> None:
    for person in (driver.world.ana, driver.world.ben):
        await change(driver, person, quiet_hours={"begin": "00:00", "end": "00:00"})
    await driver.receive(paid("evt_1", await driver.payment()))
    assert {one["kind"]: one["silent"] for one in await claim(driver)} == {
        "payment_shown": False, "wallet_credited": True,
    }  # fmt: skip

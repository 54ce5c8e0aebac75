"""Each value of a setting that the backend accepts is shown, and can be changed again."""

from datetime import time
from typing import Any
from zoneinfo import available_timezones

import asyncpg
import pytest

from backend.database.functions import personal_settings
from backend.database.postgres import PostgresDatabase
from backend.schemas import PersonalSettings, SettingsChange
from backend.schemas.settings import QuietHours
from bot.locales.texts import load_texts
from bot.personal_settings.labels import PAGES
from bot.personal_settings.menu import page_screen, settings_screen
from tests.bot.conftest import Person, buttons
from tests.bot.fake_backend import ANA, FakeBackend
from tests.conftest import World

TEXTS = load_texts()
OWN = PersonalSettings(
    language="en", chosen_language=None, time_zone="UTC", quiet_hours=None, credits=True,
    subscription_credits=False, members=True,
)  # fmt: skip


def shown(own: PersonalSettings) -> str:
    """Draw every screen of these settings; return the text of the first."""
    translator = TEXTS.translator(own.language, own.time_zone)
    for name in PAGES:
        assert page_screen(name, own, translator, TEXTS).rows
    return settings_screen(own, translator, TEXTS).text


async def test_each_time_zone_of_the_database_is_shown(
    database: PostgresDatabase, world: World, owner: "asyncpg.Connection[Any]"
) -> None:
    rows = await owner.fetch("select name from pg_timezone_names")
    names = {str(row["name"]) for row in rows} | available_timezones()
    assert {"Etc/GMT", "Etc/GMT0", "Etc/GMT-14", "Europe/Berlin"} <= names
    for name in sorted(names):
        offset = name.removeprefix("Etc/GMT")
        is_offset = name.startswith("Etc/GMT") and offset
        expected = f"Time zone: UTC{-int(offset):+}\n" if is_offset else f"Time zone: {name}\n"
        assert expected in shown(OWN.model_copy(update={"time_zone": name}))
    change = SettingsChange(time_zone="etc/gmt")
    stored = await personal_settings.change_settings(database, world.ana, changes=change)
    assert "Time zone: Etc/GMT\n" in shown(stored)


@pytest.mark.parametrize(
    "changed",
    [
        {"time_zone": "Mars/Phobos"},
        {"time_zone": "../etc/passwd"},
        {"time_zone": ""},
        {"chosen_language": "de", "language": "de"},
        {"chosen_language": "off", "language": "off"},
        {"quiet_hours": QuietHours(begin=time(0, 0), end=time(0, 0))},
        {"quiet_hours": QuietHours(begin=time(23, 59, 59), end=time(7, 0))},
    ],
)
def test_no_stored_value_locks_its_own_settings(changed: dict[str, Any]) -> None:
    assert shown(OWN.model_copy(update=changed))


async def test_who_typed_a_zone_without_an_offset_can_choose_another(
    ana: Person, backend: FakeBackend
) -> None:
    await ana.writes("/settings timezone Etc/GMT")
    await ana.taps(await ana.sees("Time zone: Etc/GMT"), "Time zone")
    await ana.taps(await ana.sees("Your time zone is Etc/GMT"), "UTC+3")
    menu = await ana.sees("Time zone: UTC+3")
    assert "Time zone" in buttons(menu)
    assert backend.settings[ANA]["time_zone"] == "Etc/GMT-3"

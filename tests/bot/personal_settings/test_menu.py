"""/settings, /language and the words that follow from them: one message, changed in place."""

import pytest

from tests.bot.conftest import Person, buttons
from tests.bot.fake_backend import ANA, FakeBackend


async def test_all_settings_are_one_message_that_changes_in_place(
    ana: Person, backend: FakeBackend
) -> None:
    await ana.writes("/settings")
    menu = await ana.sees("Quiet hours: off\nTime zone: UTC\nLanguage: English, as in Telegram")
    switches = ["✓ Top-ups by others", "✗ Recurring top-ups by others", "✓ New members"]
    assert list(buttons(menu))[:3] == switches
    await ana.taps(menu, "✓ Top-ups by others")
    menu = await ana.sees("Settings")
    assert "✗ Top-ups by others" in buttons(menu)
    await ana.taps(menu, "Quiet hours")
    await ana.taps(await ana.sees("without a sound"), "22:00-08:00")
    menu = await ana.sees("Quiet hours: 22:00-08:00")
    await ana.taps(menu, "Time zone")
    choices = await ana.sees("Where are you?")
    assert list(buttons(choices))[:4] == ["UTC-8", "UTC-5", "UTC-3", "✓ UTC"]
    await ana.taps(choices, "UTC+3")
    menu = await ana.sees("Quiet hours: 22:00-08:00\nTime zone: UTC+3")
    assert backend.settings[ANA]["time_zone"] == "Etc/GMT-3"
    await ana.taps(menu, "Quiet hours")
    await ana.taps(await ana.sees("without a sound"), "Back")
    assert (await ana.sees("Quiet hours: 22"))["message_id"] == menu["message_id"]
    assert len(await ana.chat()) == 1


async def test_other_hours_and_places_are_asked_for_until_they_can_be(ana: Person) -> None:
    await ana.writes("/settings")
    await ana.taps(await ana.sees("Settings"), "Quiet hours")
    await ana.taps(await ana.sees("without a sound"), "Other")
    await ana.sees("Type the start and end")
    for nonsense in ("25:00-07:00", "at night", "7-7-7"):
        await ana.writes(nonsense)
        await ana.sees("I did not understand that.")
    await ana.writes("22:30 – 7")
    menu = await ana.sees("Quiet hours: 22:30-07:00")
    await ana.taps(menu, "Time zone")
    await ana.taps(await ana.sees("Where are you?"), "Other")
    await ana.writes("Mars/Phobos")
    await ana.sees("I do not know that time zone.")
    await ana.writes("Europe/Berlin")
    await ana.sees("Time zone: Europe/Berlin")
    await ana.writes("Europe/Berlin")
    await ana.sees("I did not understand that. To add money")


@pytest.mark.parametrize(
    ("typed", "shown"),
    [
        ("quiet 23-6:45", "Quiet hours: 23:00-06:45"),
        ("quiet off", "Quiet hours: off"),
        ("timezone Asia/Almaty", "Time zone: Asia/Almaty"),
        ("language en", "Language: English\n"),
        ("language telegram", "Language: English, as in Telegram"),
        ("language xx", "I did not understand that."),
        ("credits perhaps", "I did not understand that."),
        ("credits", "I did not understand that."),
        ("nonsense off", "I did not understand that."),
    ],
)
async def test_what_can_be_tapped_can_be_typed(ana: Person, typed: str, shown: str) -> None:
    await ana.writes(f"/settings {typed}")
    await ana.sees(shown)


async def test_what_a_page_asks_is_answered_by_the_next_message(
    ana: Person, backend: FakeBackend
) -> None:
    await ana.writes("/settings")
    await ana.taps(await ana.sees("You get notifications"), "Quiet hours")
    await ana.sees("Tap an answer, or type the start and end")
    await ana.writes("whenever")
    await ana.sees("I did not understand that. You can type for example")
    await ana.writes("23-7")
    await ana.taps(await ana.sees("Quiet hours: 23:00-07:00"), "Time zone")
    await ana.sees("Tap an answer, or type a time zone")
    await ana.writes("Asia/Almaty")
    await ana.taps(await ana.sees("Time zone: Asia/Almaty"), "Quiet hours")
    await ana.taps(await ana.sees("without a sound"), "Back")
    await ana.writes("22-6")  # is asked no more
    await ana.sees("I did not understand that. To add money")
    assert "Quiet hours: 23:00-07:00" in "".join(await ana.chat())


async def test_cancel_forgets_the_question_for_hours(ana: Person, backend: FakeBackend) -> None:
    await ana.writes("/settings")
    await ana.taps(await ana.sees("Settings"), "Quiet hours")
    await ana.taps(await ana.sees("without a sound"), "Other")
    await ana.writes("/cancel")
    await ana.sees("Canceled.")
    await ana.writes("22-7")
    await ana.sees("I did not understand that. To add money")
    assert ANA not in backend.settings

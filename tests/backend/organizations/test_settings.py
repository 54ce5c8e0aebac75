"""A person's settings over HTTP, and the pages that payers see in their own language."""

import re
from datetime import time
from typing import get_args

import pytest

from backend.page_texts import PAGE_TEXTS
from backend.schemas import PaymentStatus, QuietHours, SettingsChange
from bot.backend_api.errors import BackendRefusal
from tests.backend.conftest import ANA, System, token


async def test_a_change_names_one_thing_and_leaves_the_rest(system: System) -> None:
    hours = QuietHours(begin=time(22, 30), end=time(7))
    first = await system.client.change_settings(ANA, SettingsChange(quiet_hours=hours))
    assert first.quiet_hours == hours
    await system.client.change_settings(ANA, SettingsChange(chosen_language="ru", members=False))
    now = await system.client.get_settings(ANA)
    assert (now.quiet_hours, now.language, now.credits, now.members) == (hours, "ru", True, False)
    with pytest.raises(BackendRefusal, match="time_zone_unknown"):
        await system.client.change_settings(ANA, SettingsChange(time_zone="Mars/Phobos"))
    assert await system.client.get_settings(ANA) == now


@pytest.mark.parametrize(
    "change",
    ['{"chosen_language": "RU"}', '{"chosen_language": "ru; drop"}', '{"time_zone": null}',
     '{"quiet_hours": {"begin": "25:00", "end": "07:00"}}', '{"quiet_hours": {"begin": "22:00"}}',
     '{"credits": "perhaps"}', '{"role": "owner"}'],
)  # fmt: skip
async def test_what_cannot_be_a_setting_is_a_400(system: System, change: str) -> None:
    headers = {"Authorization": f"Bearer {token()}", "Content-Type": "application/json"}
    path = f"{system.url}/api/me/settings"
    async with system.http.patch(path, data=change, headers=headers) as answer:
        assert answer.status == 400


@pytest.mark.parametrize(
    ("language", "locale", "page_language"),
    [("ru", "ru", "ru"), ("ru-ru", "ru", "ru"), ("en", "en", "en"), ("la", "auto", "en")],
)
async def test_stripes_page_and_the_one_after_it_speak_the_payers_language(
    system: System, language: str, locale: str, page_language: str
) -> None:
    await system.client.change_settings(ANA, SettingsChange(chosen_language=language))
    payment = await system.topup()
    session = system.store.get("checkout.session", await system.session(payment))
    assert session is not None
    assert session["locale"] == locale
    async with system.http.get(f"{system.url}/pay/{payment}/leave") as page:
        text = await page.text()
    assert f'<html lang="{page_language}">' in text
    assert PAGE_TEXTS[page_language]["pending"]["title"] in text


def test_the_page_has_words_for_every_state_in_every_language() -> None:
    states = {*get_args(PaymentStatus), "under_review", "not_sure", "saving", "paying", "portal"}
    states |= {f"card_{state}" for state in ("open", "added", "known", "expired")}
    for language, words in PAGE_TEXTS.items():
        assert words.keys() == states
        assert all(text.keys() == {"title", "text"} for text in words.values())
        cyrillic = all(re.search("[а-я]", text["text"]) for text in words.values())
        assert cyrillic is (language == "ru")
